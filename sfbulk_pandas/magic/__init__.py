"""The magics of a notebook: ``%load_ext sfbulk_pandas``, then ``%%soql``, ``%soql`` and ``%sfbulk``.

IPython is imported when it loads the extension, and not before.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(ipython: Any) -> None:
    """Give a shell the magics ``%%soql``, ``%soql`` and ``%sfbulk``, and their completion; IPython calls this.

    Parameters
    ----------
    ipython : IPython.core.interactiveshell.InteractiveShell
    """
    from sfbulk_pandas.magic.extension import load  # noqa: PLC0415 - needs IPython

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics away again; IPython calls this.

    Parameters
    ----------
    ipython : IPython.core.interactiveshell.InteractiveShell
    """
    from sfbulk_pandas.magic.extension import unload  # noqa: PLC0415 - needs IPython

    unload(ipython)
