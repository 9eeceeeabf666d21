"""The results of any ingest job, also one that another tool ran; joined to a frame where one is given."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.codec.frame import text_table
from sfbulk_pandas.codec.schema import arrow_type, to_pandas
from sfbulk_pandas.codec.typed import typed_cells
from sfbulk_pandas.errors import StillRunning, UsageError
from sfbulk_pandas.jobs.account import counters_differ, of_job
from sfbulk_pandas.jobs.control import job_info
from sfbulk_pandas.jobs.facts import LoadFacts, unmatched_frame
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.load import encoders, frame_of, load
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.options import LoadOptions
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.prepare import Target
from sfbulk_pandas.jobs.result_files import read_results
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.preflight import LoadCall
from sfbulk_pandas.reconcile import Answers, Reconciled, reconcile
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.ingest import ResultSet

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.options import Rename
    from sfbulk_pandas.salesforce.job import JobInfo

_TEXT = pa.large_string()


def results_of(
    loading: Loading, job_id: str, frame: Any = None, *, rename: Rename | None = None, timezone: str | None = None
) -> LoadResult:
    """Read the result files of an ended job; four API calls.

    Parameters
    ----------
    loading : Loading
    job_id : str
    frame : DataFrame, or anything that a load takes, optional
        The rows that the job was given.
    rename, timezone
        As for a load: which fields the frame's columns are, and the zone of its naive datetimes.

    Raises
    ------
    UsageError
        For a query job, or a frame that has none of the job's columns.
    EncodeError
        For a cell that cannot have been sent, such as a naive datetime without ``timezone``.
    StillRunning
        Where the job has not ended.
    ReconcileError
        Where the files hold fewer or more rows than the job says; ``.result`` has what they hold.
    """
    job = job_info(loading.session, job_id)
    _check_ended(job, partial(results_of, loading, job_id, frame, rename=rename, timezone=timezone))
    spool = Spool()
    ingest = Ingest(loading.session)
    answers = Answers(*(read_results(ingest.fetch_results(job, each, spool.folder), job, spool) for each in ResultSet))
    if frame is None:
        result = _alone(loading, job, answers, spool)
    else:
        options = with_mapping(LoadOptions(rename=rename, timezone=timezone))
        result = _joined(loading, job, answers, frame_of(frame, spool), options, spool)
    problem = counters_differ(job, answers)
    if problem is not None:
        problem.result = result
        raise problem
    _warn_of_unknown(result)
    return result


def _check_ended(job: JobInfo, again: partial[LoadResult]) -> None:
    if job.operation.is_query:
        raise UsageError(f"job {job.id} is a query, which has no such results", hint="run the query again")
    if not job.state.is_terminal:
        error = StillRunning(
            f"job {job.id} is {job.state}", hint="ask again later, or call .resume()", job_ids=(job.id,)
        )
        error._resume = lambda _seconds: again()  # noqa: SLF001 - the way back
        raise error


def _warn_of_unknown(result: LoadResult) -> None:
    unmatched, unknown = len(result.unmatched), result.counts.get("unknown", 0)
    if unmatched or unknown:
        text = (
            f"{unmatched} answer(s) of job {result.jobs[0].id} belong to no row of the frame for certain, and the end "
            f"of {unknown} row(s) is not known: see result.unmatched and result.unknown"
        )
        warnings.warn(text, stacklevel=4)


def _target(job: JobInfo) -> Target:
    return Target(job.object, job.operation, job.external_id_field_name)


def _alone(loading: Loading, job: JobInfo, answers: Answers, spool: Spool) -> LoadResult:
    """Return the rows of the files themselves, one file after the other, typed by the describe."""
    tables = _tables(answers)
    names = _names(tables)
    stacked = pa.concat_tables([_in_order(table, names) for table in tables])
    columns = {name: _typed(stacked.column(name), name, job.object, loading.describes) for name in names}
    frame = to_pandas(pa.table(columns))
    facts = LoadFacts(unmatched=unmatched_frame([]), labels={name.lower(): name for name in names}, spool=spool)
    resend = partial(load, loading, target=_target(job), options=LoadOptions())
    return LoadResult(_target(job), frame, _stacked(answers), (job,), facts, resend=resend)


def _tables(answers: Answers) -> list[pa.Table]:
    """Return the files without what Salesforce has added."""
    files = (answers.successful, answers.failed, answers.unprocessed)
    return [
        table.select([name for name in table.column_names if not name.lower().startswith("sf__")]) for table in files
    ]


def _names(tables: list[pa.Table]) -> list[str]:
    """Return the columns that came back in any of the files, each as it was spelled first."""
    named = {name.lower(): name for table in reversed(tables) for name in reversed(table.column_names)}
    return list(dict.fromkeys(named[name.lower()] for table in tables for name in table.column_names))


def _in_order(table: pa.Table, names: list[str]) -> pa.Table:
    held = {name.lower(): name for name in table.column_names}
    nothing = pa.nulls(table.num_rows, _TEXT)
    cells = {name: table.column(held[name.lower()]) if name.lower() in held else nothing for name in names}
    return pa.table({name: column.cast(_TEXT) for name, column in cells.items()})


def _typed(column: pa.ChunkedArray, name: str, sobject: str, describes: Describes) -> pa.Array:
    """Give a column its field's type; where a cell has no such value, as in rows that failed, it stays text."""
    field = describes.field(sobject, name.rpartition(":")[2])
    texts = pc.if_else(pc.equal(column, ""), None, column).cast(pa.string()).combine_chunks()
    typed = typed_cells(texts, arrow_type(field))
    return texts if typed.bad.size else typed.array


