"""The list of an org's objects as a frame."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.display.html import tag
from sfbulk_pandas.jobs.explore.view import ViewedFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.salesforce.sobject_list import SObjectSummary

_TEXTS = ("name", "label", "label_plural", "key_prefix")
_FLAGS = (
    *("custom", "custom_setting", "queryable", "searchable"),
    *("createable", "updateable", "deletable", "undeletable"),
)
_SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXTS), *((name, pa.bool_()) for name in _FLAGS)])
_RIGHTS = {"queryable": "query", "createable": "insert", "updateable": "update", "deletable": "delete"}
_KINDS = {"custom_setting": "custom setting", "custom": "custom"}
_NOTE = '`frame[frame["custom"]]` leaves your own objects; `org.describe(name)` tells of the fields of one'


class SObjectList(ViewedFrame):
    """An org's objects as a DataFrame, a row an object, sorted by name.

    Whatever is done with it gives a plain DataFrame.

    Columns
    -------
    name, label, label_plural : str
        API name, and what people see.
    key_prefix : str
        First three characters of its records' Ids; missing for objects without records of their own.
    custom, custom_setting : boolean
    queryable, searchable, createable, updateable, deletable, undeletable : boolean
        What this user may do with its records.

    Parameters
    ----------
    sobjects : sequence of SObjectSummary
    """

    def __init__(self, sobjects: Sequence[SObjectSummary]) -> None:
        rows = [asdict(each) for each in sorted(sobjects, key=lambda each: each.name.lower())]
        custom = sum(each.custom for each in sobjects)
        title = f"{len(rows):,} objects, {custom:,} of them custom"
        super().__init__(to_pandas(pa.Table.from_pylist(rows, _SCHEMA)), title, note=_NOTE)

    def _drawn(self, *, html: bool) -> pd.DataFrame:
        names = [tag("b", name) if html else name for name in self["name"]]
        columns = {
            "name": names,
            "label": list(self["label"]),
            "Ids": list(self["key_prefix"]),
            "you may": self._words(_RIGHTS, none="nothing"),
            "what": self._words(_KINDS, none=""),
        }
        return pd.DataFrame(columns, dtype="object")

    def _words(self, words: dict[str, str], *, none: str) -> list[str]:
        flags = zip(*(self[name] for name in words), strict=True)
        said = [[word for word, is_so in zip(words.values(), row, strict=True) if is_so] for row in flags]
        return [", ".join(each) or none for each in said]
