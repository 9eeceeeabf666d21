"""Every kind of request and every fault, and which of them do not meet, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfbulk_pandas.local_org import Faults
from sfbulk_pandas.local_org.on_demand.plan import Planned

DELAY_SECONDS, PATIENCE_SECONDS = 1.0, 0.15  # how late an answer is, and how long the client waits for one


@dataclass(frozen=True)
class Kind:
    """A kind of request, and how a load or an extract comes to make it.

    ``has`` names what it has that a fault needs: a ``body``, an ``answer`` with one, ``rows``, ``pages`` after the
    first, a ``job`` that has not ended; ``later`` where it asks for one of those pages.
    """

    name: str
    method: str
    path: str
    has: frozenset[str]
    how: dict[str, object] = field(default_factory=dict)
    skip: int = 0

    def is_kind_of(self, method: str, path: str) -> bool:
        """Whether a request is of this kind."""
        return Planned(self.method, self.path, None, None, 0).strikes(method, path.partition("?")[0])


def _kind(name: str, method: str, path: str, has: str, skip: int = 0, **how: object) -> Kind:
    return Kind(name, method, path, frozenset(has.split()), how, skip)


LOAD = (
    _kind("token", "POST", "oauth2/token", "body answer"),
    _kind("describe", "GET", "describe", "answer", operation="upsert"),
    _kind("limits", "GET", "limits", "answer", checks=True),
    _kind("create", "POST", "jobs/ingest", "body answer job"),
    _kind("upload", "PUT", "batches", "body job"),
    _kind("close", "PATCH", "jobs/ingest/*", "body answer job"),
    _kind("poll", "GET", "jobs/ingest/*", "answer job"),
    _kind("successful", "GET", "successfulResults", "answer rows"),
    _kind("failed", "GET", "failedResults", "answer rows"),
    _kind("unprocessed", "GET", "unprocessedrecords", "answer"),
    _kind("list of jobs", "GET", "jobs/ingest", "answer", lost_create=True),
    _kind("abort", "PATCH", "jobs/ingest/*", "body answer", lost_create=True),
)
EXTRACT = (
    _kind("token", "POST", "oauth2/token", "body answer", plan="auto"),
    _kind("describe", "GET", "describe", "answer", plan="auto"),
    _kind("record count", "GET", "recordCount", "answer", plan="auto"),
    _kind("create", "POST", "jobs/query", "body answer job", plan="result_pages"),
    _kind("poll", "GET", "jobs/query/*", "answer job", plan="result_pages"),
    _kind("list of pages", "GET", "resultPages", "answer", plan="result_pages"),
    _kind("page", "GET", "results", "answer rows", plan="result_pages"),
    _kind("first page", "GET", "results", "answer rows pages", plan="locator"),
    _kind("later page", "GET", "results", "answer rows pages later", plan="locator", skip=1),
    _kind("abort", "PATCH", "jobs/query/*", "body answer", plan="locator", failing_poll=True, on_stop="abort"),
    _kind("REST query", "GET", "v66.0/query", "answer rows pages", plan="rest"),
    _kind("REST page", "GET", "v66.0/query/*", "answer rows later", plan="rest"),
    _kind("v1 job", "POST", "job", "body answer job", plan="pk_chunks"),
    _kind("v1 batch", "POST", "batch", "body answer job", plan="pk_chunks"),
    _kind("v1 batches", "GET", "batch", "answer job", plan="pk_chunks"),
    _kind("v1 close", "POST", "job/*", "body answer", plan="pk_chunks"),
    _kind("v1 results", "GET", "result", "answer", plan="pk_chunks"),
    _kind("v1 result", "GET", "result/*", "answer rows", plan="pk_chunks"),
)


@dataclass(frozen=True)
class Failing:
    """A fault; ``needs`` is what a request must have for it, one of ``Kind.has``. It strikes once, or lasts."""

    name: str
    fault: object
    needs: str = ""
    times: int | None = 1
    is_paced: bool = False
    is_late: bool = False

    def reason(self, kind: Kind) -> str | None:
        """Return the letter of the reason why a kind of request does not meet it; None where it does."""
        if not self.needs or self.needs in kind.has:
            return None
        return next(letter for letter, (need, _) in REASONS.items() if need == self.needs)


REASONS = {
    "a": ("body", "the request has no body"),
    "b": ("answer", "the answer has no body"),
    "c": ("job", "it is about no job, or about one that has ended"),
    "d": ("rows", "the answer has no rows, or none to lose"),
    "e": ("pages", "no page follows on the answer"),
    "f": ("later", "it does not ask for a further page"),
}
FAULTS = (
    Failing("reset before the body", Faults.reset_before_body),
    Failing("reset before the body, each time", Faults.reset_before_body, times=None),
    Failing("reset in the body", Faults.reset_during_body, "body"),
    Failing("reset after the body", Faults.reset_after_body, "body"),
    Failing("answer lost", Faults.answer_lost),
    Failing("answer lost, each time", Faults.answer_lost, times=None),
    Failing("answer delayed", Faults.answer_delayed(DELAY_SECONDS), is_late=True),
    Failing("answer cut", Faults.cut_at(20), "answer"),
    Failing("401", Faults.unauthorized),
    Failing("401, each time", Faults.unauthorized, times=None),
    Failing("401, token endpoint down", Faults.token_endpoint_down),
    Failing("403, no calls left today", Faults.daily_limit),
    Failing("403, too many at once", Faults.concurrent_limit),
    Failing("429", Faults.too_many_requests),
    Failing("500", Faults.server_error),
    Failing("502, HTML", Faults.bad_gateway),
    Failing("503, Retry-After", Faults.unavailable()),
    Failing("503, each time", Faults.unavailable(), times=None),
    Failing("request twice", Faults.request_twice),
    Failing("job stuck", Faults.job_stuck, "job", is_paced=True),
    Failing("job failing", Faults.job_failing, "job", is_paced=True),
    Failing("job aborted", Faults.job_aborted, "job", is_paced=True),
    Failing("rows missing", Faults.rows_missing(1), "rows"),
    Failing("rows missing, each time", Faults.rows_missing(1), "rows", times=None),
    Failing("rows surplus", Faults.rows_surplus(1), "rows"),
    Failing("locator lost", Faults.locator_lost, "pages"),
    Failing("locator refused", Faults.locator_refused, "later"),
)
