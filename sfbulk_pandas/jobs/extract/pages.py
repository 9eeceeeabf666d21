"""Chains of pages: every way to fetch a result is some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sfbulk_pandas.sinks.base import Place, page_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.transport.session import Streamed
    from sfbulk_pandas.wire.http import Request


@dataclass(frozen=True, slots=True)
class Chain:
    """A first page, whose head names the next one, and so on.

    Attributes
    ----------
    order : int
        Where its rows stand in the whole result; chains are numbered from 0, without gaps.
    first : Request
        What fetches its first page.
    source : str
        The id of the job, or batch, that its rows add up to.
    pages_before : int
        How many pages of the same source are in chains before it.
    """

    order: int
    first: Request
    source: str
    pages_before: int = 0


@dataclass(frozen=True, slots=True)
class Todo:
    """A page that is to be read.

    Attributes
    ----------
    chain : Chain
    number : int
        In its chain, from 0.
    request : Request
    """

    chain: Chain
    number: int
    request: Request

    @property
    def key(self) -> int:
        """A number of its own for each page, in the order of the result."""
        return page_key(self.chain.order, self.number)

    @property
    def name(self) -> str:
        """What people call it: the job or batch, and its page, counted from 1."""
        return f"{self.chain.source}: page {self.chain.pages_before + self.number + 1}"

    @property
    def place(self) -> Place:
        """Where its rows come from."""
        return Place(self.chain.order, self.number, self.request.path)

    def __lt__(self, other: Todo) -> bool:
        """Order by the place in the result."""
        return (self.chain.order, self.number) < (other.chain.order, other.number)


class OpenPage(Protocol):
    """A page whose head has come.

    Attributes
    ----------
    rows : int or None
        What its head says; None where it does not.
    following : Request or None
        What fetches the next page of its chain.
    """

    rows: int | None
    following: Request | None

    def batches(self, skip_rows: int, bad_cells: BadCells) -> Iterator[pa.RecordBatch]:
        """Read the body, once, and yield the rows behind the first ones, which were handed over before.

        Cells of these that cannot be typed go to ``bad_cells``.
        """
        ...

    @property
    def read_rows(self) -> int:
        """How many rows the body has, those left out among them; known once it has been read."""
        ...


class Plan(Protocol):
    """A way to fetch the rows of a query.

    Attributes
    ----------
    name : str
        As the caller names it.
    reason : str
        Why it is this one, in plain words.
    """

    name: str
    reason: str

    @property
    def is_stable(self) -> bool:
        """Whether a page has the same rows whenever it is read, also by a later run."""
        ...

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far."""
        ...

    def chains(self) -> Iterator[Chain]:
        """Yield the chains, each as soon as its first page can be read; creates jobs and waits for them.

        Read to its end at most once, in any one thread.
        """
        ...

    def open(self, answer: Streamed, todo: Todo) -> OpenPage:
        """Read the head of a page; from any thread."""
        ...

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        ...

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows each source has, as Salesforce says; known once the chains have ended."""
        ...

    def abandon(self) -> None:
        """Abort what still runs in Salesforce; from any thread."""
        ...
