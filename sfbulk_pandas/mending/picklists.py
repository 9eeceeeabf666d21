"""Fixes of picklists: values that are spelled otherwise, and those that are most like an allowed one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sfbulk_pandas.mending.code import dict_code
from sfbulk_pandas.preflight.findings import nearest
from sfbulk_pandas.salesforce.limits import MULTI_SELECT_SEPARATOR
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.mending.bad import BadCells
    from sfbulk_pandas.mending.fix import Fix

_PICKLISTS = frozenset({FieldType.PICKLIST, FieldType.MULTIPICKLIST})
_COMPARISONS = 50_000  # of a wrong value with a known one: each takes 30 microseconds at most
_LONGEST = 40
Entry = Callable[[str], str | None]


def picklist_case(cells: BadCells) -> Fix | None:
    """Spell values as the list does: case, and blanks."""
    known = {_folded(each): each for each in cells.field.picklist_values}
    pairs = _mended(cells, lambda entry: known.get(_folded(entry)))
    what = "spells values as the list does: case and blanks"
    return cells.mend("picklist case", what, mapping_lines(pairs)) if pairs else None


def nearest_value(cells: BadCells) -> Fix | None:
    """Take the allowed value that is most like the wrong one, where one is; the most frequent ones are looked at."""
    allowed = cells.field.picklist_values
    if not allowed:
        return None
    pairs = _mended(cells, partial(_near, allowed=allowed), limit=max(1, _COMPARISONS // len(allowed)))
    what = "takes the allowed value that is most like it"
    return cells.mend("nearest value", what, mapping_lines(pairs), certain=False) if pairs else None


def mapping_lines(pairs: dict[str, str]) -> list[str]:
    """Write the code that puts some texts for others."""
    return [
        f"known = {dict_code(pairs)}",
        "rows = texts.isin(list(known))",
        "cells.loc[rows] = texts[rows].map(known)",
    ]


def _near(entry: str, allowed: tuple[str, ...]) -> str | None:
    return nearest(entry[:_LONGEST], allowed)


def _mended(cells: BadCells, entry: Entry, limit: int | None = None) -> dict[str, str]:
    """Return text -> value for the refused texts of which every entry is found."""
    if cells.field.type not in _PICKLISTS or not cells.field.restricted_picklist or cells.is_path:
        return {}
    allowed = frozenset(cells.field.picklist_values)
    wrong = [text for text in cells.texts.head(limit).tolist() if text not in allowed] if limit else cells.texts
    found = {text: _value(text, cells.field.type, entry, allowed) for text in wrong}
    return {text: value for text, value in found.items() if value is not None and value != text}


def _value(text: str, kind: FieldType, entry: Entry, allowed: frozenset[str]) -> str | None:
    if kind is FieldType.PICKLIST:
        return entry(text)
    entries = [each.strip() for each in text.split(MULTI_SELECT_SEPARATOR) if each.strip()]
    values = [each if each in allowed else entry(each) for each in entries]
    known = [each for each in values if each is not None]
    return MULTI_SELECT_SEPARATOR.join(dict.fromkeys(known)) if len(known) == len(values) else None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
