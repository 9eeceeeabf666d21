"""Read one page to its end, whatever breaks on the way: every row once, in order, none missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.codec.bad_cells import BadCells
from sfbulk_pandas.errors import ConnectionFailed, IncompleteResult, ReadTimedOut, SfBulkError
from sfbulk_pandas.sinks.base import PageEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from sfbulk_pandas.jobs.extract.pages import OpenPage, Plan, Todo
    from sfbulk_pandas.transport.body import BodyFile
    from sfbulk_pandas.transport.session import Session
    from sfbulk_pandas.wire.http import Request

_TRIES = 4  # a page can be read again as often as one likes, and stays the same while its job is there
_PAUSE_SECONDS = 0.5  # before the second try; doubled with each


@dataclass(slots=True)
class Delivery:
    """Read one page, and hand its rows over.

    Attributes
    ----------
    session : Session
    plan : Plan
    todo : Todo
    on_head : callable
        Told once what fetches the next page, as soon as that is known.
    put : callable
        Takes the batches, each with its bad cells.
    delivered : int
        Rows that were handed over before, in this run or an earlier one.
    """

    session: Session
    plan: Plan
    todo: Todo
    on_head: Callable[[Request | None], None]
    put: Callable[[pa.RecordBatch, pa.Table | None], None]
    delivered: int = 0
    _following: Request | None = None
    _knows_head: bool = False
    _last: pa.RecordBatch | None = None
    _bad_cells: BadCells = field(default_factory=BadCells)
    # The bytes of earlier tries, and the body that is being read: one value, for other threads ask for their sum.
    _received: tuple[int, BodyFile | None] = (0, None)

    def read(self) -> PageEnd:
        """Hand over the rows of the page that were not handed over before.

        Raises
        ------
        IncompleteResult
            Where it does not hold as many rows as its head says, however often it is read; or where it holds others
            than before.
        ApiError, TransportError, DecodeError
            Where it does not come, or is no page.
        """
        try:
            return self._tried()
        except SfBulkError as error:
            error.add_note(
                f"{self.todo.name} did not come whole; what came before is in .partial, where rows are in memory"
            )
            raise

    @property
    def received_bytes(self) -> int:
        """How many bytes have come by now, in all tries; from any thread."""
        before, body = self._received
        return before + (0 if body is None else body.received_bytes)

    def _tried(self) -> PageEnd:
        for attempt in range(1, _TRIES + 1):
            is_last = attempt == _TRIES
            try:
                announced, rows = self._read_once()
            except (ConnectionFailed, ReadTimedOut):
                if is_last:
                    raise
            else:
                if announced in {None, rows} and rows < self.delivered:  # an earlier run has had more of it
                    raise self._incomplete(self.delivered, rows)
                if announced in {None, rows}:
                    following = None if self._following is None else self._following.path
                    return PageEnd(self.todo.place, rows, following)
                if is_last or rows > (announced or 0):
                    raise self._incomplete(announced, rows)
            self.session.clock.sleep(_PAUSE_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("the last try returns or raises")

    def _read_once(self) -> tuple[int | None, int]:
        with self.session.stream(self.todo.request) as answer:
            self._received = (self.received_bytes, answer.raw)
            page = self.plan.open(answer, self.todo)
            self._tell_head(page)
            try:
                for batch in self._new_rows(page):
                    self.put(batch, self._bad_cells.taken())
                    self.delivered += batch.num_rows
                    self._last = batch.slice(batch.num_rows - 1)
            finally:
                self._received = (self.received_bytes, None)
        return page.rows, page.read_rows

    def _new_rows(self, page: OpenPage) -> Iterator[pa.RecordBatch]:
        """Yield the rows that were not handed over; the last one that was must stand where it stood.

        A short page may lack rows in its middle. Going on behind as many rows would repeat some for those.
        """
        if self._last is None:
            yield from page.batches(self.delivered, self._bad_cells)
            return
        batches = page.batches(self.delivered - 1, self._bad_cells)
        for batch in batches:
            if repr(batch.slice(0, 1).to_pylist()) != repr(self._last.to_pylist()):
                raise self._other_rows()
            self._bad_cells.forget_before(self.delivered)
            if batch.num_rows > 1:
                yield batch.slice(1)
            break
        yield from batches

    def _tell_head(self, page: OpenPage) -> None:
        if not self._knows_head:
            self._knows_head = True
            self._following = page.following
            self.on_head(page.following)

    def _other_rows(self) -> IncompleteResult:
        return IncompleteResult(
            f"{self.todo.name} has another row {self.delivered:,} than when it was read before: rows are missing, and "
            "which of them cannot be told",
            hint="query again; what was received is in .partial, and may lack rows",
        )

    def _incomplete(self, announced: int | None, rows: int) -> IncompleteResult:
        return IncompleteResult(
            f"{self.todo.name} has {rows:,} rows instead of {announced or 0:,}",
            hint="results stay for 7 days: query again; what was received is in .partial",
        )
