"""What became of every row of a load, as arrays beside the frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sfbulk_pandas.codec.rows import position_type, take_chunked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfbulk_pandas.codec.rows import Positions
    from sfbulk_pandas.reconcile import Reconciled

_TEXT = pa.large_string()
_NAMES = ("sf_id", "sf_created", "sf_error")
_CHUNK_ROWS = 65_536
_BLOCK_ROWS = 131_072  # rows put in order at a time, so that the texts of a large load are never all in memory


class RowStatus(IntEnum):
    """Where a row stands. ``UNKNOWN``: it was sent, and no answer is surely its own."""

    UNKNOWN = 0
    SUCCESSFUL = 1
    FAILED = 2
    UNPROCESSED = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The status, Id and error of each row.

    Attributes
    ----------
    status : numpy int8, one a row
        Values of RowStatus.
    texts : pyarrow.Table of sf_id, sf_created and sf_error, one row a row
        As the result files have them; null where they have nothing.
    sends : numpy int16, one a row
        How often the row has gone up in a job that was told to begin.
    """

    status: npt.NDArray[np.int8]
    texts: pa.Table
    sends: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.status)

    @property
    def sf_id(self) -> pa.ChunkedArray:
        """The record's Id."""
        return self.texts.column("sf_id")

    @property
    def sf_created(self) -> pa.ChunkedArray:
        """Whether the row made a new record: ``true`` or ``false``."""
        return self.texts.column("sf_created")

    @property
    def sf_error(self) -> pa.ChunkedArray:
        """Why the row failed."""
        return self.texts.column("sf_error")

    @classmethod
    def of(cls, rows: int, status: RowStatus) -> Outcome:
        """Build the outcome of rows that have nothing but a status; unknown ones have been sent."""
        nothing = pa.table(dict.fromkeys(_NAMES, _nothing(rows)))
        sends = 1 if status is RowStatus.UNKNOWN else 0
        return cls(_same(np.int8(status), rows), nothing, _same(np.int16(sends), rows))

    @classmethod
    def answered(cls, paired: Reconciled) -> Outcome:
        """Build the outcome of a part from its paired result rows."""
        texts = pa.table(dict(zip(_NAMES, (paired.sf_id, paired.sf_created, paired.sf_error), strict=True)))
        return cls(paired.status, texts, _same(np.int16(1), len(paired.status)))

    @classmethod
    def refused(cls, rows: int, positions: npt.NDArray[np.int64], errors: pa.Array) -> Outcome:
        """Build the outcome of rows of which some were never sent, for the reasons given; the others wait."""
        waiting = cls.of(rows, RowStatus.UNPROCESSED)
        nothing = pa.nulls(len(positions), _TEXT)
        texts = pa.table(dict(zip(_NAMES, (nothing, nothing, errors.cast(_TEXT)), strict=True)))
        failed = cls(np.full(len(positions), RowStatus.FAILED, np.int8), texts, np.zeros(len(positions), np.int16))
        return waiting.placed(positions, failed)

    @classmethod
    def joined(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Put the outcomes of consecutive rows together."""
        return cls(
            np.concatenate([each.status for each in outcomes]),
            pa.concat_tables([each.texts for each in outcomes]),
            np.concatenate([each.sends for each in outcomes]),
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are, and how many ended how; unknown ones only where there are any."""
        ends = {status.name.lower(): self.count(status) for status in RowStatus if status}
        unknown = self.count(RowStatus.UNKNOWN)
        return {"rows": len(self)} | ends | ({"unknown": unknown} if unknown else {})

    @property
    def ends(self) -> tuple[int, int, int]:
        """How many rows were successful, failed and unprocessed."""
        return (
            self.count(RowStatus.SUCCESSFUL),
            self.count(RowStatus.FAILED),
            self.count(RowStatus.UNPROCESSED),
        )

    def count(self, status: RowStatus) -> int:
        """Return how many rows have this status."""
        return int(np.count_nonzero(self.status == status))

    def positions(self, *statuses: RowStatus) -> npt.NDArray[np.intp]:
        """Return the positions of the rows with one of these statuses, ascending."""
        return np.flatnonzero(np.isin(self.status, statuses))

    def kept(self, keep: Callable[[pa.Table], pa.Table]) -> Outcome:
        """Return the same outcome with its texts as ``keep`` returns them, such as from a file."""
        return replace(self, texts=keep(self.texts))

    def placed(
        self,
        positions: Positions,
        newer: Outcome,
        keep: Callable[[pa.Table], pa.Table] = lambda table: table,
    ) -> Outcome:
        """Return this outcome with the rows at these positions replaced by newer ones.

        What the newer outcome says nothing of, rows that it has not sent, stays as it is.

        Parameters
        ----------
        positions : array of int
            One for each row of ``newer``, in its order.
        newer : Outcome
        keep : callable
            What to do with each block of the texts, as for :meth:`kept`.
        """
        status, sends = self.status.copy(), self.sends.copy()
        source: Positions = np.arange(len(self), dtype=position_type(len(self) + len(newer)))
        for block in _blocks(len(newer)):
            says = (newer.status[block] != RowStatus.UNPROCESSED) | (newer.sends[block] > 0)
            at = positions[block][says]
            source[at] = len(self) + block.start + np.flatnonzero(says)
            status[at] = newer.status[block][says]
            sends[at] += newer.sends[block][says]
        both = pa.concat_tables([self.texts, newer.texts])
        texts = pa.concat_tables([_kept(_taken(both, source[block]), keep) for block in _blocks(len(self))])
        return Outcome(status, texts, sends)


def _blocks(rows: int) -> list[slice]:
    """Return slices of so many rows: one at least."""
    return [slice(at, at + _BLOCK_ROWS) for at in range(0, max(rows, 1), _BLOCK_ROWS)]


def _taken(texts: pa.Table, rows: Positions) -> pa.Table:
    """Return some rows, without putting all chunks of a column together as Arrow does."""
    return pa.table({name: take_chunked(texts.column(name), rows) for name in _NAMES})


def _kept(texts: pa.Table, keep: Callable[[pa.Table], pa.Table]) -> pa.Table:
    kept = keep(texts)
    del texts
    pa.default_memory_pool().release_unused()  # Arrow would hold it for a second, beside the next block
    return kept


def _same(value: np.generic, rows: int) -> npt.NDArray[Any]:
    """Return an array of one value, which takes no memory and cannot be written to."""
    return np.broadcast_to(value, rows)


def _nothing(rows: int) -> pa.ChunkedArray:
    """Return a column without texts; its chunks share their memory."""
    chunk = pa.nulls(min(rows, _CHUNK_ROWS), _TEXT)
    return pa.chunked_array([chunk] * (rows // _CHUNK_ROWS) + [chunk.slice(0, rows % _CHUNK_ROWS)], _TEXT)