def _stacked(answers: Answers) -> Outcome:
    statuses = (RowStatus.SUCCESSFUL, RowStatus.FAILED, RowStatus.UNPROCESSED)
    files = (answers.successful, answers.failed, answers.unprocessed)
    return Outcome.joined([_read(table, status) for table, status in zip(files, statuses, strict=True)])


def _read(table: pa.Table, status: RowStatus) -> Outcome:
    held = {name.lower(): name for name in table.column_names}
    texts = [table.column(held[name]) if name in held else None for name in ("sf__id", "sf__created", "sf__error")]
    columns = [pa.nulls(table.num_rows, _TEXT) if each is None else each.cast(_TEXT) for each in texts]
    outcome = Outcome.of(table.num_rows, status)
    sends = np.full(table.num_rows, status is not RowStatus.UNPROCESSED, np.int16)
    return Outcome(outcome.status, pa.table(columns, names=outcome.texts.column_names), sends)


def _joined(
    loading: Loading, job: JobInfo, answers: Answers, frame: pd.DataFrame, options: LoadOptions, spool: Spool
) -> LoadResult:
    """Return the rows of a frame with what the files say of them."""
    target = _target(job)
    columns = _echoed(frame, job, answers, options, loading.describes)
    paired = _paired(frame, target, columns, answers, options.timezone)
    sent = LoadOptions(
        columns=list(dict.fromkeys(column.label for column in columns)),
        rename={label: name for label, name in (options.renamed or {}).items() if label in frame.columns},
        timezone=options.timezone,
    )
    facts = LoadFacts(
        unmatched=unmatched_frame([of_job(paired.unmatched, job)]),
        labels={column.header.lower(): column.label for column in columns},
        spool=spool,
    )
    resend = partial(load, loading, target=target, options=sent)
    return LoadResult(target, frame, Outcome.answered(paired), (job,), facts, resend=resend)


def _paired(
    frame: pd.DataFrame, target: Target, columns: list[Column], answers: Answers, timezone: str | None
) -> Reconciled:
    options = EncodeOptions(timezone=timezone, allow_na_text=True)
    with encoders() as pool:
        texts = text_table(frame, columns, options, mapper=pool.map)
    return reconcile(texts, columns, answers, LoadCall(target.operation, target.external_id_field).key)


def _echoed(
    frame: pd.DataFrame, job: JobInfo, answers: Answers, options: LoadOptions, describes: Describes
) -> list[Column]:
    """Return the columns of the frame that came back, whatever of them this user may write.

    Raises
    ------
    UsageError
        Where there are none, or two for one field.
    """
    names = {name.lower(): name for name in _names(_tables(answers))}
    call = LoadCall(job.operation, rename=options.renamed)
    headers = [(label, header.lower()) for label in frame.columns for header in call.headers(label)]
    found = [(label, names[header]) for label, header in headers if header in names]
    if names and not found:
        hint = "give the frame that was loaded, with rename= where its columns are not labelled as their fields are"
        raise UsageError(f"the frame has none of the columns of job {job.id}: {', '.join(names.values())}", hint=hint)
    if len({name for _, name in found}) < len(found):
        twice = [str(label) for label, name in found if [each for _, each in found].count(name) > 1]
        raise UsageError(f"columns {' and '.join(twice)} of the frame stand for one field", hint="drop one of them")
    return [Column(label, name, describes.field(job.object, name.rpartition(":")[2])) for label, name in found]
