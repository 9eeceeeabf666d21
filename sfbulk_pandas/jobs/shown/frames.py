"""The lists that users look at, as frames that show what matters first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.display.shown import ShownFrame, columns_first
from sfbulk_pandas.mending.suggest import COLUMNS
from sfbulk_pandas.progress.report import kinds_table

if TYPE_CHECKING:
    import pandas as pd

# What loads and extracts use, and what stops them.
_USED_HERE = ("DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB")
_SINGLY = 20  # findings that are shown one by one; more of them, a line a kind


def shown_jobs(frame: pd.DataFrame, title: str = "Jobs") -> ShownFrame:
    """Return a list of jobs."""
    return ShownFrame(frame, title, kinds={"state": "status", "id": "code", "ours": "code"}, view=_jobs)


def shown_loads(frame: pd.DataFrame) -> ShownFrame:
    """Return the loads of the journal."""
    note = "An unfinished load goes on with `sfbulk.resume(load_id, frame)`." if _is_any(frame, "unfinished") else ""
    return ShownFrame(frame, "Loads", note=note, kinds={"state": "status", "load_id": "code"}, view=_loads)


def shown_limits(frame: pd.DataFrame) -> ShownFrame:
    """Return the org's limits."""
    return ShownFrame(frame, "Limits of the org", kinds={"used_share": "share"}, view=_limits)


def shown_errors(frame: pd.DataFrame) -> ShownFrame:
    """Return causes of failure."""
    return ShownFrame(frame, "Causes of failure", kinds={"code": "code"}, view=_errors)


def shown_report(frame: pd.DataFrame, title: str = "Report of the check") -> ShownFrame:
    """Return what a check has found."""
    return ShownFrame(frame, title, kinds={"severity": "status"}, view=_report)


def shown_fixes(frame: pd.DataFrame) -> ShownFrame:
    """Return what mends rows that failed."""
    note = "`result.apply(fixes)` applies them, or those that you choose; `code` does the same with pandas alone."
    return ShownFrame(frame, "What mends the failed rows", note=note if len(frame) else "", view=_fixes)


def _is_any(frame: pd.DataFrame, state: str) -> bool:
    return bool((frame["state"] == state).any())


def _jobs(frame: pd.DataFrame) -> pd.DataFrame:
    return columns_first(frame, "id", "state", "operation", "object", "processed", "failed", "age", "ours")


def _loads(frame: pd.DataFrame) -> pd.DataFrame:
    first = columns_first(frame, "load_id", "state", "operation", "sobject", "rows", "successful", "failed")
    dull = [name for name in ("retry_of", "unknown", "unprocessed") if name in first and _says_nothing(first[name])]
    return first.drop(columns=dull)


def _says_nothing(column: pd.Series) -> bool:
    return bool((column.isna() | (column == 0)).all())


def _limits(frame: pd.DataFrame) -> pd.DataFrame:
    if not {"name", "used_share"} <= set(frame.columns):
        return frame
    rank = frame["name"].map({name: at for at, name in enumerate(_USED_HERE)}).fillna(len(_USED_HERE))
    order = frame.assign(_rank=rank).sort_values(["_rank", "used_share"], ascending=[True, False], kind="stable").index
    return columns_first(frame.loc[order].reset_index(drop=True), "name", "used_share", "used", "max", "remaining")


def _errors(frame: pd.DataFrame) -> pd.DataFrame:
    return columns_first(frame, "count", "code", "fields", "advice", "values", "example", "rows", "retry_helps")


def _fixes(frame: pd.DataFrame) -> pd.DataFrame:
    if not set(frame.columns) >= set(COLUMNS):
        return frame
    counts = zip(frame["refused_before"], frame["refused_after"], strict=True)
    examples = {"example_before": "such as", "example_after": "becomes"}
    return frame[["column", "fix", "what", "rows"]].assign(
        refused=[f"{before:,}\u00a0→\u00a0{after:,}" for before, after in counts],
        **frame[list(examples)].rename(columns=examples),
        certain=["yes" if certain else "you decide" for certain in frame["certain"]],
    )


def _report(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) > _SINGLY and {"severity", "check", "column", "value", "suggestion", "index"} <= set(frame.columns):
        frame = kinds_table(frame)
    return columns_first(frame, "severity", "rows", "index", "column", "check", "suggestion")
