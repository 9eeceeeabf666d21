"""Look rows up in the database: records by Id or key, parents, and who holds a unique value already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.local_org.record_ids import normal_ids
from sfbulk_pandas.local_org.row_errors import about
from sfbulk_pandas.local_org.store import quoted, to_table
from sfbulk_pandas.local_org.values import from_mask, to_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfbulk_pandas.local_org.row_errors import RowErrors
    from sfbulk_pandas.local_org.store import Cursor, Described, Store
    from sfbulk_pandas.local_org.targets import Target
    from sfbulk_pandas.local_org.values import Cells, Mask
    from sfbulk_pandas.salesforce.sobject import FieldDescribe

    Rows = NDArray[np.int64]

_NO_TEXT = pa.scalar(None, pa.string())
_DELETED = "ENTITY_IS_DELETED:entity is deleted:--"
_UNKNOWN = "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"


@dataclass
class Matches:
    """Which record each row means.

    Attributes
    ----------
    rowid : array of int64
        The record's place in its table, -1 where there is none.
    ids : pyarrow.StringArray
        The record's Id, null where there is none.
    """

    rowid: Rows
    ids: pa.StringArray

    @property
    def is_new(self) -> Mask:
        """Where no record is there yet."""
        new: Mask = self.rowid < 0
        return new

    @classmethod
    def none(cls, rows: int) -> Matches:
        """Return the matches of rows that mean no record."""
        return cls(np.full(rows, -1, np.int64), pa.nulls(rows, pa.string()))


@dataclass(frozen=True)
class Holders:
    """Which records hold some values.

    Attributes
    ----------
    rowid : array of int64
        Of the record with the lowest Id; -1 where nobody holds the value.
    ids, others : pyarrow.StringArray
        The lowest and the highest Id; null where nobody holds the value.
    many : array of bool
        Where several records do.
    """

    rowid: Rows
    ids: pa.StringArray
    others: pa.StringArray
    many: Mask


def key_values(values: pa.Array, field: FieldDescribe) -> pa.Array:
    """Return values to compare by: Ids of 18 characters, texts in lower case unless the field minds the case."""
    if field.type.is_id:
        return normal_ids(values)
    if values.type != pa.string() or field.case_sensitive:
        return values
    return pc.utf8_lower(values)


def _key_sql(field: FieldDescribe) -> str:
    name = f"t.{quoted(field.name)}"
    plain = field.type.is_number or field.type.is_id or field.case_sensitive
    return name if plain else f"lower({name})"


@dataclass(frozen=True)
class Lookup:
    """Look up within one transaction.

    Attributes
    ----------
    store : Store
    cursor : Cursor
        Of the transaction; it sees what the transaction wrote.
    """

    store: Store
    cursor: Cursor

    def by_id(self, described: Described, cells: Cells, errors: RowErrors) -> Matches:
        """Find the records that an Id column names; malformed, unknown and deleted Ids fail their rows."""
        model = described.model
        ids = normal_ids(cells.values)
        fits = pc.fill_null(pc.starts_with(ids, model.key_prefix or ""), fill_value=False)
        there = to_mask(pc.is_valid(cells.values))
        before = f"MALFORMED_ID:{model.label} ID: id value of incorrect type: "
        errors.add(there & ~to_mask(fits), about(before, cells.raw, ":Id --"))
        rowid, deleted = self._places(described.name, ids)
        errors.add(deleted, _DELETED)
        errors.add(there & (rowid < 0), _UNKNOWN)
        return Matches(rowid, pc.if_else(from_mask(rowid >= 0), ids, _NO_TEXT))

    def by_key(self, described: Described, field: FieldDescribe, cells: Cells, errors: RowErrors) -> Matches:
        """Find the records that a key column names; a key that several records have fails its rows."""
        found = self.holders(described.name, field, key_values(cells.values, field))
        errors.add(found.many, _several(field.label, found.ids, found.others))
        return Matches(found.rowid, found.ids)

    def parents(self, target: Target, cells: Cells, errors: RowErrors) -> pa.StringArray:
        """Return the Ids of the parents that a relationship column names; unknown and ambiguous keys fail."""
        if target.key is None or target.parent is None:
            raise TypeError(f"{target.header} is no relationship column")
        key, parent = target.key, target.parent
        unique = cells.values.dictionary_encode()
        found = self.holders(parent.name, key, key_values(unique.dictionary, key))
        ids = found.ids.take(unique.indices)
        if found.many.any():
            many = to_mask(from_mask(found.many).take(unique.indices))
            errors.add(many, _several(key.label, ids, found.others.take(unique.indices)))
        missing = to_mask(pc.and_(pc.is_valid(cells.values), pc.is_null(ids)))
        after = f" not found for field {key.name} in entity {parent.name}:--"
        errors.add(missing, about("INVALID_FIELD:Foreign key external ID: ", cells.raw, after))
        return ids

    def references(self, field: FieldDescribe, cells: Cells, errors: RowErrors) -> pa.StringArray:
        """Return the Ids of a lookup column in 18 characters; malformed, wrong, deleted and unknown ones fail."""
        ids = normal_ids(cells.values)
        there = to_mask(pc.is_valid(cells.values))
        text = f"{field.label}: id value of incorrect type: "
        malformed = there & to_mask(pc.is_null(ids))
        errors.add(malformed, about(f"MALFORMED_ID:{text}", cells.raw, f":{field.name} --"))
        known = [each for each in map(self.store.describe, field.reference_to) if each]
        if len(known) == len(field.reference_to):
            prefixes = pa.array([each.model.key_prefix for each in known], pa.string())
            wrong = there & ~to_mask(pc.is_in(pc.utf8_slice_codeunits(ids, 0, 3), prefixes))
            errors.add(wrong, about(f"FIELD_INTEGRITY_EXCEPTION:{text}", cells.raw, f":{field.name} --"))
        self._check_there(known, ids, errors)
        return ids

    def _check_there(self, known: list[Described], ids: pa.StringArray, errors: RowErrors) -> None:
        unique = ids.dictionary_encode()
        found, deleted = np.zeros(len(unique.dictionary), bool), np.zeros(len(unique.dictionary), bool)
        for each in known:
            rowid, gone = self._places(each.name, unique.dictionary)
            found |= rowid >= 0
            deleted |= gone
        errors.add(to_mask(from_mask(deleted).take(unique.indices)), _DELETED)
        errors.add(to_mask(from_mask(~found).take(unique.indices)), _UNKNOWN)

    def taken(self, described: Described, field: FieldDescribe, keys: pa.Array, matches: Matches) -> Holders:
        """Return who else holds values that must be unique; the row's own record does not count."""
        return self.holders(described.name, field, keys, pa.array(matches.rowid))

    def holders(self, sobject: str, field: FieldDescribe, keys: pa.Array, own: pa.Array | None = None) -> Holders:
        """Return which records of an object hold each key; with ``own`` (row places), others than these."""
        self._register(keys, own if own is not None else pa.array(np.full(len(keys), -1, np.int64)))
        sql = (
            "SELECT s.pos, t.rowid AS rid, t.Id AS id "  # noqa: S608 - quoted names
            f"FROM s JOIN {self.store.table(sobject)} t ON {_key_sql(field)} = s.key "
            "WHERE NOT t.IsDeleted AND t.rowid <> s.own"
        )
        found = to_table(self.cursor, sql)
        places = found["pos"].to_numpy()
        rowid, many = np.full(len(keys), -1, np.int64), np.zeros(len(keys), bool)
        many[places] = np.bincount(places, minlength=len(keys))[places] > 1
        if many.any():
            found = found.sort_by([("pos", "ascending"), ("id", "descending")])
            places = found["pos"].to_numpy()
        rowid[places] = found["rid"].to_numpy()
        ids = _spread(found["id"], places, len(keys))
        others = _spread(found["id"][::-1], places[::-1], len(keys)) if many.any() else ids
        return Holders(rowid, ids, others, many)

    def _places(self, sobject: str, ids: pa.StringArray) -> tuple[Rows, Mask]:
        """Return where the records with these Ids stand (-1: nowhere), and which of them are deleted."""
        self._register(ids, pa.nulls(len(ids), pa.int64()))
        table = self.store.table(sobject)
        sql = f"SELECT s.pos, t.rowid AS rid, t.IsDeleted AS gone FROM s JOIN {table} t ON t.Id = s.key"  # noqa: S608 - quoted names
        found = to_table(self.cursor, sql)
        rowid, deleted = np.full(len(ids), -1, np.int64), np.zeros(len(ids), bool)
        places = found["pos"].to_numpy()
        rowid[places], deleted[places] = found["rid"].to_numpy(), to_mask(found["gone"])
        return rowid, deleted

    def _register(self, keys: pa.Array, own: pa.Array) -> None:
        self.cursor.register("s", pa.table({"pos": pa.array(np.arange(len(keys))), "key": keys, "own": own}))


