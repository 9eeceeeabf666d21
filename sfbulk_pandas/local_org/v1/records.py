"""Rows of a query as Bulk API 1.0 answers them in JSON and XML.

Sources: Bulk API guide, "Get Results for a Batch Query"; JSON as recorded with version 62.0: nested parents, blanks
around colons, datetimes in milliseconds since the epoch. XML results are printed only in part: the fields are named as
in the query, and an empty one is ``xsi:nil``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pyarrow as pa

from sfbulk_pandas.local_org.records_json import RecordWriter
from sfbulk_pandas.local_org.v1.words import NAMESPACE

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.soql.compiled import Compiled
    from sfbulk_pandas.local_org.store import Store

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class JsonWriter:
    """Write records as JSON, a comma before each.

    Parameters
    ----------
    store : Store
    version : str
    compiled : Compiled

    Attributes
    ----------
    header, tail : str, bytes
        Around the records.
    lead : str
        Before each record, and taken away from the first.
    """

    header = "[ "
    tail = b" ]"
    lead = ", "

    def __init__(self, store: Store, version: str, compiled: Compiled) -> None:
        self._records = RecordWriter(store, version, epoch=True)
        self._compiled = compiled

    def lines(self, batch: pa.RecordBatch) -> pa.LargeStringArray:
        """Return one text a record."""
        records = self._records.records(self._compiled, pa.Table.from_batches([batch]))
        texts = (json.dumps(each, ensure_ascii=False, indent=2, separators=(",", " : ")) for each in records)
        return pa.array([self.lead + text for text in texts], pa.large_string())


class XmlWriter:
    """Write records as XML.

    Parameters
    ----------
    store : Store
    version : str
    compiled : Compiled

    Attributes
    ----------
    header, tail : str, bytes
        Around the records.
    """

    header = f'<?xml version="1.0" encoding="UTF-8"?><queryResult\n   xmlns="{NAMESPACE}" xmlns:xsi="{_XSI}">\n'
    tail = b"</queryResult>"

    def __init__(self, store: Store, version: str, compiled: Compiled) -> None:
        self._records = RecordWriter(store, version, zone="Z")
        self._compiled = compiled

    def lines(self, batch: pa.RecordBatch) -> pa.LargeStringArray:
        """Return one element a record."""
        records = self._records.records(self._compiled, pa.Table.from_batches([batch]))
        return pa.array([_element("records", each, 1) for each in records], pa.large_string())


def _element(name: str, value: Any, depth: int) -> str:
    indent = " " * depth
    if value is None:
        return f'{indent}<{name} xsi:nil="true" />\n'
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"{indent}<{name}>{escape(text)}</{name}>\n"
    kind = _element("type", value["attributes"]["type"], depth + 1)
    fields = (_element(field, each, depth + 1) for field, each in value.items() if field != "attributes")
    return f'{indent}<{name} xsi:type="sObject">\n{kind}{"".join(fields)}{indent}</{name}>\n'
