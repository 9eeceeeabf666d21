"""The port of a sink, and what it is told about where rows come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_PAGES = 10**9  # of one chain
T_co = TypeVar("T_co", covariant=True)

METADATA_KEY = "sfbulk"  # under which tables, frames and files say where their rows are from


def page_key(chain: int, page: int) -> int:
    """Return a number of its own for each page, in the order of the result."""
    return chain * _MOST_PAGES + page


@dataclass(frozen=True, slots=True)
class Place:
    """Which page rows come from.

    Attributes
    ----------
    chain : int
        The chain of pages, in the order of the whole result, from 0.
    page : int
        The page in its chain, from 0.
    path : str
        What fetches this page; the same after a restart.
    """

    chain: int
    page: int
    path: str


@dataclass(frozen=True, slots=True)
class PageEnd:
    """A page that has come whole.

    Attributes
    ----------
    place : Place
    rows : int
        All of its rows, those of an earlier run among them.
    following : str or None
        What fetches the next page of the chain.
    """

    place: Place
    rows: int
    following: str | None


class Sink(Protocol[T_co]):
    """Take rows, in one thread. Opened once; then either closed or aborted, once.

    Batches of one page come in their order, without gaps; pages may be mixed, unless the extract keeps order.
    """

    def open(self, schema: pa.Schema) -> None:
        """Get ready for rows of this schema."""
        ...

    def write(self, batch: pa.RecordBatch, place: Place, bad_cells: pa.Table | None = None) -> None:
        """Take rows of a page, and those of their cells that have no value of their column's type: null in the rows."""
        ...

    def end_page(self, end: PageEnd) -> None:
        """Take note that a page is whole."""
        ...

    def close(self) -> T_co:
        """Make the rows available, all of them, and return what they have become."""
        ...

    def abort(self) -> None:
        """Leave nothing behind but what a later run can go on from."""
        ...
