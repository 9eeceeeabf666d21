"""What an org says of its objects, asked for beside the work, and waited for a moment only."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sfbulk_pandas.auth.sf_orgs import cli_orgs
from sfbulk_pandas.errors import SfBulkError, UsageError
from sfbulk_pandas.org.known import sobject_names

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sfbulk_pandas.org import Org
    from sfbulk_pandas.salesforce.sobject import SObjectDescribe

T = TypeVar("T")

WAIT_SECONDS = 0.8  # JupyterLab itself waits for one second
_FAILED_SECONDS = 60.0  # before what failed is asked for again


class Answers:
    """Answers that are asked for in threads of their own, each once, and kept.

    Parameters
    ----------
    now : callable
        Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self.now = now
        self._asked: dict[Hashable, tuple[Future[Any], float]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], T], until: float) -> T | None:
        """Return an answer; None where it has not come by then, or could not be had.

        One that comes later is there the next time.
        """
        with self._lock:
            known = self._asked.get(key)
            if known is None or self._is_stale(*known):
                known = self._asked[key] = (_begun(ask), self.now())
        try:
            answer: T = known[0].result(max(0.0, until - self.now()))
        except (TimeoutError, SfBulkError):
            return None  # a Tab is no place for errors; the query itself will show them
        return answer

    def _is_stale(self, future: Future[Any], asked: float) -> bool:
        return future.done() and future.exception() is not None and self.now() - asked > _FAILED_SECONDS


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
    wait_seconds : float
        How long whoever looks waits, for all that it asks for.
    """

    def __init__(self, wait_seconds: float = WAIT_SECONDS) -> None:
        self.wait_seconds = wait_seconds
        self._of_orgs: WeakKeyDictionary[Org, Answers] = WeakKeyDictionary()
        self._of_the_cli = Answers()

    def look(self, org: Org) -> Look:
        """Begin to look at an org; what is not known by the end of the time is nothing."""
        answers = self._of_orgs.get(org)
        if answers is None:
            answers = self._of_orgs[org] = Answers()
        return Look(org, answers, answers.now() + self.wait_seconds)

    def aliases(self) -> list[str]:
        """Return the aliases that the Salesforce CLI knows; none as long as it has not answered."""
        until = self._of_the_cli.now() + self.wait_seconds
        return [org.alias or org.username for org in self._of_the_cli.get("", cli_orgs, until) or ()]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an org, which ends at a given time.

    Attributes
    ----------
    org : Org
    answers : Answers
    until : float
    """

    org: Org
    answers: Answers
    until: float

    def names(self) -> tuple[str, ...]:
        """Return the API names of all objects; none as long as they are not known."""
        return self.answers.get("", lambda: sobject_names(self.org), self.until) or ()

    def describe(self, sobject: str) -> SObjectDescribe | None:
        """Return the describe of an object; None where the org has none, or as long as it is not known."""
        name = next((each for each in self.names() if each.lower() == sobject.lower()), None)
        return None if name is None else self.answers.get(name, lambda: _described(self.org, name), self.until)

    def behind(self, sobject: str, path: tuple[str, ...]) -> SObjectDescribe | None:
        """Return the describe of the object behind relationships, such as ``Account`` and ``Owner``."""
        describe = self.describe(sobject)
        for name in path:
            lookup = None if describe is None else describe.relationship(name)
            if lookup is None:
                return None
            # What every object behind a polymorphic lookup has, is in the describe of Name.
            describe = self.describe(lookup.reference_to[0] if len(lookup.reference_to) == 1 else "Name")
        return describe


def _described(org: Org, sobject: str) -> SObjectDescribe | None:
    try:
        return org.describe(sobject).described
    except UsageError:  # it is listed, and yet has no describe
        return None
