"""What an org says of its objects, asked for beside the work, and waited for a moment only."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sfbulk_pandas.errors import SfBulkError, UsageError
from sfbulk_pandas.org.known import sobject_names

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sfbulk_pandas.org import Org
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

T = TypeVar("T")

WAIT_SECONDS = 1.0
_FAILED_SECONDS = 60.0  # before what failed is asked for again


class Answers:
    """Answers that are asked for in threads of their own, each once, and kept.

    Parameters
    ----------
    wait_seconds : float
        How long whoever asks waits; the answer comes all the same, and is there the next time.
    now : callable
        Seconds on a clock that never goes back.
    """

    def __init__(self, wait_seconds: float = WAIT_SECONDS, now: Callable[[], float] = monotonic) -> None:
        self._wait_seconds = wait_seconds
        self._now = now
        self._asked: dict[Hashable, tuple[Future[Any], float]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], T]) -> T | None:
        """Return an answer; None where it has not come in time, or could not be had."""
        with self._lock:
            known = self._asked.get(key)
            if known is None or self._is_stale(*known):
                known = self._asked[key] = (_begun(ask), self._now())
        try:
            answer: T = known[0].result(self._wait_seconds)
        except (TimeoutError, SfBulkError):
            return None  # a Tab is no place for errors; the query itself will show them
        return answer

    def _is_stale(self, future: Future[Any], asked: float) -> bool:
        return future.done() and future.exception() is not None and self._now() - asked > _FAILED_SECONDS


def _begun(ask: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)

    threading.Thread(target=run, name="sfbulk-completion", daemon=True).start()
    return future


class Describer:
    """What orgs say of their objects, for completion: one API call for the names, one for each object.

    Parameters
    ----------
    new_answers : callable, optional
        Makes what keeps the answers of an org.
    """

    def __init__(self, new_answers: Callable[[], Answers] = Answers) -> None:
        self._new_answers = new_answers
        self._of_orgs: WeakKeyDictionary[Org, Answers] = WeakKeyDictionary()

    def names(self, org: Org) -> tuple[str, ...]:
        """Return the API names of all objects; none as long as they are not known."""
        return self._of(org).get("", lambda: sobject_names(org)) or ()

    def describe(self, org: Org, sobject: str) -> SObjectDescribe | None:
        """Return the describe of an object; None where the org has none, or as long as it is not known."""
        name = next((each for each in self.names(org) if each.lower() == sobject.lower()), None)
        return None if name is None else self._of(org).get(name, lambda: _described(org, name))

    def behind(self, org: Org, sobject: str, path: tuple[str, ...]) -> SObjectDescribe | None:
        """Return the describe of the object behind relationships, such as ``Account`` and ``Owner``."""
        describe = self.describe(org, sobject)
        for name in path:
            lookup = None if describe is None else describe.relationship(name)
            if lookup is None:
                return None
            # What every object behind a polymorphic lookup has, is in the describe of Name.
            describe = self.describe(org, lookup.reference_to[0] if len(lookup.reference_to) == 1 else "Name")
        return describe

    def _of(self, org: Org) -> Answers:
        found = self._of_orgs.get(org)
        if found is None:
            found = self._of_orgs[org] = self._new_answers()
        return found


def _described(org: Org, sobject: str) -> SObjectDescribe | None:
    try:
        return org.describe(sobject)
    except UsageError:  # it is listed, and yet has no describe
        return None
