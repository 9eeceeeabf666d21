"""Fields as a table that is made to be read: what is particular about each, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sfbulk_pandas.display.cells import shorten
from sfbulk_pandas.display.html import Html, tag
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfbulk_pandas.salesforce.sobject import FieldDescribe

_STANDS_OUT = frozenset({"required", "key", "external id"})
_SHOWN_CHARS, _TITLE_CHARS = 100, 6_000
_TYPE_CHARS, _VALUES_CHARS = 24, 40  # in a terminal; API names are not cut for them


def plain_fields(fields: Sequence[FieldDescribe]) -> pd.DataFrame:
    """Return a row a field for a terminal: type, what is particular, values; the index has the names."""
    rows = {
        "type": [shorten(field.type_text, _TYPE_CHARS) for field in fields],
        "what": [", ".join(_words(field)) for field in fields],
        "values": [shorten(_values(field), _VALUES_CHARS) for field in fields],
    }
    return pd.DataFrame(rows, pd.Index([field.name for field in fields], name="field"), dtype="object")


def shown_fields(fields: Sequence[FieldDescribe]) -> pd.DataFrame:
    """Return a row a field for HTML: name, label, type, what is particular, values."""
    rows = {
        "field": [tag("b" if field.is_required else "span", field.name) for field in fields],
        "label": [field.label for field in fields],
        "type": [field.type_text for field in fields],
        "what": [_badges(_words(field)) for field in fields],
        "values": [_cut(_values(field)) for field in fields],
    }
    return pd.DataFrame(rows, dtype="object")


def _cut(text: str) -> Html:
    """Return a text with the whole of it when pointed at: of a picklist, each value counts."""
    title = shorten(text, _TITLE_CHARS) if len(text) > _SHOWN_CHARS else None
    return tag("span", shorten(text, _SHOWN_CHARS), title=title)


def _badges(words: Sequence[str]) -> Html:
    parts = [tag("b", word) if word in _STANDS_OUT else tag("span", word, class_="sf-dim") for word in words]
    return tag("span", Html(", ".join(parts)), class_="sf-one")


def _words(field: FieldDescribe) -> list[str]:
    said = {
        "required": field.is_required,
        "external id": field.external_id,
        "key": field.can_be_key and not field.external_id,
        "unique": field.unique,
        "formula": field.calculated,
        "auto number": field.auto_number,
    }
    return [*(word for word, is_so in said.items() if is_so), *_rights(field)]


def _rights(field: FieldDescribe) -> list[str]:
    if field.createable == field.updateable:
        return [] if field.createable or field.calculated or field.auto_number else ["read only"]
    return ["insert only" if field.createable else "update only"]


def _values(field: FieldDescribe) -> str:
    """Return allowed values, the way to a parent, and the default."""
    said = [_choices(field)] if field.picklist_values else []
    if field.relationship_name:
        said.append(f"relationship {field.relationship_name}")
    if field.default_value not in {None, ""}:
        said.append(f"default {_plain(field.default_value)}")
    return "; ".join(said)


def _choices(field: FieldDescribe) -> str:
    how = "any" if field.type is FieldType.MULTIPICKLIST else "one"
    others = "" if field.restricted_picklist else ", or others"
    return f"{how} of {len(field.picklist_values):,}: {', '.join(field.picklist_values)}{others}"


def _plain(value: str | bool | float | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
