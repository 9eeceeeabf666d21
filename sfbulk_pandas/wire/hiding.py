"""No secret in tracebacks that are shown with their locals, as by IPython's verbose mode or an error tracker."""

from __future__ import annotations

from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from sfbulk_pandas.errors import SfBulkError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

P = ParamSpec("P")
T = TypeVar("T")


def hides_secrets(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function that handles secrets raise our errors without its frames, and without what it was handed.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
        The same, but for that.
    """

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except SfBulkError as error:
            failure = error.with_traceback(None)
            failure.__cause__ = failure.__context__ = None  # whose frames hold the same
        del args, kwargs
        raise failure

    return guarded


def without_frames_of(trace: TracebackType | None, packages: Collection[str]) -> TracebackType | None:
    """Return a traceback without the frames of some packages.

    Parameters
    ----------
    trace : traceback or None
    packages : collection of str
        Top-level names.
    """
    kept = None
    for each in reversed(list(_walked(trace))):
        if str(each.tb_frame.f_globals.get("__name__", "")).partition(".")[0] not in packages:
            kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept


def _walked(trace: TracebackType | None) -> list[TracebackType]:
    found = []
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
    return found
