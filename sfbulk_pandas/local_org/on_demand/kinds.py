"""What can go wrong with a request, by name: :class:`Faults`."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.http import Answer, fault_answer
from sfbulk_pandas.local_org.on_demand import fates
from sfbulk_pandas.local_org.on_demand.rows import with_rows, without_locator
from sfbulk_pandas.local_org.routes import is_async
from sfbulk_pandas.local_org.v1 import faults as v1_faults
from sfbulk_pandas.local_org.v1.answers import async_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.on_demand.fates import Fate
    from sfbulk_pandas.local_org.state import OrgState

    Handle = Callable[[Call], Answer]

_PIECE = 1 << 16
_HTML = {"Content-Type": "text/html; charset=UTF-8"}
_OK = 200


class ConnectionLost(Exception):  # noqa: N818 - what happens, not an error of the org's
    """The connection is reset; ``answer`` is the one that is lost, None where nothing was done."""

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__("the connection is reset")
        self.answer = answer


class RequestFault(Protocol):
    """A fault of a request."""

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:
        """Answer a request, or do not.

        Parameters
        ----------
        org : OrgState
        call : Call
        handle : callable
            What answers where nothing goes wrong.

        Raises
        ------
        ConnectionLost
            Where no answer is sent.
        """


@dataclass(frozen=True)
class _Reset:
    at: Literal["before", "during", "after"]

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        left = {"before": 0, "during": (call.content_length or 0) // 2, "after": None}[self.at]
        while (left is None or left > 0) and (piece := call.stream.read(min(left or _PIECE, _PIECE))):
            left = None if left is None else left - len(piece)
        raise ConnectionLost


@dataclass(frozen=True)
class _Lost:
    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        raise ConnectionLost(handle(call))


@dataclass(frozen=True)
class _Delayed:
    seconds: float

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:
        answer = handle(call)
        org.faults.hold(self.seconds)
        return answer


@dataclass(frozen=True)
class _Cut:
    at_byte: int

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        return replace(handle(call), cut_at=self.at_byte)


@dataclass(frozen=True)
class _Refused:
    """An error in the words of the API that was called."""

    fault: Callable[[], faults.Fault]
    v1_fault: Callable[[], faults.Fault] | None = None

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        if is_async(call.path):
            return async_fault(call, (self.v1_fault or self.fault)())
        return fault_answer(self.fault())


@dataclass(frozen=True)
class _Answered:
    """An answer that is none of the org's own: of an edge, a proxy, or a test's."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        return Answer(self.status, self.body.encode(), self.headers)


@dataclass(frozen=True)
class _TokensEnd:
    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:
        if call.path.lower().rstrip("/").endswith("/oauth2/token"):
            return Faults.unavailable().applied(org, call, handle)
        org.faults.on("POST", "oauth2/token", fault=Faults.unavailable(), times=None)
        org.sign_in.expire_tokens()
        return Faults.unauthorized.applied(org, call, handle)


@dataclass(frozen=True)
class _Twice:
    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        body = call.stream.read()
        handle(replace(call, stream=io.BytesIO(body)))
        return handle(replace(call, stream=io.BytesIO(body)))


@dataclass(frozen=True)
class _Fate:
    fate: Fate

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:
        named = fates.job_of(call)
        if named is not None:
            fates.meet(org, named, self.fate)
        answer = handle(call)
        made = fates.made_job(answer) if named is None else None
        if made is not None:
            fates.meet(org, made, self.fate)
        return answer


@dataclass(frozen=True)
class _Rows:
    rows: int

    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        answer = handle(call)
        return replace(answer, body=with_rows(_whole(answer), self.rows)) if answer.status == _OK else answer


@dataclass(frozen=True)
class _LocatorLost:
    def applied(self, org: OrgState, call: Call, handle: Handle) -> Answer:  # noqa: ARG002 - the port's signature
        answer = handle(call)
        body, headers = without_locator(_whole(answer), answer.headers)
        return replace(answer, body=body, headers=headers)


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _limit(what: str) -> Callable[[], faults.Fault]:
    return lambda: faults.Fault(403, "REQUEST_LIMIT_EXCEEDED", f"{what} Limit exceeded.")


def _broken_inside() -> faults.Fault:
    return faults.unknown_error("1234567890-12345 (-1234567890)")


