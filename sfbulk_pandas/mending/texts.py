"""Fixes of texts: blanks at their ends, mail addresses, too many characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.mending.code import mend_code, pattern_code
from sfbulk_pandas.preflight.texts import EMAIL, LIMITED
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.mending.bad import BadCells
    from sfbulk_pandas.mending.fix import Fix

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # no width, and no blanks to Python
_ENDS = r"^\s|\s$"
_NEVER_CUT = frozenset({FieldType.EMAIL, FieldType.URL, FieldType.PICKLIST, FieldType.ENCRYPTEDSTRING})
_ADDRESS = f"address = {pattern_code(EMAIL[1:-1])}"
_BARE = r"^.*<([^<>]*)>\s*$"
_AROUND = r"(?i)^mailto:|^[\s.,;:<>\"'()\[\]]+|[\s.,;:<>\"'()\[\]]+$"
_INSIDE = r"\s*([@.])\s*"
_AT = r"(?i)\s*(?:\(at\)|\[at\]| at |@{2,})\s*"


def trim(cells: BadCells) -> Fix | None:
    """Take blanks away at both ends: also those that Salesforce leaves, such as the unbreakable one."""
    hidden = cells.raw.str.contains(f"[{_INVISIBLE}]").any() if len(cells.raw) else False
    ends = rf"^[\s{_INVISIBLE}]|[\s{_INVISIBLE}]$" if hidden else _ENDS
    if not (len(cells.raw) and cells.raw.str.contains(ends).any()):
        return None
    blanks = ascii(" \t\r\n\xa0\u2007\u202f" + _INVISIBLE) if hidden else ""
    lines = [
        f"rows = texts.str.contains({pattern_code(ends)}, na=False)",
        f"cells.loc[rows] = texts[rows].str.strip({blanks})",
    ]
    code = mend_code(cells.series, cells.name, lines, stripped="")
    return cells.fix("trim", "takes the blanks at both ends away", code, certain=True)


def mail_blanks(cells: BadCells) -> Fix | None:
    """Take away what stands around an address, and blanks within it."""
    if cells.kind is not FieldType.EMAIL:
        return None
    mended = _bare(cells)
    if not mended.str.fullmatch(EMAIL).any():
        return None
    lines = [
        _ADDRESS,
        f'mended = texts.str.replace({pattern_code(_BARE)}, r"\\1", regex=True)',
        f'mended = mended.str.replace({pattern_code(_AROUND)}, "", regex=True)',
        f'mended = mended.str.replace({pattern_code(_INSIDE)}, r"\\1", regex=True)',
        "rows = mended.str.fullmatch(address, na=False) & ~texts.str.fullmatch(address, na=False)",
        "cells.loc[rows] = mended[rows]",
    ]
    return cells.mend("e-mail blanks", "takes away blanks in an address, brackets and points around it", lines)


def _bare(cells: BadCells) -> pd.Series[Any]:
    mended = cells.texts.str.replace(_BARE, r"\1", regex=True).str.replace(_AROUND, "", regex=True)
    return mended.str.replace(_INSIDE, r"\1", regex=True)


def mail_signs(cells: BadCells) -> Fix | None:
    """Put the sign that was meant into an address: a point for a comma, one @ for two or for the word."""
    if cells.kind is not FieldType.EMAIL or not len(cells.texts):
        return None
    mended = cells.texts.str.replace(_AT, "@", regex=True).str.replace(",", ".", regex=False)
    if not mended.str.fullmatch(EMAIL).any():
        return None
    lines = [
        _ADDRESS,
        f'mended = texts.str.replace({pattern_code(_AT)}, "@", regex=True).str.replace(",", ".", regex=False)',
        "rows = mended.str.fullmatch(address, na=False) & ~texts.str.fullmatch(address, na=False)",
        "cells.loc[rows] = mended[rows]",
    ]
    what = "writes a point for a comma, and one @ for two or for the word at, where that makes an address"
    return cells.mend("e-mail signs", what, lines, certain=False)


def cut(cells: BadCells) -> Fix | None:
    """Cut a text to the field's length. A key is never cut: it would be another."""
    field, most = cells.field, cells.field.length
    is_name = field.external_id or field.unique or field.id_lookup or cells.is_path
    if field.type not in LIMITED - _NEVER_CUT or is_name or not most or not len(cells.raw):
        return None
    lines = [
        'texts = texts.str.replace("\\r\\n", "\\n", regex=False)',
        f"rows = texts.str.len() > {most}",
        f"cells.loc[rows] = texts[rows].str.slice(0, {most})",
    ]
    return cells.mend("cut to length", f"cuts the text to the field's {most:,} characters", lines, certain=False)
