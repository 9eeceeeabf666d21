"""Records as REST answers them, nested JSON values, as rows of a schema. A page holds 2,000 at most."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sfbulk_pandas.codec.typed import typed_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Record = Mapping[str, Any]


def records_batch(records: Sequence[Record], schema: pa.Schema, keys: Sequence[tuple[str, ...]]) -> pa.RecordBatch:
    """Return records as a record batch.

    Parameters
    ----------
    records : sequence of mapping
        With parents as mappings within.
    schema : pyarrow.Schema
    keys : sequence of tuple of str
        For each column, the way to its value, in any case; what a record does not have is null.

    Raises
    ------
    DecodeError
        Where a value does not fit its type, with column and value.

    Examples
    --------
    >>> schema = pa.schema([("Account.Name", pa.string()), ("Staff__c", pa.int64())])
    >>> record = {"Account": {"Name": "Acme"}, "Staff__c": 3.0}
    >>> records_batch([record], schema, [("account", "name"), ("staff__c",)]).to_pylist()
    [{'Account.Name': 'Acme', 'Staff__c': 3}]
    """
    lowered = [_lowered(record) for record in records]
    columns = [_column(lowered, field, key) for field, key in zip(schema, keys, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _lowered(record: Record) -> Record:
    return {name.lower(): _lowered(value) if isinstance(value, dict) else value for name, value in record.items()}


def _column(records: Sequence[Record], field: pa.Field, key: tuple[str, ...]) -> pa.Array:
    names = [name.lower() for name in key]
    texts = [_text(_reached(record, names)) for record in records]
    return typed_column(pa.array(texts, pa.string()), field)


def _reached(record: Any, names: Sequence[str]) -> Any:
    for name in names:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def _text(value: Any) -> str | None:
    """Write a value as the CSV of a bulk job has it; an empty text is null there, too."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False)
