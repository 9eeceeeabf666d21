"""The list of an org's objects: what Salesforce says of each without its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUSTOM = "__c"


@dataclass(frozen=True, slots=True)
class SObjectSummary:
    """What the list of objects says of one. Source: REST API guide, "Describe Global".

    Attributes
    ----------
    name, label, label_plural : str
        API name, and what people see.
    key_prefix : str or None
        First three characters of its records' Ids; None for objects without records of their own.
    custom, custom_setting : bool
    queryable, searchable : bool
        Whether SOQL, and SOSL, can ask for its records.
    createable, updateable, deletable, undeletable : bool
        What this user may do with its records.
    """

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    custom: bool
    custom_setting: bool
    queryable: bool
    searchable: bool
    createable: bool
    updateable: bool
    deletable: bool
    undeletable: bool

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SObjectSummary:
        """Read one entry of the list; keys that are missing or null take Salesforce's usual value.

        Raises
        ------
        TypeError
            Where it has no name, or a text is none.
        """
        name = _text(data["name"])
        label = _text(data.get("label") or name)
        prefix = data.get("keyPrefix")
        return cls(
            name=name,
            label=label,
            label_plural=_text(data.get("labelPlural") or label),
            key_prefix=_text(prefix) if prefix else None,
            custom=_flag(data, "custom", usual=name.endswith(_CUSTOM)),
            custom_setting=_flag(data, "customSetting", usual=False),
            queryable=_flag(data, "queryable"),
            searchable=_flag(data, "searchable"),
            createable=_flag(data, "createable"),
            updateable=_flag(data, "updateable"),
            deletable=_flag(data, "deletable"),
            undeletable=_flag(data, "undeletable"),
        )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def _flag(data: Mapping[str, Any], key: str, *, usual: bool = True) -> bool:
    value = data.get(key)
    return usual if value is None else bool(value)