def _spread(values: pa.ChunkedArray, places: Rows, rows: int) -> pa.StringArray:
    """Return values at their places in a column of nulls."""
    if not len(values):
        return pa.nulls(rows, pa.string())
    at = np.full(rows, -1, np.int64)
    at[places] = np.arange(len(places))
    return pa.concat_arrays(values.chunks).take(pa.array(at, mask=at < 0))


def _several(label: str, ids: pa.StringArray, others: pa.StringArray) -> Callable[[Mask], pa.StringArray]:
    before = f"DUPLICATE_EXTERNAL_ID:{label}: more than one record found for external id field: ["

    def build(where: Mask) -> pa.StringArray:
        first, second = (each.filter(from_mask(where)) for each in (ids, others))
        return pc.binary_join_element_wise(before, first, ", ", second, "]:--", "")

    return build


@dataclass(frozen=True)
class Repeats:
    """Rows of a slice that come with a key that came before.

    Attributes
    ----------
    first : array of int64
        The row that had the key first; the row itself where it is the first, or has no key.
    """

    first: Rows

    @property
    def later(self) -> Mask:
        """Where the key came before."""
        late: Mask = self.first != np.arange(len(self.first))
        return late

    @classmethod
    def of(cls, keys: pa.Array) -> Repeats | None:
        """Find them; None where every key comes once. Nulls are no keys."""
        codes = keys.dictionary_encode()
        if len(codes.dictionary) == len(keys) - keys.null_count:
            return None
        places = np.arange(len(keys))
        numbers = np.where(
            to_mask(pc.is_valid(keys)), pc.fill_null(codes.indices, 0).to_numpy(zero_copy_only=False), -1
        )
        there = places[numbers >= 0]
        first = places.copy()
        _, begins, which = np.unique(numbers[there], return_index=True, return_inverse=True)
        first[there] = there[begins][which]
        return cls(first)
