"""One run of an incremental copy: fetch what has changed, merge it, publish the whole."""

from __future__ import annotations

import json
import shutil
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sfbulk_pandas.errors import DataError, IncompleteResult, StillRunning, UsageError
from sfbulk_pandas.jobs.extract.to_disk import to_parquet
from sfbulk_pandas.jobs.query import prepare_query
from sfbulk_pandas.jobs.sync.columns import ANEW, DELETED, STAMP
from sfbulk_pandas.jobs.sync.id_keys import IdKeys
from sfbulk_pandas.jobs.sync.merge import Merge, Tally, files_of, rows_of
from sfbulk_pandas.jobs.sync.parts import Parts
from sfbulk_pandas.jobs.sync.publish import clear, finish, has_begun, new_folder, publish
from sfbulk_pandas.jobs.sync.result import SyncResult
from sfbulk_pandas.jobs.sync.settle import settled
from sfbulk_pandas.jobs.sync.state import STATE_KEY, read_copy
from sfbulk_pandas.salesforce.soql import add_condition, parse
from sfbulk_pandas.sinks.disk import write_parquet
from sfbulk_pandas.sinks.folder import BAD_CELLS_FILE, DETAILS_FILE, ParquetFolder
from sfbulk_pandas.sinks.parquet import ParquetOptions
from sfbulk_pandas.sinks.partial import is_under_way, locked, remove_left

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.jobs.query_options import QueryOptions
    from sfbulk_pandas.jobs.sync.settle import SyncOptions
    from sfbulk_pandas.jobs.sync.state import Window

_CHANGES, _LIVE = "changes", "live"


@dataclass(frozen=True, slots=True)
class Sync:
    """A copy of an object that can be brought up to date.

    Attributes
    ----------
    loading : Loading
    sobject : str
    target : Path
    options : SyncOptions
    query : QueryOptions
        How rows are fetched.
    """

    loading: Loading
    sobject: str
    target: Path
    options: SyncOptions
    query: QueryOptions

    def run(self) -> SyncResult:
        """Bring the copy up to date; see :meth:`Org.sync`."""
        with self._at_work() as work:
            finish(work, self.target)
            if self.query.restart:
                clear(work)
            last = read_copy(self.target)
            window = settled(self.loading, self.sobject, self.options, last[0] if last else None, work)
            try:
                return self._brought(work, window, last[1] if last and not window.is_full else None)
            except StillRunning as error:
                error._resume = lambda seconds: self._waiting(seconds).run()  # noqa: SLF001 - the way back
                raise

    @contextmanager
    def _at_work(self) -> Iterator[Path]:
        """Give the run's folder, which stays where a later run has something to go on from."""
        work = self.target.with_name(f".{self.target.name}.sync")
        is_needed = True
        with locked(work):
            try:
                yield work
                is_needed = False
            except OSError as error:
                raise DataError(
                    f"the copy in {self.target} could not be brought up to date: {error}",
                    hint="once that is mended, the same call goes on from where it was",
                ) from error
            finally:
                is_needed = is_needed and has_begun(work)
                if not is_needed:
                    shutil.rmtree(work, ignore_errors=True)
        if not is_needed:
            remove_left(work)

    def _waiting(self, seconds: float | None) -> Sync:
        return replace(self, query=replace(self.query, wait_seconds=seconds, restart=False))

    def _brought(self, work: Path, window: Window, old_details: dict[str, Any] | None) -> SyncResult:
        changed = self._prepared(_changes_soql(window))
        old = None if old_details is None else self._old(old_details, changed.schema)
        is_swept = window.sweep and old is not None
        live = _fetched(self._prepared(_live_soql(window)), work / _LIVE) if is_swept else None
        changes = _fetched(changed, work / _CHANGES)
        next_folder = new_folder(work)
        parts = Parts(next_folder, window.run, changes.schema)
        if old is None:
            tally, bad = _all_new(changes, parts), changes.bad_cells
        else:
            tally, bad = _merged(old, changes, live, parts)
        parts.close()
        if bad.num_rows:
            write_parquet(bad, next_folder / BAD_CELLS_FILE)
        details = changes.details | {
            "rows": parts.rows,
            "files": parts.files,
            "bad_cells": bad.num_rows,
            STATE_KEY: window.as_dict(),
        }
        publish(work, self.target, details)
        _warn_of_missing(window, tally)
        folder = ParquetFolder(self.target, details["rows"], changes.schema, details)
        return SyncResult(folder, tally, window.since, window.until)

    def _prepared(self, soql: str) -> Extract:
        return prepare_query(self.loading, soql, replace(self.query, query_all=True, restart=False))

    def _old(self, details: dict[str, Any], schema: pa.Schema) -> ParquetFolder:
        """Return the copy as it is, whose columns must have the types of what has come."""
        types = {each.name: str(each.type) for each in schema}
        differs = next((name for name, held in details["schema"].items() if types.get(name) != held), None)
        if differs is not None:
            raise UsageError(
                f"{differs} was {details['schema'][differs]} in the copy, and is {types.get(differs)} now", hint=ANEW
            )
        return ParquetFolder(self.target, details["rows"], schema, details)


