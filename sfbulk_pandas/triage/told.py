"""What the panel says, as blocks of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.display.blocks import bar, card, facts, table
from sfbulk_pandas.display.html import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sfbulk_pandas.mending import Tried
    from sfbulk_pandas.salesforce.sobject import FieldDescribe
    from sfbulk_pandas.triage.causes import Cause
    from sfbulk_pandas.triage.model import Triage
    from sfbulk_pandas.triage.sheet import Sheet

_ALLOWED = 30
_FIELDS = 2
_KEYS = "typing writes over the chosen cell, Enter keeps it"
_CELL_CHARS = 40


def rows_text(count: int) -> str:
    """Count rows in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def head(triage: Triage) -> Html:
    """Say of the whole load how it stands."""
    counts = {name: count for name, count in triage.result.counts.items() if name != "rows"}
    left = f"{rows_text(len(triage.fixed))} to mend" if len(triage.fixed) else "nothing left to mend"
    return card(f"{str(triage.result.operation).capitalize()} {triage.result.sobject}: {left}", bar(counts))


def cause_line(cause: Cause, refused: int) -> str:
    """Name a cause on one line: code and fields, its rows, and how many of them are still refused."""
    rows = rows_text(len(cause.rows))
    if cause.passes:
        return f"↻ {cause.name}: {rows}, retry as they are"
    return f"✗ {cause.name}: {refused:,} of {rows} refused" if refused else f"✓ {cause.name}: {rows} mended"


def cause_told(cause: Cause, refused: int) -> Html:
    """Tell of a cause: what it means, and whether a retry helps."""
    rows, helps = rows_text(len(cause.rows)), "may succeed as it is: the cause passes by itself"
    if not cause.passes:
        rows = f"{rows}, {refused:,} still refused"
        helps = (
            "fails again where a row is still refused" if refused else "all of these rows have been changed: retry them"
        )
    said = {"Rows": rows, "Salesforce says": cause.message or None, "Advice": cause.advice, "Retry": helps}
    return card(cause.name, facts(said))


def fields_told(triage: Triage, cause: Cause) -> Html:
    """Tell what the describe says of the fields that a cause names, or else of those refused in its rows."""
    labels = triage.named(cause) or triage.concerned(cause)
    found = [_field_told(triage, label) for label in labels[:_FIELDS]]
    return join(*(each for each in found if each is not None))


def _field_told(triage: Triage, label: Hashable) -> Html | None:
    terms = triage.result.terms
    column = None if terms is None else terms.column_of(label)
    field = None if terms is None or column is None else column.field or terms.field_set(column)
    if column is None or field is None:
        return None
    header = column.header if str(label) == column.header else f"{label}, field {column.header}"
    return card(header, facts(facts_of(field)))


def facts_of(field: FieldDescribe) -> dict[str, Any]:
    """Return what a describe says of a field, as pairs; None where it says nothing."""
    whole = field.precision - field.scale
    digits = f"{whole} digits before the point, {field.scale} after it" if field.precision else ""
    allowed = ", ".join(field.picklist_values[:_ALLOWED])
    more = len(field.picklist_values) - _ALLOWED
    traits = {"required": field.is_required, "unique": field.unique, "external id": field.external_id}
    return {
        "Type": ", ".join([str(field.type), *(name for name, holds in traits.items() if holds)]),
        "Length": f"at most {field.length:,} characters" if field.length and not field.type.is_id else None,
        "Digits": digits or (f"at most {field.digits} digits" if field.digits else None),
        "Allowed": (f"{allowed} and {more:,} more" if more > 0 else allowed) or None,
        "Refers to": ", ".join(field.reference_to) or None,
    }


def fix_told(tried: Tried) -> Html:
    """Tell of a fix beside its button: what it does, how many rows it changes, and what is refused before and after."""
    fix = tried.fix
    certain = tag("b", "✓ certain" if fix.certain else "? you decide")
    where = "" if fix.column is None else f"{fix.column}: "
    counts = f"{rows_text(tried.rows)} changed, refused {tried.before:,} → {tried.after:,}"
    if fix.column is None:
        counts = f"{rows_text(tried.rows)} left out"
    parts = [certain, f" {where}{fix.what}. {counts}"]
    if fix.column is not None:
        parts += [". ", tag("code", _cell(tried.old)), " → ", tag("code", _cell(tried.new))]
    return tag("div", *parts, class_="sfbulk")


def _cell(value: Any) -> str:
    text = "blank" if pd.isna(value) else str(value)
    return text if len(text) <= _CELL_CHARS else f"{text[:_CELL_CHARS]}…"


def sheet_told(sheet: Sheet) -> str:
    """Say which of a cause's rows the grid shows."""
    last = sheet.start + len(sheet.rows)
    if not sheet.is_part:
        return f"{rows_text(sheet.total)}; {_KEYS}"
    return f"rows {sheet.start + 1:,} to {last:,} of {sheet.total:,}; edits on other pages are kept; {_KEYS}"


def report_told(report: pd.DataFrame) -> Html:
    """Show what a check found: what is still refused first."""
    refused = report[report["severity"].isin(["error", "row"])]
    if refused.empty:
        notes = report[report["severity"].eq("plan")][["check", "value", "suggestion"]]
        return card("✓ Check: nothing would be refused, as far as can be told", table(notes.reset_index(drop=True)))
    kinds = refused.assign(column=refused["column"].map(str)).groupby(["column", "check"], sort=False)
    shown = kinds.agg(rows=("index", "size"), such_as=("value", "first"), suggestion=("suggestion", "first"))
    rows = refused["index"].map(repr).nunique()
    return card(f"✗ Check: {rows_text(rows)} would still be refused", table(shown.reset_index()))


def result_told(triage: Triage, before: Mapping[str, int]) -> Html:
    """Show what a retry came to, given the counts before it."""
    more = triage.result.counts["successful"] - before["successful"]
    left = len(triage.fixed)
    are = "is" if left == 1 else "are"
    title = f"✓ Retried: {more:,} more rows are in, {f'{left:,} {are} still open' if left else 'none is left'}"
    return card(title, note=join(tag("code", ".result"), " of the panel is the result of the whole load."))


def problem_told(error: Exception) -> Html:
    """Show what went wrong."""
    return card(f"✗ {type(error).__name__}", str(error))
