"""Say what is wrong with a frame, and what loading it would cost and do, without sending anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.errors import ApiError
from sfbulk_pandas.jobs.cores import core_threads
from sfbulk_pandas.jobs.cost import job_rows
from sfbulk_pandas.jobs.given import frame_of
from sfbulk_pandas.jobs.prepare import Prepared, Target, examine
from sfbulk_pandas.jobs.shown.frames import shown_report
from sfbulk_pandas.preflight import LoadPlan, blank_cells, plan_rows
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.limits import Limits, build_limits, read_limits

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.loading import Loading
    from sfbulk_pandas.jobs.options import LoadOptions


def check(loading: Loading, data: Any, target: Target, options: LoadOptions) -> pd.DataFrame:
    """Return the report of a frame: findings, and where it can be sent, what the load will cost and do.

    Raises
    ------
    UsageError
        Where the call itself cannot be right.
    """
    with Spool() as spool, core_threads() as pool:
        prepared = examine(frame_of(data, spool), target, loading.describes, options, spool, pool.map)
        report = prepared.checked.report
        if prepared.checked.grave(options.on_problem).any():
            return shown_report(report)
        plan = plan_rows(_plan(loading, prepared, options, spool))
        return shown_report(pd.concat([report, plan], ignore_index=True))


def _plan(loading: Loading, prepared: Prepared, options: LoadOptions, spool: Spool) -> LoadPlan:
    rows = None if prepared.order is None else prepared.order.positions
    cleared, left_alone = blank_cells(prepared.frame, prepared.checked.columns, prepared.encoding, rows)
    limits = _limits(loading)
    batches, calls = limits.daily_bulk_api_batches, limits.daily_api_requests
    return LoadPlan(
        job_rows=job_rows(prepared, options, spool),
        cleared=cleared,
        left_alone=left_alone,
        batches_left=None if batches is None else batches.remaining,
        calls_left=None if calls is None else calls.remaining,
    )


def _limits(loading: Loading) -> Limits:
    """Ask for the org's limits, which not every user may see: then they are not known."""
    try:
        return read_limits(loading.session.send(build_limits(loading.session.api_version)))
    except ApiError:
        return Limits()
