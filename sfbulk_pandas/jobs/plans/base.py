"""What every plan is given, and the pages that several of them read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.codec.blocks import Buffers
from sfbulk_pandas.codec.decode import PageReader, ReadOptions
from sfbulk_pandas.progress.events import PlanChosen
from sfbulk_pandas.wire.query import read_page_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from sfbulk_pandas.codec.bad_cells import BadCells
    from sfbulk_pandas.codec.mapper import Mapper
    from sfbulk_pandas.codec.schema import OnBadValue
    from sfbulk_pandas.jobs.extract.pages import Todo
    from sfbulk_pandas.jobs.options import Polling
    from sfbulk_pandas.jobs.stopping import StoppableClock
    from sfbulk_pandas.progress.choose import Dispatcher
    from sfbulk_pandas.transport.session import Session, Streamed
    from sfbulk_pandas.wire.http import Request

ASKED_FOR = "asked for"  # the reason of a plan that the caller has named


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and who is told.

    Attributes
    ----------
    session : Session
    clock : StoppableClock
        Whatever waits, waits with it.
    polling : Polling
    notify : Dispatcher
    soql : str
        Bound, checked and without a star.
    schema : pyarrow.Schema
        Of the rows.
    query_all : bool
        Whether deleted and archived records come too.
    page_rows : int or None
        The most rows of a page; None leaves it to Salesforce.
    chunk_rows : int
        About how many rows a range of Ids holds.
    chunk_parent, chunk_start : str or None
        For Salesforce's own chunks: the object by whose Ids a Share or History object is cut, and the first Id.
    on_bad_value : {"keep", "raise"}
        What becomes of a value that is none of its field's type.
    wait_seconds : float or None
        How long to wait for jobs.
    refused : str or None
        Why Bulk API does not take the query, in words.
    is_streamed : bool
        Whether rows are handed on while others come, rather than kept in memory.
    group : tuple of (int, int)
        Which group of columns it is, from 1, and how many there are.
    memory : dict
        What the plan wrote down in an earlier run, such as its jobs; plain JSON values.
    remember : callable
        Writes down such values, before they are needed again.
    mapper : callable
        Like ``map``: how the blocks of a page are parsed. The pages of all its jobs share its threads.
    buffers : Buffers
        What the blocks of pages lie in.
    """

    session: Session
    clock: StoppableClock
    polling: Polling
    notify: Dispatcher
    soql: str
    schema: pa.Schema
    query_all: bool = False
    page_rows: int | None = None
    chunk_rows: int = 1_000_000
    chunk_parent: str | None = None
    chunk_start: str | None = None
    on_bad_value: OnBadValue = "keep"
    wait_seconds: float | None = None
    refused: str | None = None
    is_streamed: bool = False
    group: tuple[int, int] = (1, 1)
    memory: dict[str, Any] = field(default_factory=dict)
    remember: Callable[[Mapping[str, Any]], None] = lambda _: None
    mapper: Mapper = map
    buffers: Buffers = field(default_factory=Buffers)

    def tell_plan(self, sobject: str, plan: str, reason: str) -> None:
        """Say how the rows are fetched, and why so."""
        address, control = self.session.known_url or "", self.notify.control
        self.notify(PlanChosen(sobject, plan, reason, *self.group, instance_url=address, control=control))


class CsvPage:
    """A page of CSV.

    Parameters
    ----------
    answer : Streamed
    question : Question
        Says what the rows become.
    todo : Todo
        Says which page it is.
    following : Request or None
        What fetches the next page.
    """

    _reader: PageReader

    def __init__(self, answer: Streamed, question: Question, todo: Todo, following: Request | None) -> None:
        self.rows = read_page_head(answer.headers).rows
        self.following = following
        self._raw = answer.raw
        self._question = question
        self._todo = todo

    def batches(self, skip_rows: int, bad_cells: BadCells) -> Iterator[pa.RecordBatch]:
        """Read the body, once, without its first rows."""
        asked, todo = self._question, self._todo
        options = ReadOptions(todo.key, todo.name, skip_rows, asked.on_bad_value)
        self._reader = PageReader(self._raw, asked.schema, bad_cells, options, asked.mapper, asked.buffers)
        return iter(self._reader)

    @property
    def read_rows(self) -> int:
        """How many rows the body has, those left out among them."""
        return self._reader.rows
