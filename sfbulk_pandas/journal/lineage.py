"""Which load sent the rows of which again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def lineage(load_id: str, retry_of: Mapping[str, str | None]) -> Iterator[str]:
    """Yield a load, the one whose rows it sends again, and so on to the first; each once, whatever a journal says.

    Parameters
    ----------
    load_id : str
    retry_of : mapping of str to str or None
        Each load's nearest one.
    """
    seen = set()
    above: str | None = load_id
    while above is not None and above not in seen:
        yield above
        seen.add(above)
        above = retry_of.get(above)