def _fetched(extract: Extract, target: Path) -> ParquetFolder:
    """Fetch rows into a folder, or return what an earlier run has fetched, unless that has other types."""
    if target.exists() and not is_under_way(target):
        notes = target / DETAILS_FILE
        details = _read_notes(notes)
        if details.get("schema") == {each.name: str(each.type) for each in extract.schema}:
            return ParquetFolder(target, details["rows"], extract.schema, details)
        notes.unlink(missing_ok=True)  # first: what is left of it after a kill is not taken for the whole
        shutil.rmtree(target)
    return to_parquet(extract, target, ParquetOptions(), overwrite=False)


def _read_notes(path: Path) -> dict[str, Any]:
    """Return the details of what was fetched; none where they cannot be read, so that it is fetched anew."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def _warn_of_missing(window: Window, tally: Tally) -> None:
    if tally.missing:
        text = (
            f"{tally.missing:,} record(s) of {window.sobject} are not in the copy: committed later than the overlap "
            f"allows for, or hidden from this user until now; {ANEW}"
        )
        warnings.warn(text, stacklevel=2)


def _changes_soql(window: Window) -> str:
    """Select what has changed, deleted and archived records among it; no end, so that nothing late is left out."""
    if window.since is not None:
        return _select(window, window.columns, f"{STAMP} >= {window.since:%Y-%m-%dT%H:%M:%SZ}")
    return _select(window, window.columns, f"{DELETED} = false" if DELETED in window.columns else None)


def _live_soql(window: Window) -> str:
    return _select(window, ["Id"], f"{DELETED} = false")


def _select(window: Window, columns: Sequence[str], condition: str | None) -> str:
    query = parse(f"SELECT {', '.join(columns)} FROM {window.sobject}")  # noqa: S608 - names from the describe
    return query.soql if condition is None else add_condition(query, condition).soql


def _all_new(changes: ParquetFolder, parts: Parts) -> Tally:
    for path, rows in files_of(changes):
        parts.add(path, rows)
    return Tally(added=changes.rows)


def _merged(
    old: ParquetFolder, changes: ParquetFolder, live: ParquetFolder | None, parts: Parts
) -> tuple[Tally, pa.Table]:
    """Merge changes into a copy; return what that has done, and the bad cells of its rows."""
    keys = IdKeys()
    merge = Merge(changes, keys, None if live is None else _sorted_keys(live, keys))
    merge.put(old, parts)
    rows, expected = parts.rows, old.rows + merge.tally.added
    if rows != expected:
        raise IncompleteResult(f"the copy would have {rows:,} rows, and should have {expected:,}", hint=ANEW)
    bad = old.bad_cells
    stays = pa.array(~merge.changed(bad.column("Id")))
    return merge.tally, pa.concat_tables([bad.filter(stays), changes.bad_cells])


def _sorted_keys(live: ParquetFolder, keys: IdKeys) -> NDArray[np.uint64]:
    each = [keys.of(rows_of(path, ["Id"]).column("Id")) for path, _ in files_of(live)]
    return np.unique(np.concatenate(each))
