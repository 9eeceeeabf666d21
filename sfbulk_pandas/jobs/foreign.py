"""The results of any ingest job, also one that another tool ran; joined to a frame where one is given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sfbulk_pandas.codec.schema import arrow_type, to_pandas
from sfbulk_pandas.codec.typed import typed_column
from sfbulk_pandas.errors import DecodeError, StillRunning, UsageError
from sfbulk_pandas.jobs.account import counters_differ, of_job
from sfbulk_pandas.jobs.control import job_info
from sfbulk_pandas.jobs.facts import LoadFacts, unmatched_frame
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.load import encoders, frame_of, load
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.options import LoadOptions
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.prepare import Target, prepare
from sfbulk_pandas.jobs.result_files import read_results
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.reconcile import Answers, Reconciled, reconcile
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.ingest import ResultSet

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.salesforce.job import JobInfo

_TEXT = pa.large_string()


def results_of(loading: Loading, job_id: str, data: Any = None, options: LoadOptions | None = None) -> LoadResult:
    """Read the result files of an ended job; four API calls.

    Raises
    ------
    UsageError
        For a query job.
    StillRunning
        Where the job has not ended.
    ReconcileError
        Where the files hold fewer or more rows than the job says; ``.result`` has what they hold.
    """
    job = job_info(loading.session, job_id)
    _check_ended(loading, job, data, options)
    spool = Spool()
    ingest = Ingest(loading.session)
    answers = Answers(*(read_results(ingest.fetch_results(job, each, spool.folder), job) for each in ResultSet))
    result = _result(loading, job, answers, spool, data, options or LoadOptions())
    problem = counters_differ(job, answers)
    if problem is not None:
        problem.result = result
        raise problem
    return result


def _check_ended(loading: Loading, job: JobInfo, data: Any, options: LoadOptions | None) -> None:
    if job.operation.is_query:
        raise UsageError(f"job {job.id} is a query, which has no such results", hint="run the query again")
    if not job.state.is_terminal:
        error = StillRunning(
            f"job {job.id} is {job.state}", hint="ask again later, or call .resume()", job_ids=(job.id,)
        )
        error._resume = lambda _seconds: results_of(loading, job.id, data, options)  # noqa: SLF001 - the way back
        raise error


def _result(
    loading: Loading, job: JobInfo, answers: Answers, spool: Spool, data: Any, options: LoadOptions
) -> LoadResult:
    target = Target(job.object, job.operation, job.external_id_field_name)
    if data is None:
        frame, outcome, unmatched = _alone(job, answers, loading.describes), _stacked(answers), unmatched_frame([])
    else:
        frame = frame_of(data, spool)
        paired = _joined(loading, target, frame, answers, options)
        outcome, unmatched = Outcome.answered(paired), unmatched_frame([of_job(paired.unmatched, job)])
    facts = LoadFacts(unmatched=unmatched, labels={str(name).lower(): name for name in frame.columns}, spool=spool)
    resend = partial(load, loading, target=target, options=options)
    return LoadResult(target, frame, outcome, (job,), facts, resend=resend)


def _alone(job: JobInfo, answers: Answers, describes: Describes) -> pd.DataFrame:
    """Return the rows of the files themselves, one file after the other, typed by the describe."""
    tables = _tables(answers)
    names = next((list(table.column_names) for table in tables if table.num_columns), [])
    stacked = pa.concat_tables([_in_order(table, names) for table in tables])
    columns = {name: _typed(stacked.column(name), name, job.object, describes) for name in names}
    return to_pandas(pa.table(columns))


def _tables(answers: Answers) -> list[pa.Table]:
    """Return the files without what Salesforce has added."""
    files = (answers.successful, answers.failed, answers.unprocessed)
    return [
        table.select([name for name in table.column_names if not name.lower().startswith("sf__")]) for table in files
    ]


def _in_order(table: pa.Table, names: list[str]) -> pa.Table:
    held = {name.lower(): name for name in table.column_names}
    if table.num_rows == 0:
        return pa.table({name: pa.array([], _TEXT) for name in names})
    return pa.table({name: table.column(held[name.lower()]).cast(_TEXT) for name in names})


def _typed(column: pa.ChunkedArray, name: str, sobject: str, describes: Describes) -> pa.Array:
    """Give a column its field's type; where a cell has no such value, as in rows that failed, it stays text."""
    field = describes.field(sobject, name.rpartition(":")[2])
    kind = arrow_type(field)
    texts = pa.array(column.to_pandas().replace("", None), pa.string())
    try:
        return typed_column(texts, pa.field(name, kind))
    except DecodeError:
        return texts


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
    loading: Loading, target: Target, frame: pd.DataFrame, answers: Answers, options: LoadOptions
) -> Reconciled:
    """Pair the rows of a frame with the files, by those columns that came back."""
    echoed = {name.lower() for table in _tables(answers) for name in table.column_names}
    named = with_mapping(options).renamed or {}
    chosen = [label for label in frame.columns if str(named.get(label, label)).lower() in echoed]
    options = LoadOptions(
        columns=chosen,
        rename={label: name for label, name in named.items() if label in chosen},
        timezone=options.timezone,
        check=False,
        sort_by_parent=False,
    )
    with encoders() as pool:
        prepared = prepare(frame, target, loading.describes, options, pool.map)
    cargo = prepared.cargo("", Spool())
    return reconcile(cargo.texts(0, len(cargo)), cargo.columns, answers, prepared.key)
