"""Fixes of cells that are not of their field's type, where it is plain what was meant: numbers, days, yes and no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.mending.code import list_code, pattern_code
from sfbulk_pandas.mending.picklists import mapping_lines
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    from sfbulk_pandas.mending.bad import BadCells
    from sfbulk_pandas.mending.fix import Fix

_YES = frozenset({"yes", "y", "t", "on", "ja", "oui", "sí", "1.0"})
_NO = frozenset({"no", "n", "f", "off", "nein", "non", "0.0"})
_NOTHING = frozenset(
    {"n/a", "n.a.", "na", "nan", "nat", "none", "null", "nil", "-", "--", "?", "unknown", "unbekannt", "tbd"}
)
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y")
_DIGITS = r"^\d{1,2}[/-]\d{1,2}[/-]\d{4}$"
_MIDNIGHT = r"\d{4}-\d\d-\d\d[ T]00:00(?::00(?:\.0+)?)?Z?"
_MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_TYPED = frozenset({FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME, FieldType.TIME, FieldType.EMAIL})


def boolean(cells: BadCells) -> Fix | None:
    """Write true and false for yes and no."""
    if cells.kind is not FieldType.BOOLEAN:
        return None
    lower = cells.texts.str.lower()
    pairs = dict.fromkeys(cells.texts[lower.isin(_YES)], "true") | dict.fromkeys(cells.texts[lower.isin(_NO)], "false")
    return cells.mend("yes and no", "writes true and false", mapping_lines(pairs)) if pairs else None


def no_value(cells: BadCells) -> Fix | None:
    """Leave a cell without a value that says in a word that it has none."""
    if not (cells.kind in _TYPED or cells.kind.is_number) or not cells.may_be_blank or cells.is_path:
        return None
    words = cells.texts[cells.texts.str.lower().isin(_NOTHING)].tolist()
    if not words:
        return None
    lines = [f"rows = texts.isin({list_code(words)})", "cells.loc[rows] = None"]
    what = f"leaves cells blank that say in a word that there is no value; {cells.blank_means}"
    return cells.mend("no value", what, lines)


def date(cells: BadCells) -> Fix | None:
    """Write days as 2024-12-31, where the form leaves no doubt which day is meant."""
    if cells.kind is not FieldType.DATE or not len(cells.texts):
        return None
    styles, lines = _styles(cells.texts), []
    if cells.texts.str.fullmatch(_MIDNIGHT).any():
        lines = [
            f"rows = texts.str.fullmatch({pattern_code(_MIDNIGHT)}, na=False)",
            "cells.loc[rows] = texts[rows].str.slice(0, 10)",
        ]
    if styles:
        lines += [
            f"for style in {list_code(styles)}:",
            '    days = pd.to_datetime(texts, format=style, errors="coerce")',
            "    rows = days.notna()",
            '    cells.loc[rows] = days[rows].dt.strftime("%Y-%m-%d")',
        ]
    return cells.mend("date", "writes days as 2024-12-31", lines) if lines else None


def _styles(texts: pd.Series[Any]) -> list[str]:
    """Return the styles in which some of the texts are written; what one can read is not shown to the next."""
    styles = []
    for style in (*_DATES, *_by_evidence(texts)):
        unread = pd.to_datetime(texts, format=style, errors="coerce").isna()
        styles += [] if unread.all() else [style]
        texts = texts[unread]
    return styles


def _by_evidence(texts: pd.Series[Any]) -> list[str]:
    """Return which of day and month comes first, where some cell says so and none says the other."""
    parts = texts[texts.str.contains(_DIGITS)].str.extract(r"^(\d+)([/-])(\d+)")
    found = []
    for sign, rows in parts.groupby(1):
        first, second = (rows[place].astype(int).max() > _MONTHS for place in (0, 2))
        if first != second:
            found.append(f"%d{sign}%m{sign}%Y" if first else f"%m{sign}%d{sign}%Y")
    return found


_MONTHS = 12


def moment(cells: BadCells) -> Fix | None:
    """Write the T between day and time, where the zone is there."""
    if cells.kind is not FieldType.DATETIME or not cells.texts.str.fullmatch(_MOMENT).any():
        return None
    lines = [
        f"rows = texts.str.fullmatch({pattern_code(_MOMENT)}, na=False)",
        'cells.loc[rows] = texts[rows].str.replace(" ", "T", regex=False)',
    ]
    return cells.mend("datetime", "writes a T between day and time", lines)
