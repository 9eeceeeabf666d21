"""Write a slice of rows: insert, update, upsert, delete, each row by Salesforce's rules.

Sources: Bulk API 2.0 guide, "Prepare CSV Files" (an empty cell leaves a field alone, ``#N/A`` clears it), and "How
Requests Are Processed"; SOAP API guide, "upsert()", "delete()".
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.local_org.matching import Lookup, Matches, Repeats, key_values
from sfbulk_pandas.local_org.row_errors import RowErrors, about
from sfbulk_pandas.local_org.validate import check_cells, check_required, check_types, check_writable
from sfbulk_pandas.local_org.values import Cells, from_mask, read_cells
from sfbulk_pandas.local_org.writing import Write, delete_records, insert_records, update_records
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.salesforce.limits import CHUNK_ROWS
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sfbulk_pandas.local_org.store import Cursor, Store
    from sfbulk_pandas.local_org.targets import Target
    from sfbulk_pandas.local_org.values import Mask

_NO_ACCESS = "INSUFFICIENT_ACCESS_OR_READONLY:insufficient access rights on object id:--"


@dataclass
class Outcome:
    """What became of the rows of a slice.

    Attributes
    ----------
    cells : mapping of int to Cells
        The columns as read, by their place in the file.
    errors : RowErrors
    ids : pyarrow.StringArray
        Of the records written or meant; null where there is none.
    created : array of bool
        Where a record was made.
    """

    cells: Mapping[int, Cells]
    errors: RowErrors
    ids: pa.StringArray
    created: Mask = field(default_factory=lambda: np.zeros(0, bool))


def write_rows(
    store: Store,
    write: Write,
    targets: Sequence[Target],
    columns: Sequence[pa.StringArray],
    struck: Sequence[tuple[Mask, str]] = (),
    note: Callable[[Outcome, Cursor], None] | None = None,
) -> Outcome:
    """Validate and write one slice, in one transaction; see :func:`write_within`."""
    with transaction(store) as lookup:
        return write_within(lookup, write, targets, columns, struck, note)


def write_within(
    lookup: Lookup,
    write: Write,
    targets: Sequence[Target],
    columns: Sequence[pa.StringArray],
    struck: Sequence[tuple[Mask, str]] = (),
    note: Callable[[Outcome, Cursor], None] | None = None,
) -> Outcome:
    """Validate and write one slice, in a transaction that is open.

    Parameters
    ----------
    lookup : Lookup
        Of the transaction.
    write : Write
    targets : sequence of Target
        What the columns set.
    columns : sequence of pyarrow.StringArray
        The file's columns, all of them; no nulls. The slice begins with a chunk of 200.
    struck : sequence of mask and text
        Rows that fail whatever is in them, with their errors.
    note : callable, optional
        Told of the outcome at the end of the transaction, with its cursor.

    Returns
    -------
    Outcome
    """
    rows = len(columns[0])
    cells = {each.place: read_cells(columns[each.place], each.cell_field.type) for each in targets}
    errors = RowErrors(rows)
    for wrong, text in struck:
        errors.add(wrong, text)
    check_types(targets, cells, errors)
    outcome = Outcome(cells, errors, pa.nulls(rows, pa.string()), np.zeros(rows, bool))
    task = _Task(lookup, write, targets)
    if write.operation.is_delete:
        task.delete(outcome)
    else:
        task.save(outcome)
    if note:
        note(outcome, lookup.cursor)
    return outcome


@contextmanager
def transaction(store: Store) -> Iterator[Lookup]:
    """Begin a transaction; it ends with the block, and is undone where the block raises."""
    with store.write_lock, store.cursor() as cursor:
        cursor.begin()
        try:
            yield Lookup(store, cursor)
        except BaseException:
            cursor.rollback()
            raise
        cursor.commit()


@dataclass(frozen=True)
class _Task:
    lookup: Lookup
    write: Write
    targets: Sequence[Target]

    def delete(self, outcome: Outcome) -> None:
        described = self.write.described
        cells = outcome.cells[self.targets[0].place]
        outcome.errors.add(cells.no_value, "MISSING_ARGUMENT:Id not specified in a delete call:--")
        if not described.model.deletable:
            outcome.errors.add(np.ones(len(cells.raw), bool), _NO_ACCESS)
        matches = self.lookup.by_id(described, cells, outcome.errors)
        repeats = Repeats.of(matches.ids)
        outcome.errors.add(repeats.later if repeats else None, "ENTITY_IS_DELETED:entity is deleted:--")
        outcome.ids = matches.ids
        gone = matches.ids.filter(from_mask(~outcome.errors.failed))
        delete_records(self.lookup, self.write, described, gone)

    def save(self, outcome: Outcome) -> None:
        key = self._key_target()
        repeats = Repeats.of(key_values(outcome.cells[key.place].values, key.field)) if key else None
        if repeats is None:
            outcome.ids, outcome.created = self._round(outcome.cells, outcome.errors)
            return
        if self.write.repeats_fail and key:
            self._fail_repeats(key, outcome, repeats)
        for rows in _turns(repeats, outcome.errors.failed):
            self._turn(outcome, rows)

    def _key_target(self) -> Target | None:
        """Return the column that says which record a row means; None for an insert, and where it is missing."""
        if self.write.operation is Operation.INSERT:
            return None
        name = self.write.key.name if self.write.key else "Id"
        return next((each for each in self.targets if each.key is None and each.field.name == name), None)

    def _fail_repeats(self, key: Target, outcome: Outcome, repeats: Repeats) -> None:
        """Fail the later of two rows of one chunk with one key; from chunk to chunk the record is written again."""
        places = np.arange(len(repeats.first))
        order = np.lexsort((places, repeats.first))
        ahead = np.roll(order, 1)
        same = (repeats.first[order] == repeats.first[ahead]) & (order // CHUNK_ROWS == ahead // CHUNK_ROWS)
        same[0] = False
        wrong = np.zeros(len(places), bool)
        wrong[order] = same
        what = "external id" if key.field.external_id else "id"
        raw = outcome.cells[key.place].raw
        outcome.errors.add(wrong, about(f"DUPLICATE_VALUE:Duplicate {what} specified: ", raw, f":{key.field.name} --"))

    def _turn(self, outcome: Outcome, rows: np.ndarray) -> None:
        cells = {place: each.take(rows) for place, each in outcome.cells.items()}
        errors = RowErrors(len(rows))
        ids, created = self._round(cells, errors)
        at = np.full(len(outcome.created), -1, np.int64)
        at[rows] = np.arange(len(rows))
        outcome.ids = pc.coalesce(ids.take(pa.array(at, mask=at < 0)), outcome.ids)
        outcome.created[rows] = created
        outcome.errors.merge(rows, errors)

    def _round(self, cells: Mapping[int, Cells], errors: RowErrors) -> tuple[pa.StringArray, Mask]:
        """Write rows of which no two mean the same record."""
        matches = self._match(cells, errors)
        is_new = matches.is_new
        if not self.write.described.model.createable:
            errors.add(is_new, _NO_ACCESS)
        settable = [each for each in self.targets if not (each.field.name == "Id" and each is self._key_target())]
        check_writable(settable, cells, is_new, errors)
        present = self._present(settable, cells, errors)
        check_required(self.write.described.model, present, is_new, errors)
        ids = self._with_new_ids(matches, errors)
        for name, each in present.items():
            self._check_unique(name, each, matches, ids, errors)
        self._store(present, matches, ids, errors)
        return ids, is_new & ~errors.failed

    def _match(self, cells: Mapping[int, Cells], errors: RowErrors) -> Matches:
        rows = len(errors.failed)
        if self.write.operation is Operation.INSERT:
            return Matches.none(rows)
        key = self._key_target()
        by_id = self.write.key is None or self.write.key.name == "Id"
        if self.write.operation is Operation.UPDATE:
            lacks = np.ones(rows, bool) if key is None else cells[key.place].no_value
            errors.add(lacks, "MISSING_ARGUMENT:Id not specified in an update call:--")
        elif not by_id and self.write.key:
            lacks = np.ones(rows, bool) if key is None else cells[key.place].no_value
            errors.add(lacks, f"MISSING_ARGUMENT:{self.write.key.name} not specified:--")
        if key is None:
            return Matches.none(rows)
        if by_id:
            return self.lookup.by_id(self.write.described, cells[key.place], errors)
        return self.lookup.by_key(self.write.described, key.field, cells[key.place], errors)

    def _present(self, targets: Sequence[Target], cells: Mapping[int, Cells], errors: RowErrors) -> dict[str, Cells]:
        """Return the columns by field name, with lookups as Ids; rows that break a field's rule fail.

        Of two columns that set one lookup, the last counts where it says something.
        """
        present: dict[str, Cells] = {}
        for target in targets:
            mine = cells[target.place]
            if target.key:
                mine = _with_values(mine, self.lookup.parents(target, mine, errors))
            elif target.field.type is FieldType.REFERENCE:
                mine = _with_values(mine, self.lookup.references(target.field, mine, errors))
            else:
                check_cells(target.field, mine, errors)
            earlier = present.get(target.field.name)
            present[target.field.name] = mine if earlier is None else mine.over(earlier)
        return present

    def _with_new_ids(self, matches: Matches, errors: RowErrors) -> pa.StringArray:
        new = matches.is_new & ~errors.failed
        count = int(np.count_nonzero(new))
        if not count:
            return matches.ids
        prefix = self.write.described.model.key_prefix or "000"
        return pc.replace_with_mask(matches.ids, from_mask(new), self.lookup.store.new_record_ids(prefix, count))

    def _check_unique(self, name: str, cells: Cells, matches: Matches, ids: pa.StringArray, errors: RowErrors) -> None:
        described = self.write.described
        describe = described.model.get(name)
        is_key = self.write.key is not None and self.write.key.name == name
        if describe is None or not describe.unique or is_key:
            return
        keys = pc.if_else(from_mask(errors.failed), None, key_values(cells.values, describe))
        before = f"DUPLICATE_VALUE:duplicate value found: {name} duplicates value on record with id: "
        found = self.lookup.taken(described, describe, keys, matches)
        errors.add(found.rowid >= 0, about(before, found.ids, ":--"))
        repeats = Repeats.of(pc.if_else(from_mask(errors.failed), None, keys))
        if repeats:
            errors.add(repeats.later, about(before, ids.take(pa.array(repeats.first)), ":--"))

    def _store(self, present: Mapping[str, Cells], matches: Matches, ids: pa.StringArray, errors: RowErrors) -> None:
        good = ~errors.failed
        new, old = matches.is_new & good, ~matches.is_new & good
        if new.any():
            insert_records(self.lookup, self.write, present, ids, new)
        if old.any():
            update_records(self.lookup, self.write, present, matches.rowid, old)


def _with_values(cells: Cells, values: pa.Array) -> Cells:
    return Cells(cells.raw, values, cells.blank, cells.cleared, cells.bad)


def _turns(repeats: Repeats, failed: Mask) -> Iterator[np.ndarray]:
    """Yield the rows to write together: every key's first row, then every key's second, and so on."""
    left = np.flatnonzero(~failed)
    while len(left):
        _, begins = np.unique(repeats.first[left], return_index=True)
        now = np.zeros(len(left), bool)
        now[begins] = True
        yield left[now]
        left = left[~now]
