"""Put what has changed into a copy, file by file; memory is bounded by a file and some 70 bytes a changed record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sfbulk_pandas.errors import DataError
from sfbulk_pandas.jobs.sync.columns import DELETED, STAMP
from sfbulk_pandas.jobs.sync.id_keys import found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sfbulk_pandas.jobs.sync.id_keys import IdKeys
    from sfbulk_pandas.jobs.sync.parts import Parts
    from sfbulk_pandas.sinks.folder import ParquetFolder


@dataclass(slots=True)
class Tally:
    """What a run has done to the rows of a copy.

    Attributes
    ----------
    added, updated, deleted : int
        Records that are new in it, whose SystemModstamp has moved, and that were deleted, since the last run.
    hard_deleted, restored, missing : int
        What an Id sweep has found: records that are gone without a trace; records that were marked and are there;
        records that the copy should have and has not.
    """

    added: int = 0
    updated: int = 0
    deleted: int = 0
    hard_deleted: int = 0
    restored: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared of rows: their keys, when they changed, whether they are marked as deleted."""

    keys: NDArray[np.uint64]
    stamps: NDArray[np.int64]
    deleted: NDArray[np.bool_]

    @classmethod
    def of(cls, path: Path, keys: IdKeys) -> Facts:
        """Read those of a file."""
        table = rows_of(path, ["Id", STAMP, DELETED])
        names = table.column_names
        stamps = table.column(STAMP).cast(pa.int64()).fill_null(-1).to_numpy()
        if DELETED in names:
            deleted = table.column(DELETED).fill_null(False).to_numpy()  # noqa: FBT003 - the value of a cell
        else:
            deleted = np.zeros(table.num_rows, bool)
        return cls(keys.of(table.column("Id")), stamps, deleted)


class Merge:
    """Merge changed rows into a copy.

    Parameters
    ----------
    changes : ParquetFolder
        Rows as they are now. The last state of a record counts.
    keys : IdKeys
    live : array of uint64 or None
        The sorted keys of all records that are there, where these were looked for before the changes were.
    """

    def __init__(self, changes: ParquetFolder, keys: IdKeys, live: NDArray[np.uint64] | None = None) -> None:
        self.tally = Tally()
        self._keys = keys
        self._files = files_of(changes)
        facts = [Facts.of(path, keys) for path, _ in self._files]
        all_keys = np.concatenate([each.keys for each in facts])
        stamps = np.concatenate([each.stamps for each in facts])
        order = np.lexsort((stamps, all_keys))
        ordered = all_keys[order]
        last = order[np.append(ordered[1:] != ordered[:-1], True)[: len(order)]]
        self._is_last = np.zeros(len(all_keys), bool)
        self._is_last[last] = True
        self._changed = all_keys[last]
        self._stamps = stamps[last]
        self._deleted = np.concatenate([each.deleted for each in facts])[last]
        self._was_there = np.zeros(len(last), bool)
        self._live = live
        self._is_in_copy = np.zeros(0 if live is None else len(live), bool)

    def changed(self, ids: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Return which records have changed."""
        return found(self._keys.of(ids), self._changed)[0]

    def put(self, old: ParquetFolder, parts: Parts) -> None:
        """Bring the old rows that stay, then the changed ones.

        Raises
        ------
        DataError
            Where the files of the copy are not as it left them.
        """
        for path, rows in files_of(old):
            self._put_old(path, rows, parts)
        start = 0
        for path, rows in self._files:
            is_last = self._is_last[start : start + rows]
            start += rows
            if rows and is_last.all() and parts.takes_whole(path):
                parts.add(path, rows)
            elif rows:
                parts.write(rows_of(path).filter(pa.array(is_last)))
        self.tally.added = int(np.count_nonzero(~self._was_there))
        self._count_missing()

    def _put_old(self, path: Path, rows: int, parts: Parts) -> None:
        facts = Facts.of(path, self._keys)
        is_changed, at = found(facts.keys, self._changed)
        self._count(facts, is_changed, at)
        marks = self._marks(facts, is_changed)
        if not is_changed.any() and marks is None and parts.takes_whole(path):
            parts.keep(path, rows)
            return
        table = rows_of(path)
        if marks is not None:
            place = table.schema.get_field_index(DELETED)
            table = table.set_column(place, table.schema.field(place), pa.array(marks))
        parts.write(table.filter(pa.array(~is_changed)))

    def _count(self, facts: Facts, is_changed: NDArray[np.bool_], at: NDArray[np.intp]) -> None:
        self._was_there[at] = True
        goes = self._deleted[at] & ~facts.deleted[is_changed]
        moved = self._stamps[at] != facts.stamps[is_changed]
        self.tally.deleted += int(np.count_nonzero(goes))
        self.tally.updated += int(np.count_nonzero(moved & ~goes))

    def _marks(self, facts: Facts, is_changed: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """Return the marks that a sweep gives the rows of a file; None where it changes none."""
        if self._live is None:
            return None
        is_live, at = found(facts.keys, self._live)
        self._is_in_copy[at] = True
        gone = ~is_changed & ~is_live & ~facts.deleted
        back = ~is_changed & is_live & facts.deleted
        self.tally.hard_deleted += int(np.count_nonzero(gone))
        self.tally.restored += int(np.count_nonzero(back))
        return (facts.deleted | gone) & ~back if gone.any() or back.any() else None

    def _count_missing(self) -> None:
        if self._live is not None:
            _, at = found(self._changed, self._live)
            self._is_in_copy[at] = True
            self.tally.missing = int(np.count_nonzero(~self._is_in_copy))


def files_of(folder: ParquetFolder) -> list[tuple[Path, int]]:
    """Return the files of a folder with their rows.

    Raises
    ------
    DataError
        Where one is not there, or has other rows.
    """
    return list(_checked(folder))


def _checked(folder: ParquetFolder) -> Iterator[tuple[Path, int]]:
    for name, rows in folder.details["files"].items():
        path = folder.path / name
        found_rows = _found(path)
        if found_rows != rows:
            is_there = f"has {found_rows:,} rows" if isinstance(found_rows, int) else found_rows
            raise DataError(
                f"{path} {is_there}, and had {rows:,}: somebody has changed the copy",
                hint="full=True fetches everything anew",
            )
        yield path, rows


def _found(path: Path) -> int | str:
    """Return how many rows a file has, or what it is instead of a file with rows."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        return "is not there"
    except (pa.ArrowException, OSError):
        return "is damaged"


def rows_of(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read the rows of a file of the copy, of some columns or of all; those that it lacks are left out.

    Raises
    ------
    DataError
        Where it is damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=None if columns is None else list(columns))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is damaged: {error}", hint="full=True fetches everything anew") from error
