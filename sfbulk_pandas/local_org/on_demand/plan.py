"""Which requests go wrong, and how: ``org.faults``."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.local_org.on_demand.kinds import RequestFault


@dataclass(eq=False)
class Planned:
    """A fault that is to strike.

    Attributes
    ----------
    method, path : str
    fault : RequestFault
    times : int or None
        How often it strikes; None for ever.
    skip : int
        How many such requests go well first.
    struck : int
        How often it has struck so far.
    """

    method: str
    path: str
    fault: RequestFault
    times: int | None
    skip: int
    struck: int = 0
    _seen: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether it strikes a request; counts it."""
        if (self.times is not None and self.struck >= self.times) or not self._fits(method, path):
            return False
        self._seen += 1
        if self._seen <= self.skip:
            return False
        self.struck += 1
        return True

    def _fits(self, method: str, path: str) -> bool:
        pattern = self.path.strip("/").lower().split("/")
        ending = path.strip("/").lower().split("/")[-len(pattern) :]
        if method != self.method.upper() or len(ending) < len(pattern):
            return False
        return all(fnmatchcase(part, form) for part, form in zip(ending, pattern, strict=True))


class FaultPlan:
    """Let requests go wrong, at a moment of your choice. Any thread may use it.

    Parameters
    ----------
    release : callable
        Lets go of jobs that are stuck, or about to fail.
    """

    def __init__(self, release: Callable[[], None] = lambda: None) -> None:
        self._release = release
        self._planned: list[Planned] = []
        self._lock = threading.Lock()
        self._over = threading.Event()

    def on(self, method: str, path: str, *, fault: RequestFault, times: int | None = 1, skip: int = 0) -> Planned:
        """Plan a fault for requests of one kind.

        Where several are planned for the same request, the one that was planned first strikes.

        Parameters
        ----------
        method : str
            Such as ``"PUT"``.
        path : str
            How the path ends, in any case and without the query: ``"batches"``, ``"oauth2/token"``,
            ``"jobs/ingest/*"``; ``*`` stands for one segment, or for the rest of one.
        fault : RequestFault
            One of :class:`Faults`.
        times : int or None
            How often it strikes; None until :meth:`clear`.
        skip : int
            How many such requests go well first.

        Returns
        -------
        Planned
            Whose ``struck`` says how often it has.

        Raises
        ------
        ValueError
            For less than one time, or fewer than none to skip.

        Examples
        --------
        ``org.faults.on("PUT", "batches", fault=Faults.reset_after_body)`` resets the connection of the next upload.
        """
        if skip < 0 or (times is not None and times < 1):
            raise ValueError(f"times={times} and skip={skip} never strike: give at least 1, and at least 0")
        planned = Planned(method, path, fault, times, skip)
        with self._lock:
            self._planned.append(planned)
        return planned

    def clear(self) -> None:
        """Forget every fault: held answers are sent, jobs that were stuck go on, and those about to fail do not."""
        with self._lock:
            self._planned.clear()
            self._over.set()
            self._over = threading.Event()
        self._release()

    def hold(self, seconds: float) -> None:
        """Wait so many seconds, or until :meth:`clear`."""
        self._over.wait(seconds)

    def strike(self, method: str, path: str) -> RequestFault | None:
        """Return the fault that strikes a request now, and count it; None where all is well."""
        with self._lock:
            return next((each.fault for each in self._planned if each.strikes(method, path)), None)

    def __repr__(self) -> str:
        return f"FaultPlan({self._planned})"
