"""Load a frame, or go on with a load that an earlier process left: check, write down, send, account for every row."""

from __future__ import annotations

import random
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import JournalMismatch, UsageError
from sfbulk_pandas.jobs.check import check
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.jobs.cost import keep_load_within_budget
from sfbulk_pandas.jobs.family import Family, begun_jobs
from sfbulk_pandas.jobs.given import frame_of
from sfbulk_pandas.jobs.identity import identity_of, is_of
from sfbulk_pandas.jobs.mapping import with_mapping
from sfbulk_pandas.jobs.mended import added_to
from sfbulk_pandas.jobs.options import LoadOptions, Progress
from sfbulk_pandas.jobs.prepare import Prepared, Target, examine, prepare, refuse_problems
from sfbulk_pandas.jobs.repeat import refuse_repeated
from sfbulk_pandas.jobs.run import LoadRun, Ways
from sfbulk_pandas.jobs.sending import NOT_CLOSED
from sfbulk_pandas.journal.ids import new_load_id
from sfbulk_pandas.journal.records import LoadRecord
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.spool import Spool

if TYPE_CHECKING:
    import pandas as pd

    from sfbulk_pandas.jobs.cargo import Cargo
    from sfbulk_pandas.jobs.facts import LoadFacts
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.results import LoadResult
    from sfbulk_pandas.journal.records import PartRecord

_SAME_FRAME = (
    "give the same rows, in the same order, with the same columns; or read the jobs one by one: org.results(job_id)"
)


def load(loading: Loading, data: Any, target: Target, options: LoadOptions, family: Family | None = None) -> LoadResult:
    """Load a frame, or anything with ``__arrow_c_stream__``, and wait for its jobs.

    With the family of a result, the rows are some of its own that have not succeeded: the loads that have sent them
    before are over then.

    Raises
    ------
    UsageError, AlreadyLoaded, OverBudget, PreflightFailed, EncodeError
        Before anything is sent.
    JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError, JournalError
        Later; ``.result`` accounts for every row.
    """
    _check_names(target)
    options = with_mapping(options)
    spool = Spool()
    frame = frame_of(data, spool)
    with core_threads() as pool:
        prepared = prepare(frame, target, loading.describes, options, spool, pool.map)
        record = _record(loading, prepared, options, family.load_id if family else None)
        if not options.repeat:
            before = {each.load_id for each in family.loads(loading.journal)} if family else set()
            refuse_repeated(loading.journal, prepared, record, before)
        keep_load_within_budget(loading.session, prepared, options)
        with loading.journal.hold(record.load_id):
            run = _run(loading, prepared, record, options, spool)
            _begin(loading, record, family)
            return run.go()


def resume(
    loading: Loading, load_id: str, data: Any, *, wait_seconds: float | None = None, progress: Progress = None
) -> LoadResult:
    """Go on with a load where an earlier process, or an earlier call, left it.

    Raises
    ------
    UsageError
        Where there is no such load, or it went to another org.
    JournalMismatch
        Where the frame is not the one that was sent.
    JournalBusy
        Where the load is under way in another process.
    JobFailed, JobAborted, StillRunning, ReconcileError, ApiError, TransportError, JournalError
        As the load itself.
    """
    record = loading.journal.load(load_id)
    _check_org(loading, record)
    options = LoadOptions.from_json(record.options, wait_seconds=wait_seconds, progress=progress)
    spool = Spool()
    frame = _as_sent(frame_of(data, spool), record, options)
    target = Target(record.sobject, Operation(record.operation), record.external_id_field)
    with core_threads() as pool, loading.journal.hold(record.load_id):
        prepared = examine(frame, target, loading.describes, options, spool, pool.map)
        record = loading.journal.load(record.load_id)
        run = _run(loading, prepared, record, options, spool)
        if record.finished_at is None:
            _check_rest(loading, prepared, record, options)
        _check_frame(loading, run.cargo, record)
        _warn_of_retries(loading, record)
        return run.go()


def _as_sent(frame: pd.DataFrame, record: LoadRecord, options: LoadOptions) -> pd.DataFrame:
    """Leave out what results add to their rows, as the retry did whose rows these are."""
    renamed = options.renamed or {}
    return frame.drop(columns=[name for name in added_to(frame) if name not in renamed]) if record.retry_of else frame


def _check_rest(loading: Loading, prepared: Prepared, record: LoadRecord, options: LoadOptions) -> None:
    """Check what is still to be sent as a new load is checked; nothing is said of rows that are in Salesforce."""
    parts = [each for each in loading.journal.parts(record.load_id) if each.attempt == 1]
    begun = [each for each in parts if each.step not in NOT_CLOSED]
    if sum(each.stop - each.start for each in begun) < record.rows - len(prepared.held_back):
        refuse_problems(prepared, options)
    if not begun and not options.repeat:
        family = Family(record.load_id, frozenset()).loads(loading.journal)  # a later retry would have ended it
        refuse_repeated(loading.journal, prepared, record, {each.load_id for each in family})


