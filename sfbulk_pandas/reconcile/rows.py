"""Account for every row of a part: which answer is whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.reconcile.canonical import TEXT
from sfbulk_pandas.reconcile.codes import NONE, positions
from sfbulk_pandas.reconcile.match import pair_by_content, pair_by_key
from sfbulk_pandas.reconcile.stack import SF_COLUMNS, Answers, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfbulk_pandas.salesforce.columns import Column

UNKNOWN = 0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of each row that was sent; row i of every array is row i of the part.

    Attributes
    ----------
    status : numpy.ndarray of int8
        0 unknown: no answer is this row's with certainty; 1 successful, 2 failed, 3 unprocessed.
    sf_id, sf_created, sf_error : pyarrow.LargeStringArray
        Null where there is none.
    unmatched : pyarrow.Table
        The answers that are no row's with certainty, as they came: ``file``, ``sf__Id``, ``sf__Created``,
        ``sf__Error``, then the columns that were sent; null where the file lacks a column.
    """

    status: NDArray[np.int8]
    sf_id: pa.Array
    sf_created: pa.Array
    sf_error: pa.Array
    unmatched: pa.Table

    @property
    def unknown_rows(self) -> int:
        """How many rows that were sent have no answer for certain."""
        return int(np.count_nonzero(self.status == UNKNOWN))

    @property
    def unmatched_answers(self) -> int:
        """How many answers are no row's for certain."""
        return int(self.unmatched.num_rows)


def reconcile(sent: pa.Table, columns: Sequence[Column], answers: Answers, key: str | None = None) -> Reconciled:
    """Pair each row that was sent with its row in the result files, where that is certain.

    Rows are found by their key, where the operation has one and it is unique among the rows and among the answers;
    all others by the values of every column that came back, compared typed, in full and as a multiset. Neither
    position nor the text of a number counts: Salesforce answers in any order, with 912260031 written as
    9.12260031E8. Rows that are equal in all that was sent get their answers in order. Where rows differ and their
    answers do not tell which is which, or more answers came than rows were sent, nothing is paired.

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

    Returns
    -------
    Reconciled
        Paired rows and unknown ones are the rows sent; paired and unmatched answers are the answers.
    """
    stack = Stack(sent, columns, answers, key)
    paired = pair_by_key(stack)
    pair_by_content(stack, paired)
    return _outcome(stack, paired)


def _outcome(stack: Stack, paired: NDArray[np.int32]) -> Reconciled:
    is_paired = paired != NONE
    status = np.zeros(stack.sent_rows, np.int8)
    status[is_paired] = stack.files()[paired[is_paired]] + 1
    is_taken = np.zeros(stack.answer_rows, dtype=bool)
    is_taken[paired[is_paired]] = True
    picks = pa.array(paired, mask=~is_paired)
    sf_id, sf_created, sf_error = (_filled(stack.answer_texts(name).take(picks)) for name in SF_COLUMNS)
    return Reconciled(status, sf_id, sf_created, sf_error, stack.unmatched(positions(~is_taken)))


def _filled(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, TEXT), texts)
