"""Numbers as a spreadsheet shows them: with separators of thousands and currency signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.mending.code import pattern_code
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.mending.bad import BadCells
    from sfbulk_pandas.mending.fix import Fix

_SIGN = r"(?:\s?(?:[$€£¥]|EUR|USD|GBP|CHF)\s?)?"
_WHOLE = {FieldType.INT, FieldType.LONG}
# What can be read in one way only: an English writer's comma and point, or a German one's point and comma.
_ENGLISH = r"[0-9],[0-9]{3},[0-9]|,[0-9]{3}\.[0-9]|\.[0-9]{1,2}\D*$|\.[0-9]{4}"
_GERMAN = r"[0-9]\.[0-9]{3}\.[0-9]|\.[0-9]{3},[0-9]|,[0-9]{1,2}\D*$|,[0-9]{4}"


def number(cells: BadCells) -> Fix | None:
    """Write a number without separators of thousands and signs, where it is plain which of comma and point is which."""
    if not cells.kind.is_number or not len(cells.texts):
        return None
    pattern, comma = _style(cells.texts, cells.kind)
    if not cells.texts.str.fullmatch(pattern).any():
        return None
    strange = r"[^0-9,+-]" if comma else r"[^0-9.+-]"
    mended = f'texts[rows].str.replace({pattern_code(strange)}, "", regex=True)'
    mended += '.str.replace(",", ".", regex=False)' if comma else ""
    mended += r'.str.replace(r"\.0+$", "", regex=True)' if cells.kind in _WHOLE else ""
    lines = [f"rows = texts.str.fullmatch({pattern_code(pattern)}, na=False)", f"cells.loc[rows] = {mended}"]
    return cells.mend("number", "writes numbers without separators of thousands and signs of currency", lines)


def _style(texts: pd.Series[Any], kind: FieldType) -> tuple[str, bool]:
    """Return the form of the numbers that are plain, and whether a comma stands before their fraction."""
    english, german = (bool(texts.str.contains(each).any()) for each in (_ENGLISH, _GERMAN))
    comma = german and not english
    fraction = (",0+" if comma else r"\.0+") if kind in _WHOLE else (",[0-9]+" if comma else r"\.[0-9]+")
    if english == german:  # nobody knows: only what has neither, and whole numbers, which have no fraction
        groups = r"[,'\u2019\s]" if kind in _WHOLE and not german else r"['\u2019\s]"
        fraction = r"\.0+" if kind in _WHOLE and not german else ""
    else:
        groups = r"[.'\u2019\s]" if comma else r"[,'\u2019\s]"
    number = rf"[+-]?(?:[0-9]{{1,3}}(?:{groups}[0-9]{{3}})+|[0-9]+)" + (f"(?:{fraction})?" if fraction else "")
    return _SIGN + number + _SIGN + ("%?" if kind is FieldType.PERCENT else ""), comma