def _warn_of_retries(loading: Loading, record: LoadRecord) -> None:
    known = begun_jobs(loading.journal.parts(record.load_id))
    later = Family(record.load_id, known).later(loading.journal)
    if later:
        text = f"rows of load {record.load_id} were sent again by {', '.join(each.load_id for each in later)}: "
        warnings.warn(f"{text}what came of it is not in this result", stacklevel=4)


def _begin(loading: Loading, record: LoadRecord, family: Family | None) -> None:
    if family is None:
        loading.journal.begin(record)
        return
    with family.ended(loading.journal, record.created_at):
        loading.journal.begin(record)


def _check_names(target: Target) -> None:
    named: object = target.sobject
    if not isinstance(named, str):
        hint = 'the rows come first, then the object: org.insert(frame, "Contact")'
        raise UsageError(f"the object is named by a text, not by a {type(named).__name__}", hint=hint)


def _run(loading: Loading, prepared: Prepared, record: LoadRecord, options: LoadOptions, spool: Spool) -> LoadRun:
    cargo = prepared.cargo(record.keys_begin, spool)
    if loading.journal.attempts(record.load_id):
        cargo = cargo.ordered(loading.journal.positions(record.load_id, 1), spool)
    ways = Ways(
        resume=partial(_resume_after, loading, record.load_id, prepared.frame, options.progress),
        resend=partial(resend_rows, loading, prepared.target, options, record.load_id),
        recheck=partial(recheck_rows, loading, prepared.target, options),
    )
    return LoadRun(loading, prepared, cargo, record, options, spool, ways)


def _resume_after(
    loading: Loading, load_id: str, frame: pd.DataFrame, progress: Progress, wait_seconds: float | None
) -> LoadResult:
    return resume(loading, load_id, frame, wait_seconds=wait_seconds, progress=progress)


def resend_rows(
    loading: Loading, target: Target, options: LoadOptions, load_id: str, rows: pd.DataFrame, facts: LoadFacts
) -> LoadResult:
    """Load rows of a result that have not succeeded once more; a column that they lack is not sent this time."""
    return load(loading, rows, target, options.of_columns(rows.columns), Family.of(load_id, facts))


def recheck_rows(loading: Loading, target: Target, options: LoadOptions, rows: pd.DataFrame) -> pd.DataFrame:
    """Check what :func:`resend_rows` would send."""
    return check(loading, rows, target, options.of_columns(rows.columns))


def _record(loading: Loading, prepared: Prepared, options: LoadOptions, retry_of: str | None) -> LoadRecord:
    who = identity_of(loading.session)
    now = loading.session.clock.now()
    load_id = new_load_id(now, random.Random())  # noqa: S311 - tells loads of one second apart, hides nothing
    return LoadRecord(
        load_id=load_id,
        created_at=now,
        sobject=prepared.job.object,
        operation=prepared.target.operation.value,
        external_id_field=prepared.target.external_id_field,
        org_id=who.org_id,
        instance_url=who.instance_url,
        user_id=who.user_id,
        headers=prepared.headers,
        options=options.to_json(),
        rows=len(prepared.frame),
        retry_of=retry_of,
        key_prefix=prepared.key_prefix(load_id, options),
    )


def _check_org(loading: Loading, record: LoadRecord) -> None:
    who = identity_of(loading.session)
    if not is_of(record, who):
        raise UsageError(
            f"load {record.load_id} went to {record.instance_url}, and this is {who.instance_url}",
            hint="connect to that org first",
        )


def _check_frame(loading: Loading, cargo: Cargo, record: LoadRecord) -> None:
    """Compare a frame with what the journal says of the bytes that were sent.

    Raises
    ------
    JournalMismatch
    """
    if (len(cargo.frame), cargo.headers) != (record.rows, record.headers):
        raise JournalMismatch(
            f"load {record.load_id} had {record.rows} rows of {', '.join(record.headers)}; "
            f"this frame has {len(cargo.frame)} of {', '.join(cargo.headers)}",
            hint=_SAME_FRAME,
            load_id=record.load_id,
            part=None,
        )
    for part in loading.journal.parts(record.load_id):
        positions = None if part.attempt == 1 else loading.journal.positions(record.load_id, part.attempt)
        carried = cargo if positions is None else cargo.chosen(positions)
        if carried.part(part.number, part.start, part.stop).digest != part.digest:
            raise _mismatch(part, carried)


def _mismatch(part: PartRecord, cargo: Cargo) -> JournalMismatch:
    return JournalMismatch(
        f"part {part.number} of load {part.load_id} (job {part.job_id}) carried other bytes than this frame's: "
        f"{part.stop - part.start} rows, {cargo.place(part.start)} to {cargo.place(part.stop - 1)}",
        hint=_SAME_FRAME,
        load_id=part.load_id,
        part=part.number,
    )
