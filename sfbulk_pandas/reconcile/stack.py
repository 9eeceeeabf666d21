"""The rows that were sent on top, the answers of the three files below them, one column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.reconcile.canonical import TEXT, as_sent, canonical, canonical_key, exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column

    Ints = NDArray[np.int32]

FILES = ("successfulResults", "failedResults", "unprocessedrecords")
SF_COLUMNS = ("sf__Id", "sf__Created", "sf__Error")
SAMPLE_ROWS = 2_000
_FREED_BYTES = 64_000_000  # after so many bytes of texts Arrow gives back what it holds of them for later
_NOTHING = pa.array([], TEXT)


@dataclass(frozen=True, slots=True)
class Answers:
    """The three result files of one job, every column as text."""

    successful: pa.Table
    failed: pa.Table
    unprocessed: pa.Table

    @property
    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """The files in the order in which their rows are counted."""
        return self.successful, self.failed, self.unprocessed

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many rows each file holds."""
        return self.successful.num_rows, self.failed.num_rows, self.unprocessed.num_rows


class Stack:
    """Give the values of rows by their position: those sent first, then those of the answers.

    Columns that were sent are ``shared`` where every file has them, else ``lacking``; ``surplus`` ones came back and
    are not among those sent, as where a frame is not quite the one that the job was given.

    Parameters
    ----------
    sent : pyarrow.Table
        The part, every column as text.
    columns : sequence of Column
        Its headers with their fields.
    answers : Answers
        The result files.
    key : str or None
        Header of the key column.
    """

    def __init__(self, sent: pa.Table, columns: Sequence[Column], answers: Answers, key: str | None) -> None:
        self.sent = sent
        self.answers = answers
        self._held_bytes = 0
        self._sent: tuple[str | None, pa.Array] = (None, _NOTHING)
        self._answered: tuple[str | None, pa.Array] = (None, _NOTHING)
        self.sent_rows, self.answer_rows = sent.num_rows, sum(answers.counts)
        self._fields = {column.header: column.field for column in columns}
        held = [{name.lower() for name in table.column_names} for table in answers.tables if table.num_rows]
        shared = [name for name in sent.column_names if all(name.lower() in each for each in held)]
        self.lacking = [name for name in sent.column_names if name not in shared]
        ours = {name.lower() for name in (*SF_COLUMNS, *sent.column_names)}
        self.surplus = sorted({name for each in held for name in each if name not in ours})
        self.shared = sorted(shared, key=self._variety, reverse=True)  # what tells most rows apart comes first
        self.key = next((name for name in shared if key and name.lower() == key.lower()), None)

    def _variety(self, name: str) -> int:
        return len(pc.unique(self.sent.column(name).slice(0, SAMPLE_ROWS)))

    def sent_texts(self, name: str) -> pa.Array:
        """Return a column of the rows that were sent. The last one is kept at hand."""
        if self._sent[0] != name:
            self._sent = name, self._joined(_chunks(self.sent.column(name)))
        return self._sent[1]

    def answer_texts(self, name: str) -> pa.Array:
        """Return a column of the answers; nulls for the rows of a file that lacks it. The last one is kept at hand."""
        if self._answered[0] != name:
            self._answered = name, self._joined(self._answer_chunks(name))
        return self._answered[1]

    def _answer_chunks(self, name: str) -> list[pa.Array]:
        return [chunk for table in self.answers.tables for chunk in _chunks(_text_column(table, name))]

    def texts(self, name: str, rows: Ints) -> pa.Array:
        """Return the cells of these rows as they were sent or came back; rows ascend."""
        if len(rows) == self.sent_rows + self.answer_rows:
            return self._joined([*_chunks(self.sent.column(name)), *self._answer_chunks(name)])
        cut = np.searchsorted(rows, self.sent_rows)
        return pa.concat_arrays(
            [
                taken(self.sent_texts(name), rows[:cut]),
                taken(self.answer_texts(name), rows[cut:] - self.sent_rows),
            ]
        )

    def texts_as_sent(self, name: str, rows: Ints) -> pa.Array:
        """Return the cells of these rows, those of answers in the spelling in which they must have been sent."""
        texts, cut = self.texts(name, rows), int(np.searchsorted(rows, self.sent_rows))
        sent, came = texts.slice(0, cut), texts.slice(cut)
        return pa.concat_arrays([sent, as_sent(came, sent, self._fields.get(name))])

    def _joined(self, chunks: list[pa.Array]) -> pa.Array:
        """Return chunks as one array; a single one is not copied."""
        if len(chunks) == 1:
            return chunks[0]
        joined = pa.concat_arrays(chunks or [_NOTHING])
        self._held_bytes += joined.nbytes
        if self._held_bytes > _FREED_BYTES:
            self._held_bytes = 0
            pa.default_memory_pool().release_unused()
        return joined

    def canonical(self, name: str, texts: pa.Array, *, loose: bool) -> pa.Array:
        """Return texts of a column in the form in which they compare; loosely, a key compares as a key."""
        if loose and name == self.key:
            return canonical_key(texts, self._fields.get(name))
        return canonical(texts, self._fields.get(name), loose=loose)

    def exact(self, name: str, texts: pa.Array) -> pa.Array:
        """Return texts of a column that was sent in the form in which rows are interchangeable."""
        return exact(texts, self._fields.get(name))

    def files(self) -> NDArray[np.int8]:
        """Return the file of each answer: 0, 1, 2 as in FILES."""
        return np.repeat(np.arange(3, dtype=np.int8), self.answers.counts)

    def unmatched(self, rows: Ints) -> pa.Table:
        """Return these answers as they came: their file, what Salesforce says, and the columns that were sent."""
        names = [*SF_COLUMNS, *self.sent.column_names]
        files = pa.array(FILES, TEXT).take(pa.array(self.files()[rows]))
        columns = [taken(self.answer_texts(name), rows) if len(rows) else _NOTHING for name in names]
        return pa.Table.from_arrays([files, *columns], names=["file", *names])


def taken(texts: pa.Array, rows: Ints) -> pa.Array:
    """Return these cells; without a copy where they are all in order."""
    if len(rows) == len(texts) and np.array_equal(rows, np.arange(len(texts), dtype=np.int32)):
        return texts
    return texts.take(pa.array(rows))


def _text_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column by its name in any case; nulls where the file has none."""
    for position, held in enumerate(table.column_names):
        if held.lower() == name.lower():
            return table.column(position)
    return pa.chunked_array([pa.nulls(table.num_rows, TEXT)])


def _chunks(column: pa.ChunkedArray) -> list[pa.Array]:
    return [pc.cast(chunk, TEXT) for chunk in column.chunks]
