"""Account for every row of a part: which answer is whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.errors import ReconcileError
from sfbulk_pandas.reconcile.canonical import TEXT, canonical
from sfbulk_pandas.reconcile.match import NONE, group, pair_by_content, pair_by_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column
    from sfbulk_pandas.salesforce.sobject import FieldDescribe

UNKNOWN, SUCCESSFUL, FAILED, UNPROCESSED = range(4)
SF_ID, SF_CREATED, SF_ERROR = "sf__id", "sf__created", "sf__error"
SAMPLE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Answers:
    """The three result files of one job, every column as text."""

    successful: pa.Table
    failed: pa.Table
    unprocessed: pa.Table

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many rows each file holds."""
        return self.successful.num_rows, self.failed.num_rows, self.unprocessed.num_rows


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of each row that was sent; row i of every array is row i of the part.

    Attributes
    ----------
    status : numpy.ndarray of int8
        0 in no file, 1 successful, 2 failed, 3 unprocessed.
    sf_id, sf_created, sf_error : pyarrow.LargeStringArray
        Null where there is none.
    """

    status: NDArray[np.int8]
    sf_id: pa.Array
    sf_created: pa.Array
    sf_error: pa.Array

    @property
    def missing(self) -> int:
        """How many rows are in none of the files."""
        return int(np.count_nonzero(self.status == UNKNOWN))


def reconcile(
    sent: pa.Table, columns: Sequence[Column], answers: Answers, key: str | None = None, part_job: str = ""
) -> Reconciled:
    """Pair each row that was sent with its row in the result files.

    Rows are found by their key, where the operation has one and it is unique in the part; all others by the values
    of every column that came back, compared typed and as a multiset. Neither position nor the text of a number
    counts: Salesforce answers in any order, with 912260031 written as 9.12260031E8. Rows that are equal in
    everything that came back get the answers of their kind in order.

    Parameters
    ----------
    sent : pyarrow.Table
        The part as ``text_table`` writes it: n rows, columns named by their CSV headers.
    columns : sequence of Column
        Those headers with their fields.
    answers : Answers
        The result files; their columns may be fewer, in another order and in another case.
    key : str, optional
        Header of the key column: Id for update and delete, the external id for upsert.
    part_job : str
        The job's id, for the message.

    Returns
    -------
    Reconciled
        Rows that are in none of the files have status 0: the caller knows whether the job ended early.

    Raises
    ------
    ReconcileError
        Where an answer belongs to no row that was sent; names the difference.
    """
    stack = _Stack(sent, columns, answers)
    paired = stack.by_key(key) if key else np.full(sent.num_rows, NONE, np.int64)
    for loose in (False, True):
        paired = stack.by_content(paired, loose=loose)
    _check_all_taken(paired, answers, part_job, stack.lacking)
    return stack.outcome(paired)


def _check_all_taken(paired: NDArray[np.int64], answers: Answers, part_job: str, lacking: list[str]) -> None:
    taken = int(np.count_nonzero(paired != NONE))
    answered = sum(answers.counts)
    if taken == answered:
        return
    successful, failed, unprocessed = answers.counts
    text = (
        f"job {part_job}: {len(paired)} rows sent, {answered} answered ({successful} successful + {failed} failed + "
        f"{unprocessed} unprocessed), a difference of {answered - len(paired)}; {answered - taken} answers belong to "
        f"no row that was sent, and {len(paired) - taken} rows sent have no answer"
    )
    if lacking:
        text += f"; the files lack the columns {', '.join(lacking)}, without which different rows may look alike"
    hint = "read the result files again; if it stays, query the object before sending anything again"
    raise ReconcileError(text, hint=hint, job_id=part_job, orphans=answered - taken, missing=len(paired) - taken)


class _Stack:
    """Sent rows on top, then the answers of the three files, by column."""

    def __init__(self, sent: pa.Table, columns: Sequence[Column], answers: Answers) -> None:
        self.sent = sent
        self.tables = [answers.successful, answers.failed, answers.unprocessed]
        self.fields = {column.header: column.field for column in columns}
        self.answered = sum(answers.counts)

    def by_key(self, key: str) -> NDArray[np.int64]:
        header = next((name for name in self._shared_headers() if name.lower() == key.lower()), None)
        if header is None:
            return np.full(self.sent.num_rows, NONE, np.int64)
        field = self.fields.get(header)
        keys = self._canonical(header, None, loose=False)
        return pair_by_key(_folded(keys, field), self.sent.num_rows)

    def by_content(self, paired: NDArray[np.int64], *, loose: bool) -> NDArray[np.int64]:
        """Pair the rows that are still alone on both sides."""
        rows = np.flatnonzero(paired == NONE)
        headers = self._by_variety(self._shared_headers())
        if not headers or not len(rows) or len(paired) - len(rows) == self.answered:
            return paired
        rows = rows[self._told_apart(rows, headers)]
        is_free = np.ones(self.answered, dtype=bool)
        is_free[paired[paired != NONE]] = False
        free = np.flatnonzero(is_free)
        wanted = None if len(rows) == len(paired) else np.concatenate((rows, free + self.sent.num_rows))
        values = (self._canonical(header, wanted, loose=loose) for header in headers)
        found = pair_by_content(values, len(rows), len(rows) + len(free))
        paired = paired.copy()
        paired[rows[found != NONE]] = free[found[found != NONE]]
        return paired

    @property
    def lacking(self) -> list[str]:
        """Headers that were sent and did not come back."""
        shared = set(self._shared_headers())
        return [name for name in self.sent.column_names if name not in shared]

    def _told_apart(self, rows: NDArray[np.int64], headers: list[str]) -> NDArray[np.bool_]:
        """Mark the rows that the columns that came back tell apart from every other row, or that are wholly equal.

        Without the columns that are lacking, different rows may look alike: to deal answers out among those would be
        a guess, so they stay alone.
        """
        if not self.lacking:
            return np.ones(len(rows), dtype=bool)
        sent = self.sent.take(pa.array(rows))
        alike = group([_flat(sent.column(name)) for name in headers], len(rows))
        equal = group([_flat(sent.column(name)) for name in sent.column_names], len(rows))
        kinds = np.unique(np.stack((alike, equal)), axis=1)[0]
        return np.asarray(np.bincount(kinds)[alike] == 1)

    def _shared_headers(self) -> list[str]:
        """Return the headers that every file with rows has too: they name only columns that match a field."""
        held = [{name.lower() for name in table.column_names} for table in self.tables if table.num_rows]
        return [name for name in self.sent.column_names if all(name.lower() in each for each in held)]

    def _by_variety(self, headers: list[str]) -> list[str]:
        """Put the columns that tell most rows apart first."""
        sample = {name: len(pc.unique(self.sent.column(name).slice(0, SAMPLE_ROWS))) for name in headers}
        return sorted(headers, key=lambda name: -sample[name])

    def _canonical(self, header: str, wanted: NDArray[np.int64] | None, *, loose: bool) -> pa.Array:
        pieces = [self.sent.column(header), *(_text_column(table, header) for table in self.tables)]
        texts = pa.concat_arrays([_flat(piece) for piece in pieces])
        return canonical(
            texts if wanted is None else texts.take(pa.array(wanted)), self.fields.get(header), loose=loose
        )

    def outcome(self, paired: NDArray[np.int64]) -> Reconciled:
        status = np.repeat(np.array([SUCCESSFUL, FAILED, UNPROCESSED], np.int8), [t.num_rows for t in self.tables])
        status = np.append(status, np.int8(UNKNOWN))  # where -1 points
        picks = pa.array(paired, mask=paired == NONE)
        values = (self._answer(name).take(picks) for name in (SF_ID, SF_CREATED, SF_ERROR))
        return Reconciled(status[paired], *values)

    def _answer(self, name: str) -> pa.Array:
        texts = pa.concat_arrays([_flat(_text_column(table, name)) for table in self.tables])
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, TEXT), texts)


def _folded(keys: pa.Array, field: FieldDescribe | None) -> pa.Array:
    """Ignore the case of an external id unless its field tells cases apart; Ids always do."""
    is_text = pa.types.is_large_string(keys.type)
    folds = is_text and field is not None and not field.case_sensitive and not field.type.is_id
    return pc.utf8_lower(keys) if folds else keys


def _text_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column by its name in any case; nulls where the file has none."""
    for position, held in enumerate(table.column_names):
        if held.lower() == name.lower():
            return table.column(position)
    return pa.chunked_array([pa.nulls(table.num_rows, TEXT)])


def _flat(column: pa.ChunkedArray) -> pa.Array:
    flat = pc.cast(column, TEXT).combine_chunks()
    return pa.concat_arrays(flat.chunks) if isinstance(flat, pa.ChunkedArray) else flat
