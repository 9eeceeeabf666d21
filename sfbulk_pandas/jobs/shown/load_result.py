"""The result of a load: how many rows ended how, why rows failed, and how to go on."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.display.blocks import bar, card, facts, table
from sfbulk_pandas.display.cells import cell_of, shorten
from sfbulk_pandas.display.html import Html, join, tag, typed, untyped
from sfbulk_pandas.display.text import text_bar, text_facts, writable
from sfbulk_pandas.jobs.failures import fails_again, hint_of
from sfbulk_pandas.salesforce.job import JobState

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    import pandas as pd

    from sfbulk_pandas.jobs.results import LoadResult
    from sfbulk_pandas.salesforce.job import JobInfo

LOOKED_AT_ROWS = 200_000  # failed rows whose causes are told of: a look must not take long
_CAUSES = 5  # shown; .errors has them all
_JOBS = 3
_WIDEST = 100  # characters a line of a terminal, where it is wider
_SUCH_AS = 40
_REASON = 300
_RETRY_AS_IT_IS = "`.retry()` sends what has not succeeded as it is."
_RETRY_MENDED = "Mend first why the job failed; `.retry()` or `.retry(fixed)` then sends what has not succeeded."


def result_html(result: LoadResult, causes: pd.DataFrame) -> str:
    """Return a result, and the causes of its first failed rows, as HTML."""
    counts = result.counts
    title = join(f"{result.operation} {result.sobject} ", tag("span", f"{counts.pop('rows'):,} rows", class_="sf-size"))
    left = _more(causes, counts["failed"])
    blocks = [bar(counts), *_causes_html(causes, left), facts(_facts(result))]
    return str(card(title, *blocks, note=typed(_steps(result))))


def result_text(result: LoadResult, causes: pd.DataFrame) -> str:
    """Return the same as lines of text."""
    counts = result.counts
    lines = [f"{result.operation} {result.sobject}, {counts.pop('rows'):,} rows", text_bar(counts)]
    if len(causes):
        lines += ["", *_causes_text(causes, _more(causes, counts["failed"])), ""]
    lines.append(text_facts(_facts(result) | {"next": untyped(_steps(result)) or None}))
    return writable("\n".join(lines))


def _causes_html(causes: pd.DataFrame, left: str) -> list[Html]:
    shown = causes.head(_CAUSES)
    if shown.empty:
        return []
    samples = shown["values"].map(_samples)
    such = samples.where(samples.map(bool), shown["example"])
    named = {"rows": "count", "cause": "code", "fields": "fields", "such as": "such", "what helps": "advice"}
    seen = shown.assign(such=such)[list(named.values())].set_axis(list(named), axis=1)
    return [table(seen, kinds={"cause": "code"}), *([tag("div", typed(left), class_="sf-dim")] if left else [])]


def _causes_text(causes: pd.DataFrame, left: str) -> Iterator[str]:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for cause in causes.head(_CAUSES).to_dict("records"):
        fields = f" {cause['fields']}" if cause["fields"] else ""
        yield shorten(
            f"{cause['count']:>9,} x {cause['code'] or 'no status code'}{fields}, such as {_such(cause)}", width
        )
        yield from textwrap.wrap(cause["advice"], width, initial_indent=" " * 12, subsequent_indent=" " * 12)
    if left:
        yield f"{'':9} {untyped(left)}"


def _such(cause: Mapping[Hashable, Any]) -> str:
    """Return what a row of a cause holds; Salesforce's words where it holds nothing, and the label without these."""
    samples = _samples(cause["values"])
    return f"'{shorten(samples[0], _SUCH_AS)}'" if samples else cause["example"] or f"row {cause['rows'][0]}"


def _samples(values: Sequence[Any]) -> list[str]:
    """Return what rows hold, each text once; what is blank shows nothing."""
    texts = [cell.text for cell in map(cell_of, values) if cell.kind != "missing"]
    return list(dict.fromkeys(text for text in texts if text.strip()))


def _more(causes: pd.DataFrame, failed: int) -> str:
    """Say what the list of causes leaves out."""
    if failed > LOOKED_AT_ROWS:
        return f"in the first {LOOKED_AT_ROWS:,} failed rows; `.errors` looks at all"
    left = len(causes) - _CAUSES
    return f"and {left:,} more: `.errors` has every cause" if left > 0 else ""


def _facts(result: LoadResult) -> dict[str, str | None]:
    attempts = len(result.attempts)
    unmatched = len(result.unmatched)
    ids = [job.id for job in result.jobs]
    more = f" and {len(ids) - _JOBS:,} more" if len(ids) > _JOBS else ""
    known = {
        "load": result.load_id or None,
        "job" if len(ids) == 1 else "jobs": ", ".join(ids[:_JOBS]) + more if ids else None,
        "attempts": f"{attempts:,}" if attempts > 1 else None,
        "unmatched": f"{unmatched:,} answers that belong to no row for certain: see .unmatched" if unmatched else None,
    }
    return known | _failures(result)


def _failures(result: LoadResult) -> dict[str, str | None]:
    """Return why jobs failed, a line each; of many jobs, those of the first ones."""
    failed = [job for job in result.jobs if job.state is JobState.FAILED]
    if len(result.jobs) == 1:
        return {"failed": next(map(_why, failed), None)}
    left = len(failed) - _JOBS
    lines: dict[str, str | None] = {f"{job.id} failed": _why(job) for job in failed[:_JOBS]}
    return lines | {"failed": f"and {left:,} more jobs: see .jobs" if left > 0 else None}


def _why(job: JobInfo) -> str:
    message = shorten(job.error_message or "Salesforce gave no reason", _REASON)
    return "; ".join(filter(None, [message, hint_of(job)]))


def _steps(result: LoadResult) -> str:
    """Say how to go on; what is to be typed stands between backticks."""
    counts = result.counts
    steps = []
    if counts["failed"]:
        steps.append("`.failed` has the rows and why; `.suggest()` or `.triage()` help, `.retry(fixed)` sends them.")
    if counts["unprocessed"]:
        steps.append(_RETRY_MENDED if any(map(fails_again, result.jobs)) else _RETRY_AS_IT_IS)
    if counts.get("unknown"):
        steps.append("Look into `.unknown` before anything is repeated.")
    if counts["successful"] == counts["rows"] > 0:
        steps.append("`.successful` has the rows with their Ids.")
    return " ".join(steps)
