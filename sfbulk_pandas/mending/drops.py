"""Fixes that lose something: cells left blank, and rows left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.mending.code import drop_code, has_texts, headed, list_code, literal, pattern_code, texts_line
from sfbulk_pandas.mending.fix import Fix
from sfbulk_pandas.preflight.texts import EMAIL
from sfbulk_pandas.preflight.typed import FORMS, XSD
from sfbulk_pandas.salesforce.sobject import FieldType

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.mending.bad import BadCells

_FEW = 30  # values that are written out one by one, for they can be read
_MANY = 1_000
_NOT_BLANK = r"(?:{})?|#N/A"


def drop(cells: BadCells) -> Fix | None:
    """Leave refused cells blank: those of a few values by their value, many by the form that the field wants."""
    if not cells.may_be_blank:
        return None
    lines = _by_text(cells) if has_texts(cells.series) else _by_number(cells)
    return _drop(cells, "drop cell", "leaves the refused cells blank", lines) if lines else None


def _drop(cells: BadCells, name: str, what: str, lines: list[str]) -> Fix:
    code = drop_code(cells.series, cells.name, lines)
    return cells.fix(name, f"{what}; {cells.blank_means}", code, certain=False)


def _by_text(cells: BadCells) -> list[str]:
    texts = [each for each in cells.raw.tolist() if each]
    line = texts_line(cells.series)
    if len(texts) <= _FEW:
        return [line, f"rows = texts.isin({list_code(texts)})"] if texts else []
    rule, covered = _rule(cells)
    rest = [] if covered is None else cells.raw[~covered & cells.raw.ne("")].tolist()
    if rule and len(rest) <= _MANY:
        return [line, f"rows = {rule}", *([f"rows |= texts.isin({list_code(rest)})"] if rest else [])]
    return [line, f"rows = texts.isin({list_code(texts)})"] if len(texts) <= _MANY else []


def _rule(cells: BadCells) -> tuple[str, pd.Series[Any] | None]:
    """Return what holds of cells without the field's form, as code, and of which of the refused texts it holds."""
    most, texts = cells.field.length, cells.raw
    if cells.kind in XSD:
        pattern = _NOT_BLANK.format(FORMS[XSD[cells.kind]].removeprefix("^").removesuffix("$"))
    elif cells.kind is FieldType.EMAIL:
        pattern = _NOT_BLANK.format(EMAIL[1:-1])
    elif cells.kind is FieldType.PICKLIST and cells.field.restricted_picklist:
        allowed = ["", *cells.field.picklist_values]
        return f"texts.notna() & ~texts.str.strip().isin({list_code(allowed)})", ~texts.str.strip().isin(allowed)
    elif most:
        return f"texts.str.strip().str.len() > {most}", texts.str.strip().str.len() > most
    else:
        return "", None
    blanks = r"[ \t\r\n]*" if cells.kind is FieldType.EMAIL else ""
    pattern = f"{blanks}(?:{pattern}){blanks}"
    return f"texts.notna() & ~texts.str.fullmatch({pattern_code(pattern)}, na=False)", ~texts.str.fullmatch(pattern)


def _by_number(cells: BadCells) -> list[str]:
    if cells.series.dtype.kind not in "iuf":
        return []
    values = cells.series[cells.bad].dropna().drop_duplicates()
    return [f"rows = cells.isin({list_code(values.tolist())})"] if 0 < len(values) <= _MANY else []


def drop_named(cells: BadCells, codes: list[str]) -> Fix | None:
    """Leave cells blank that Salesforce's answer names, where no check could tell."""
    if not codes or not cells.may_be_blank:
        return None
    named = "|".join(sorted(cells.terms.names_of(cells.column)))
    fields = 'fixed["error_fields"].astype(object)'
    is_named = f'{fields}.str.contains(r"(?i)\\b(?:{named})\\b", na=False)'
    lines = [f'rows = fixed["error_code"].isin({list_code(codes)}) & {is_named}']
    if cells.is_path:
        lines = [
            'pairs = zip(cells.astype(object), fixed["sf__Error"].astype(object))',
            "named = [(pd.notna(cell) and str(cell).lower(), str(error).lower()) for cell, error in pairs]",
            "told = pd.Series([bool(cell) and cell in error for cell, error in named], cells.index, bool)",
            f'rows = fixed["error_code"].isin({list_code(codes)}) & ({is_named} | fixed["error_fields"].isna() & told)',
        ]
    what = f"leaves cells blank that Salesforce's answer names ({', '.join(codes)})"
    return _drop(cells, "drop named cell", what, lines)


def leave_out(code: str, fields: str) -> Fix:
    """Leave rows out that no rule can mend, so that they are not sent in vain."""
    named = f'fixed["error_fields"].isin([{literal(fields)}])' if fields else 'fixed["error_fields"].isna()'
    text = f'rows = fixed["error_code"].isin([{literal(code)}]) & {named}\nfixed = fixed[~rows]'
    what = f"leaves rows out that were refused by {code}; they stay failed"
    return Fix(None, fields, "leave out", what, certain=False, code=headed("rows", what, text))
