"""What a REST query's columns are, as ``query?q=...&columns=true`` answers: the Salesforce CLI asks it of every query.

No guide describes it. Source of the shape: answers that the Salesforce CLI's own tests hold (salesforcecli/plugin-data,
``test/test-files/queryFields.exemplars.ts``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.local_org.soql.compiled import Column, Compiled
    from sfbulk_pandas.local_org.store import Store

Json = dict[str, Any]

_NUMBERS = {FieldType.INT: "Integer"} | dict.fromkeys(
    (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT), "Double"
)
_APEX = _NUMBERS | {
    FieldType.ID: "Id",
    FieldType.REFERENCE: "Id",
    FieldType.BOOLEAN: "Boolean",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "Datetime",
    FieldType.TIME: "Time",
    FieldType.ADDRESS: "Address",
    FieldType.LOCATION: "Location",
}
_TEXT = "String"


def column_metadata(store: Store, compiled: Compiled) -> Json:
    """Return what the columns of a query are.

    Parameters
    ----------
    store : Store
    compiled : Compiled

    Returns
    -------
    dict
        ``columnMetadata``, a parent's and a child's columns nested in ``joinColumns``; ``entityName`` and others.
    """
    described = store.describe(compiled.sobject)
    return {
        "columnMetadata": _Level(store, compiled).entries(),
        "entityName": compiled.sobject,
        "groupBy": compiled.is_aggregate,
        "idSelected": any(column.name == "Id" for column in compiled.columns),
        "keyPrefix": described.json.get("keyPrefix") if described else None,
    }


@dataclass
class _Level:
    """The columns of one level of a query: its own and its parents' in the order of its SELECT, then its children's."""

    store: Store
    compiled: Compiled
    _found: list[Json] = field(default_factory=list)
    _joins: dict[tuple[str, ...], list[Json]] = field(default_factory=dict)

    def entries(self) -> list[Json]:
        self._joins[()] = self._found
        for column in self.compiled.columns:
            self._join(column.path[:-1]).append(self._entry(column))
        for child in self.compiled.children:
            inner = _Level(self.store, child.query).entries()
            self._found.append(_entry(child.relationship, aggregate=True, joinColumns=inner))
        return self._found

    def _join(self, path: tuple[str, ...]) -> list[Json]:
        """Return where the columns of a parent go."""
        if path not in self._joins:
            self._joins[path] = []
            foreign_key = self._flags(path, "relationshipName").get("name")
            entry = _entry(path[-1], foreignKeyName=foreign_key, joinColumns=self._joins[path])
            self._join(path[:-1]).append(entry)
        return self._joins[path]

    def _entry(self, column: Column) -> Json:
        name = column.path[-1]
        flags = self._flags(column.path, "name")
        apex = _APEX.get(column.type, _TEXT)
        more: Json = {"numberType": column.type in _NUMBERS}
        if not flags:
            return _entry(name, displayName=_function(column.written), aggregate=True, **more)
        more |= {"insertable": bool(flags.get("createable")), "updatable": bool(flags.get("updateable"))}
        more |= {"booleanType": apex == "Boolean", "textType": apex == _TEXT}
        return _entry(name, apexType=apex, custom=bool(flags.get("custom")), **more)

    def _flags(self, path: tuple[str, ...], key: str) -> Mapping[str, Any]:
        """Return the describe's entry of the field whose ``key`` is the path's end; empty for a function."""
        parents = {parent.path: parent.sobject for parent in self.compiled.parents}
        described = self.store.describe(parents.get(path[:-1], self.compiled.sobject))
        fields = described.json["fields"] if described else ()
        return next((each for each in fields if each.get(key) == path[-1]), {})


def _entry(name: str, **given: Any) -> Json:
    usual: Json = {
        "aggregate": False, "apexType": None, "booleanType": False, "columnName": name, "custom": False,
        "displayName": name, "foreignKeyName": None, "insertable": False, "joinColumns": [], "numberType": False,
        "textType": False, "updatable": False,
    }  # fmt: skip
    return {**usual, **given}


def _function(written: str) -> str:
    """Return a function as the answer shows it: ``avg(Amount)``, whatever the query's case."""
    name, bracket, arguments = written.partition("(")
    return name.lower() + bracket + arguments
