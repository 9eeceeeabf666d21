"""What a load or an extract will take of the org's daily allowances, and whether that is within its budget."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from sfbulk_pandas.codec.encode import PartLimits
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.jobs.budget import Budget, Cost, keep_within
from sfbulk_pandas.jobs.correlation import PREFIX_CHARS
from sfbulk_pandas.jobs.explain import explained
from sfbulk_pandas.preflight import LoadPlan
from sfbulk_pandas.spool import Spool

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.options import LoadOptions
    from sfbulk_pandas.jobs.prepare import Prepared
    from sfbulk_pandas.jobs.query import Extract
    from sfbulk_pandas.transport.session import Session


def job_rows(prepared: Prepared, options: LoadOptions, spool: Spool) -> tuple[int, ...]:
    """Return how many rows each job of a load will have; all rows are encoded for that, and thrown away."""
    cargo = prepared.cargo("-" * PREFIX_CHARS, spool)
    parts = cargo.parts(0, len(cargo), 1, PartLimits(options.part_bytes, options.part_rows))
    return tuple(map(attrgetter("rows"), parts))  # a variable would hold one part while the next is encoded


def keep_load_within_budget(session: Session, prepared: Prepared, options: LoadOptions) -> None:
    """Refuse a load, or wait, where it takes too much. Costs an API call, and another for each question.

    Raises
    ------
    OverBudget
    """
    if options.budget is None:
        return
    with Spool() as scratch:
        plan = LoadPlan(job_rows(prepared, options, scratch))
    keep_within(session, Budget.of(options.budget), Cost(plan.calls, plan.batches), "this load")


def keep_within_budget(extract: Extract) -> None:
    """Refuse an extract, or wait, where it takes too much. Costs two API calls, and another for each question.

    Raises
    ------
    OverBudget
    UsageError
        Where it is not known what it takes.
    """
    if extract.options.budget is None:
        return
    told = explained(extract)
    if told.api_calls is None or told.query_jobs is None or told.batches is None:
        raise UsageError(
            f"it is not known what this query takes: Salesforce does not count the records of {told.sobject}",
            hint="leave budget= out, or give the query a LIMIT",
        )
    cost = Cost(told.api_calls, told.batches, told.query_jobs)
    keep_within(extract.loading.session, Budget.of(extract.options.budget), cost, "this query")
