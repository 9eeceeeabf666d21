"""Records as REST answers them, nested JSON values, as rows. A page holds 2,000 at most."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Record = Mapping[str, Any]


def record_texts(records: Sequence[Record], columns: Mapping[str, tuple[str, ...]]) -> pa.RecordBatch:
    """Return records as a record batch of texts, as the CSV of a bulk job has them.

    Parameters
    ----------
    records : sequence of mapping
        With parents as mappings within.
    columns : mapping of str to tuple of str
        For each column, the way to its value, in any case; what a record does not have is null.

    Examples
    --------
    >>> record = {"Account": {"Name": "Acme"}, "Staff__c": 3.0}
    >>> record_texts([record], {"Account.Name": ("account", "name"), "Staff__c": ("staff__c",)}).to_pylist()
    [{'Account.Name': 'Acme', 'Staff__c': '3.0'}]
    """
    lowered = [_lowered(record) for record in records]
    return pa.record_batch({name: _column(lowered, key) for name, key in columns.items()})


def _lowered(record: Record) -> Record:
    return {name.lower(): _lowered(value) if isinstance(value, dict) else value for name, value in record.items()}


def _column(records: Sequence[Record], key: tuple[str, ...]) -> pa.Array:
    names = [name.lower() for name in key]
    return pa.array([_text(_reached(record, names)) for record in records], pa.string())


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
