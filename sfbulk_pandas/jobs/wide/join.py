"""Put the columns of the same records side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.bad_cells import BAD_CELLS
from sfbulk_pandas.errors import IncompleteResult
from sfbulk_pandas.jobs.wide.groups import ID, STAMP

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of groups of columns, put together.

    Attributes
    ----------
    table : pyarrow.Table
        The records that are the same in every group.
    ids : pyarrow.Array of str
        Theirs.
    differing : pyarrow.Array of str
        The Ids of all others: in some groups and not in others, or changed in between.
    """

    table: pa.Table
    ids: pa.Array
    differing: pa.Array


def join_columns(tables: Sequence[pa.Table], schema: pa.Schema) -> Joined:
    """Join the tables of groups by Id, exactly: a record belongs to the rows where each group has it unchanged.

    Parameters
    ----------
    tables : sequence of pyarrow.Table
        Each with an Id and, all or none of them, the time of a record's last change; rows in any order.
    schema : pyarrow.Schema
        Of the rows; each of its columns is in a table.

    Returns
    -------
    Joined
        The rows in the order of the first table.

    Raises
    ------
    IncompleteResult
        Where an Id is in one table twice: that is no result of Salesforce's.
    """
    ids = [_ids(table) for table in tables]
    places = [pc.index_in(ids[0], value_set=each) for each in ids]
    agrees = pc.is_valid(ids[0])
    for table, place in zip(tables, places, strict=True):
        agrees = pc.and_(agrees, pc.is_valid(place))
        if STAMP in table.schema.names:
            agrees = pc.and_(agrees, _same(_column(tables[0], STAMP), _column(table, STAMP).take(place)))
    whole = [table.take(place.filter(agrees)) for table, place in zip(tables, places, strict=True)]
    columns = [next(each.column(name) for each in whole if name in each.schema.names) for name in schema.names]
    joined, every = ids[0].filter(agrees), pc.unique(pa.chunked_array(ids, pa.string()))
    differing = every.filter(pc.invert(pc.is_in(every, value_set=joined)))
    return Joined(pa.Table.from_arrays(columns, schema=schema), joined, differing)


def bad_cells_among(ids: pa.Array, bad: pa.Table, page: int) -> pa.Table | None:
    """Return the bad cells of some rows, under their places among these; None where there are none.

    Parameters
    ----------
    ids : pyarrow.Array of str
        Of the rows, all rows of a page.
    bad : pyarrow.Table
        Bad cells of these and of other records, by Id, column and text.
    page : int
        The page's key.
    """
    places = pc.index_in(bad.column(ID), value_set=ids)
    there = pc.is_valid(places)
    rows, bad = places.filter(there).cast(pa.int64()), bad.filter(there)
    if not bad.num_rows:
        return None
    pages = pa.array([page] * bad.num_rows, pa.int64())
    return pa.table([pages, rows, *(bad.column(name) for name in BAD_CELLS.names[2:])], schema=BAD_CELLS)


def _ids(table: pa.Table) -> pa.Array:
    ids = _column(table, ID)
    if pc.count_distinct(ids).as_py() != len(ids):
        counts = pc.value_counts(ids)
        twice = counts.field(0).filter(pc.greater(counts.field(1), 1))
        raise IncompleteResult(f"{len(twice):,} Id(s) came more than once in a result, such as {twice[0]}")
    return ids


def _column(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()


def _same(left: pa.Array, right: pa.Array) -> pa.Array:
    return pc.or_(pc.fill_null(pc.equal(left, right), fill_value=False), pc.and_(pc.is_null(left), pc.is_null(right)))