class Faults:
    """Name what is to go wrong; for :meth:`FaultPlan.on`, which is ``org.faults.on``.

    Attributes
    ----------
    reset_before_body, reset_during_body, reset_after_body
        The connection is reset before the body of the request is read, when half of it is, or when all of it is.
        Nothing is done.
    answer_lost
        All is done, and the connection reset before the answer is sent.
    request_twice
        The org handles the request twice, as where a proxy has repeated it; the second answer is sent.
    unauthorized
        401 ``INVALID_SESSION_ID``; of Bulk API 1.0 400 ``InvalidSessionId``. A new token is good.
    token_endpoint_down
        The same, no token is good any more, and the token endpoint answers 503 until :meth:`FaultPlan.clear`.
    daily_limit, concurrent_limit
        403 ``REQUEST_LIMIT_EXCEEDED``: no calls left today, or too many at the same time.
    too_many_requests
        429 without a body, as an edge sends it.
    server_error
        500 ``UNKNOWN_EXCEPTION``; nothing is done.
    bad_gateway
        502 with a page of HTML.
    job_stuck, job_failing, job_aborted
        The job that the request names or makes goes no further (until :meth:`FaultPlan.clear`), fails with its next
        step, or is aborted by somebody else. One that has ended stays as it is.
    locator_lost
        The answer does not say where the next page is.
    locator_refused
        400 ``INVALID_QUERY_LOCATOR``: for a request that asks for a further page.

    Examples
    --------
    >>> from sfbulk_pandas.local_org import LocalOrg
    >>> with LocalOrg() as test_org:
    ...     planned = test_org.faults.on("PUT", "batches", fault=Faults.reset_after_body)
    ...     planned.struck
    0
    """

    reset_before_body: ClassVar[RequestFault] = _Reset("before")
    reset_during_body: ClassVar[RequestFault] = _Reset("during")
    reset_after_body: ClassVar[RequestFault] = _Reset("after")
    answer_lost: ClassVar[RequestFault] = _Lost()
    request_twice: ClassVar[RequestFault] = _Twice()
    unauthorized: ClassVar[RequestFault] = _Refused(faults.invalid_session, v1_faults.invalid_session)
    token_endpoint_down: ClassVar[RequestFault] = _TokensEnd()
    daily_limit: ClassVar[RequestFault] = _Refused(_limit("TotalRequests"))
    concurrent_limit: ClassVar[RequestFault] = _Refused(_limit("ConcurrentRequests (Concurrent API Requests)"))
    too_many_requests: ClassVar[RequestFault] = _Answered(429)
    server_error: ClassVar[RequestFault] = _Refused(_broken_inside)
    bad_gateway: ClassVar[RequestFault] = _Answered(502, "<html><h1>502 Bad Gateway</h1></html>", _HTML)
    job_stuck: ClassVar[RequestFault] = _Fate("stuck")
    job_failing: ClassVar[RequestFault] = _Fate("failing")
    job_aborted: ClassVar[RequestFault] = _Fate("aborted")
    locator_lost: ClassVar[RequestFault] = _LocatorLost()
    locator_refused: ClassVar[RequestFault] = _Refused(
        lambda: faults.Fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    )

    @staticmethod
    def answer_delayed(seconds: float) -> RequestFault:
        """Do all at once, and send the answer so many seconds later, or at :meth:`FaultPlan.clear`.

        Parameters
        ----------
        seconds : float
        """
        return _Delayed(seconds)

    @staticmethod
    def cut_at(byte: int) -> RequestFault:
        """Do all, and end the connection within the body of the answer.

        Parameters
        ----------
        byte : int
            How many bytes of the body are sent, as packed as it is.
        """
        return _Cut(byte)

    @staticmethod
    def unavailable(retry_after: str | None = "1") -> RequestFault:
        """Answer 503 ``SERVER_UNAVAILABLE``; nothing is done.

        Parameters
        ----------
        retry_after : str, optional
            Seconds, or a date; None for no such header, for Salesforce is not known to send one.
        """
        body = '[{"message":"Server is too busy. Please try again later.","errorCode":"SERVER_UNAVAILABLE"}]'
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return _Answered(503, body, {"Content-Type": "application/json;charset=UTF-8", **headers})

    @staticmethod
    def rows_missing(rows: int = 1) -> RequestFault:
        """Leave the last rows of a result out of the answer, which ends in order.

        Parameters
        ----------
        rows : int
        """
        return _Rows(-rows)

    @staticmethod
    def rows_surplus(rows: int = 1) -> RequestFault:
        """Answer the last rows of a result twice.

        Parameters
        ----------
        rows : int
        """
        return _Rows(rows)

    @staticmethod
    def answer(status: int, body: str = "", **headers: str) -> RequestFault:
        """Answer with whatever the caller likes; nothing is done.

        Parameters
        ----------
        status : int
        body : str
        **headers : str
            With underscores for hyphens: ``Sforce_Locator="null"``.
        """
        return _Answered(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
