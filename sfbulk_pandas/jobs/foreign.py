"""The results of any ingest job, also one that another tool ran; joined to a frame where one is given."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.codec.frame import text_table
from sfbulk_pandas.codec.schema import to_pandas
from sfbulk_pandas.errors import StillRunning, UsageError
from sfbulk_pandas.jobs.account import counters_differ, of_job
from sfbulk_pandas.jobs.control import job_info
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.jobs.facts import LoadFacts, history_line, unmatched_frame
from sfbulk_pandas.jobs.family import begun_jobs
from sfbulk_pandas.jobs.given import frame_of
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.load import recheck_rows, resend_rows
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.options import LoadOptions
from sfbulk_pandas.jobs.outcome import Outcome
from sfbulk_pandas.jobs.prepare import Target
from sfbulk_pandas.jobs.result_files import read_results
from sfbulk_pandas.jobs.result_rows import column_names, read_result_rows
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.mending import Terms
from sfbulk_pandas.preflight import LoadCall, report_frame
from sfbulk_pandas.reconcile import Answers, Reconciled, reconcile
from sfbulk_pandas.salesforce.columns import Column, EncodeOptions
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.ingest import ResultSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.options import Rename
    from sfbulk_pandas.salesforce.job import JobInfo


def results_of(
    loading: Loading,
    job_id: str | JobInfo,
    frame: Any = None,
    *,
    rename: Rename | None = None,
    timezone: str | None = None,
) -> LoadResult:
    """Read the result files of an ended job; four API calls.

    Parameters
    ----------
    loading : Loading
    job_id : str or JobInfo
    frame : DataFrame, or anything that a load takes, optional
        The rows that the job was given.
    rename, timezone
        As for a load: which fields the frame's columns are, and the zone of its naive datetimes.

    Raises
    ------
    UsageError
        For a query job, for what is neither an id nor a job, or a frame that has none of the job's columns.
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
    paths = [ingest.fetch_results(job, each, spool.folder) for each in ResultSet]
    if frame is None:
        result, counts = _alone(loading, job, paths, spool)
    else:
        answers = Answers(*(read_results(path, job, spool) for path in paths))
        options = with_mapping(LoadOptions(rename=rename, timezone=timezone))
        result, counts = _joined(loading, job, answers, frame_of(frame, spool), options, spool), answers.counts
    problem = counters_differ(job, counts)
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


def _alone(loading: Loading, job: JobInfo, paths: list[Path], spool: Spool) -> tuple[LoadResult, tuple[int, int, int]]:
    """Return the rows of the files themselves, one file after the other, and how many each file holds."""
    found = read_result_rows(paths, job, loading.describes)
    labels = {name.lower(): name for name in found.rows.column_names}
    columns = [Column(name, name) for name in found.rows.column_names]
    terms = _terms(loading, job, columns, LoadOptions())
    facts = replace(_facts(loading, job, found.outcome, spool), labels=labels, terms=terms)
    return _result(loading, job, to_pandas(found.rows), found.outcome, facts, LoadOptions()), found.counts


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
    outcome = Outcome.answered(paired)
    facts = replace(
        _facts(loading, job, outcome, spool),
        unmatched=unmatched_frame([of_job(paired.unmatched, job)]),
        labels={column.header.lower(): column.label for column in columns},
        terms=_terms(loading, job, columns, sent),
    )
    return _result(loading, job, frame, outcome, facts, sent)


def _facts(loading: Loading, job: JobInfo, outcome: Outcome, spool: Spool) -> LoadFacts:
    """Return what is known of a job by its results; where the journal has a load of it, that is its family."""
    own = loading.journal.jobs().get(job.id)
    beside = begun_jobs(part for part in loading.journal.parts(own) if part.attempt == 1) if own else frozenset()
    return LoadFacts(
        attempts=(history_line(own or "", 1, "load", outcome, (job.id,)),),
        jobs=beside | {job.id},
        unmatched=unmatched_frame([]),
        report=report_frame([], [], pd.RangeIndex(0)),
        spool=spool,
    )


def _result(
    loading: Loading, job: JobInfo, frame: pd.DataFrame, outcome: Outcome, facts: LoadFacts, options: LoadOptions
) -> LoadResult:
    target, own = _target(job), loading.journal.jobs().get(job.id)
    resend = partial(resend_rows, loading, target, options, own or job.id)
    recheck = partial(recheck_rows, loading, target, options)
    return LoadResult(target, frame, outcome, (job,), facts, resend=resend, recheck=recheck)


def _terms(loading: Loading, job: JobInfo, columns: Sequence[Column], options: LoadOptions) -> Terms | None:
    """Return the terms on which rows of a job can be judged; what has not been described costs no call here."""
    describe = loading.describes.known(job.object)
    if describe is None:
        return None
    call = LoadCall(job.operation, job.external_id_field_name, rename=options.renamed, timezone=options.timezone)
    typed = [replace(each, field=loading.describes.field(job.object, _path(each.header))) for each in columns]
    return Terms.of(describe, call, typed, loading.describes.known)


def _path(header: str) -> str:
    return header.rpartition(":")[2]


def _paired(
    frame: pd.DataFrame, target: Target, columns: list[Column], answers: Answers, timezone: str | None
) -> Reconciled:
    options = EncodeOptions(timezone=timezone, allow_na_text=True)
    with core_threads() as pool:
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
    names = {name.lower(): name for name in column_names(answers.tables)}
    call = LoadCall(job.operation, rename=options.renamed)
    headers = [(label, header.lower()) for label in frame.columns for header in call.headers(label)]
    found = [(label, names[header]) for label, header in headers if header in names]
    if names and not found:
        hint = "give the frame that was loaded, with rename= where its columns are not labelled as their fields are"
        raise UsageError(f"the frame has none of the columns of job {job.id}: {', '.join(names.values())}", hint=hint)
    if len({name for _, name in found}) < len(found):
        twice = [str(label) for label, name in found if [each for _, each in found].count(name) > 1]
        raise UsageError(f"columns {' and '.join(twice)} of the frame stand for one field", hint="drop one of them")
    return [Column(label, name, describes.field(job.object, _path(name))) for label, name in found]
