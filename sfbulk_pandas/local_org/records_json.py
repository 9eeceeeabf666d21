"""Rows of a query as REST answers them: records with attributes, nested parents, addresses and children.

Source: REST API guide, "Query" and "Query for Related Records".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.local_org.csv_text import text_column
from sfbulk_pandas.local_org.soql.compiled import KEY, PARENT
from sfbulk_pandas.local_org.soql.functions import sql_text
from sfbulk_pandas.local_org.store import to_table

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.soql.compiled import Child, Column, Compiled
    from sfbulk_pandas.local_org.store import Store

Json = dict[str, Any]


@dataclass(frozen=True)
class RecordWriter:
    """Write a table's rows as records.

    Attributes
    ----------
    store : Store
    version : str
        API version, for the records' urls.
    zone : str
        What a datetime ends with.
    epoch : bool
        Whether a datetime is a number of milliseconds instead.
    """

    store: Store
    version: str
    zone: str = "+0000"
    epoch: bool = False

    def records(self, compiled: Compiled, table: pa.Table) -> list[Json]:
        """Return the rows of a query's result as JSON values.

        Parameters
        ----------
        compiled : Compiled
        table : pyarrow.Table
            Rows of its SQL.

        Returns
        -------
        list of dict
        """
        rows = self._plain(table).to_pylist()
        if compiled.is_aggregate:
            return [self._aggregate(compiled, row) for row in rows]
        records = [self._record(compiled, row) for row in rows]
        for child in compiled.children:
            self._add_children(child, records, [row[KEY] for row in rows])
        return records

    def _plain(self, table: pa.Table) -> pa.Table:
        """Turn dates and datetimes into the text or the number that is sent."""
        for place, field in enumerate(table.schema):
            if self.epoch and pa.types.is_timestamp(field.type):
                values = table.column(place).cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
            elif pa.types.is_temporal(field.type):
                chunks = [text_column(chunk, self.zone) for chunk in table.column(place).chunks]
                values = pa.chunked_array(chunks, pa.string())
            else:
                continue
            table = table.set_column(place, field.name, values)
        return table

    def _aggregate(self, compiled: Compiled, row: Json) -> Json:
        values = {column.name: row[column.sql_name] for column in compiled.columns}
        return {"attributes": {"type": "AggregateResult"}, **values}

    def _record(self, compiled: Compiled, row: Json) -> Json:
        parents = {parent.path: parent for parent in compiled.parents}
        record: Json = {"attributes": self._attributes(compiled.sobject, row[KEY])}
        for column in compiled.columns:
            node: Json | None = record
            for depth in range(1, len(column.path)):
                parent = parents[column.path[:depth]]
                node = self._descend(node, parent.path[-1], row[parent.sql_name], parent.sobject)
            if node is not None:
                node[column.path[-1]] = _value(column, row)
        return record

    def _descend(self, node: Json | None, name: str, parent_id: str | None, sobject: str) -> Json | None:
        if node is None:
            return None
        if name not in node:
            attributes = {"attributes": self._attributes(self._object_of(parent_id, sobject), parent_id)}
            node[name] = attributes if parent_id is not None else None
        found: Json | None = node[name]
        return found

    def _object_of(self, record_id: str | None, usual: str) -> str:
        prefix = (record_id or "")[:3]
        if (described := self.store.describe(usual)) and described.model.key_prefix == prefix:
            return usual
        names = (each.model.name for each in self.store.describes.values() if each.model.key_prefix == prefix)
        return next(names, usual)

    def _attributes(self, sobject: str, record_id: str | None) -> Json:
        return {"type": sobject, "url": f"/services/data/v{self.version}/sobjects/{sobject}/{record_id}"}

    def _add_children(self, child: Child, records: list[Json], keys: list[str]) -> None:
        table = self._child_rows(child, keys)
        written = self.records(child.query, table)
        by_parent: dict[str, list[Json]] = {}
        for parent, record in zip(table.column(PARENT).to_pylist(), written, strict=True):
            by_parent.setdefault(parent, []).append(record)
        for key, record in zip(keys, records, strict=True):
            found = by_parent.get(key)
            record[child.relationship] = found and {"totalSize": len(found), "done": True, "records": found}

    def _child_rows(self, child: Child, keys: list[str]) -> pa.Table:
        wanted = ", ".join(sql_text(key) for key in keys) or "NULL"
        sql = f'SELECT * FROM ({child.query.sql}) WHERE "{PARENT}" IN ({wanted})'  # noqa: S608 - quoted values
        with self.store.cursor() as cursor:
            return to_table(cursor, sql)


def _value(column: Column, row: Json) -> Any:
    if not column.components:
        return row[column.sql_name] if column.sql_name else None
    parts = {key: row[name] for key, name in column.components}
    return parts if any(value is not None for value in parts.values()) else None
