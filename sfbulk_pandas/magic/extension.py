"""Put the magics into a shell, and take them away again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfbulk_pandas.magic.magics import SfBulkMagics
from sfbulk_pandas.magic.matcher import Matcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_KEPT = "_sfbulk_extension"
_ALONE = re.compile(r"\s*%%soql\b[^\n]*\s*")


def load(shell: InteractiveShell) -> None:
    """Register the magics and their completion. May be called twice."""
    unload(shell)
    magics = SfBulkMagics(shell)
    matcher = Matcher(shell, magics.orgs).matcher()
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(matcher)
    shell.input_transformers_cleanup.append(one_line)
    setattr(shell, _KEPT, matcher)


def unload(shell: InteractiveShell) -> None:
    """Take away what :func:`load` has registered. May be called twice."""
    matcher = shell.__dict__.pop(_KEPT, None)
    if matcher is None:
        return
    shell.Completer.custom_matchers.remove(matcher)
    shell.input_transformers_cleanup.remove(one_line)
    for kind, name in (("line", "soql"), ("cell", "soql"), ("line", "sfbulk")):
        shell.magics_manager.magics[kind].pop(name, None)


def one_line(lines: list[str]) -> list[str]:
    """Take a cell of one line, such as ``%%soql --help``, for ``%soql``: IPython refuses cells without a body."""
    text = "".join(lines)
    return [text.strip().removeprefix("%") + "\n"] if _ALONE.fullmatch(text) else lines
