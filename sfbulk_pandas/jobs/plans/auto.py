"""The plan that fits: chosen by the query and by the object's size, and changed where Salesforce cannot cope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, JobFailed
from sfbulk_pandas.jobs.plans.choice import Choice, Facts, choose, cut_by_ids
from sfbulk_pandas.jobs.plans.counted import record_count
from sfbulk_pandas.jobs.plans.divisible import undividable
from sfbulk_pandas.jobs.plans.id_ranges import IdRangesPlan
from sfbulk_pandas.jobs.plans.rest import RestPlan
from sfbulk_pandas.jobs.plans.result_pages import ResultPagesPlan
from sfbulk_pandas.salesforce.soql import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfbulk_pandas.jobs.extract.pages import Chain, OpenPage, Plan, Todo
    from sfbulk_pandas.jobs.plans.base import Question
    from sfbulk_pandas.transport.session import Streamed
    from sfbulk_pandas.wire.http import Request

# Parts of what a job says that ran for too long. Source: Bulk API guide, "PK Chunking" (chunks are advised on these),
# and messages that extraction tools report.
TOO_LONG = ("QUERY_TIMEOUT", "Retried more", "Failed to write query result")


class AutoPlan:
    """Choose a plan, say why, and go by it; cut the query into ranges of Ids where one job takes too long.

    A job that failed has handed out no row, so none comes twice. What was chosen is remembered: a run that goes on
    after another goes by the same plan.

    Parameters
    ----------
    question : Question
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._query = parse(question.soql)
        self.name = "auto"
        self.reason = "nothing was chosen yet"
        self._plan: Plan | None = None
        self._job_ids: tuple[str, ...] = ()

    @property
    def is_stable(self) -> bool:
        """Whether a page has the same rows whenever it is read: as the plan that was chosen, in this run or before."""
        return self._question.memory.get("plan") != RestPlan.name

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs made so far, those that were given up among them."""
        return self._job_ids + (() if self._plan is None else self._plan.job_ids)

    def chains(self) -> Iterator[Chain]:
        """Yield the chains of the chosen plan."""
        chains = self._chosen().chains()
        try:
            first = next(chains, None)
        except JobFailed as error:
            self._check_can_cut(error)
            chains = self._taken(cut_by_ids(self._query, f"one job took too long ({_message(error)})")).chains()
            first = next(chains, None)
        if first is not None:
            yield first
            yield from chains

    def open(self, answer: Streamed, todo: Todo) -> OpenPage:
        """Read the head of a page."""
        return self._current.open(answer, todo)

    def page(self, path: str) -> Request:
        """Return the request for a page that an earlier run knew of."""
        return self._current.page(path)

    def expected_rows(self) -> Mapping[str, int | None]:
        """Return how many rows each source has."""
        return {} if self._plan is None else self._plan.expected_rows()

    def abandon(self) -> None:
        """Abort what still runs in Salesforce."""
        if self._plan is not None:
            self._plan.abandon()

    @property
    def _current(self) -> Plan:
        if self._plan is None:
            raise AssertionError("pages are read after the chains that they are in were made")
        return self._plan

    def _chosen(self) -> Plan:
        known = self._question.memory.get("plan")
        if known is not None:
            return self._taken(Choice(known, self._question.memory["reason"]))
        asked = self._question
        facts = Facts(asked.refused, asked.query_all, asked.is_streamed)
        choice = choose(self._query, facts, lambda: record_count(asked.session, self._query.sobject))
        return self._large(choice) if choice.is_large else self._taken(choice)

    def _large(self, choice: Choice) -> Plan:
        """Make one job of a large object, and give it up where Salesforce says that it does not cut it."""
        plan = ResultPagesPlan(self._question)
        self._plan = plan
        job = plan.looked_at()
        if job.is_pk_chunking_supported is not False or job.state.is_terminal:
            return self._taken(choice, plan)
        size = choice.reason.partition(":")[0]
        try:
            plan.abandon()
        except ApiError:  # it has ended meanwhile: what it has can be read
            return self._taken(choice, plan)
        return self._taken(cut_by_ids(self._query, f"{size}, and Salesforce does not cut it by itself"))

    def _taken(self, choice: Choice, plan: Plan | None = None) -> Plan:
        """Go by a choice from now on."""
        asked = self._question
        asked.remember({"plan": choice.plan, "reason": choice.reason})
        self.name, self.reason = choice.plan, choice.reason
        if plan is None:
            self._job_ids = self.job_ids
            plan = _PLANS[choice.plan](asked)
        self._plan = plan
        asked.tell_plan(self._query.sobject, choice.plan, choice.reason)
        return plan

    def _check_can_cut(self, error: JobFailed) -> None:
        """Raise the error of a job again, unless ranges of Ids may help."""
        if _message(error) is None or self.name == IdRangesPlan.name:
            raise error
        clause = undividable(self._question.soql)
        if clause is not None:
            error.hint = f"without {clause} it would be cut into ranges of Ids, each of which takes less long"
            raise error


_PLANS: dict[str, type[ResultPagesPlan | IdRangesPlan | RestPlan]] = {
    plan.name: plan for plan in (ResultPagesPlan, IdRangesPlan, RestPlan)
}


def _message(error: JobFailed) -> str | None:
    """Return what of Salesforce's message says that a job took too long; None where it says something else."""
    message = getattr(error.job, "error_message", None) or ""
    return next((part for part in TOO_LONG if part.lower() in message.lower()), None)
