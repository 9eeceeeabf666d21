"""Read an answer that may be of any shape: what does not fit is one error, and the answer's beginning is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sfbulk_pandas.wire.faults import raise_for_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sfbulk_pandas.wire.http import Response

T = TypeVar("T")
# Whatever a reader meets in JSON or XML of another shape: a key that is missing, null for a number, a list for an
# object, 1e999 for a count, a thousand objects inside each other.
_BAD_SHAPE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


def read_as(response: Response, what: str, reader: Callable[[Any], T]) -> T:
    """Read the JSON of an answer.

    Parameters
    ----------
    response : Response
    what : str
        What the answer should do, such as ``"should describe a job"``.
    reader : callable
        Makes the value of the JSON, or raises anything.

    Raises
    ------
    ApiError
        For an error status.
    SalesforceBroken
        Where it is no JSON, or of another shape.
    """
    raise_for_fault(response)
    data = response.json()
    return shaped(response, what, lambda: reader(data))


def shaped(response: Response, what: str, read: Callable[[], T]) -> T:
    """Return what ``read`` makes of an answer.

    Raises
    ------
    SalesforceBroken
        Where it is of another shape.
    """
    try:
        return read()
    except _BAD_SHAPE:
        broken = response.broken(f"{what} and does not")
    raise broken  # outside the handler: it says all there is to say


def text(value: Any) -> str:
    """Return a text that must be there.

    Raises
    ------
    TypeError
        For anything else, an empty text among it.
    """
    if isinstance(value, str) and value:
        return value
    raise TypeError("no text")


def objects(value: Any) -> Sequence[Mapping[str, Any]]:
    """Return a list that must be one of objects.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise TypeError("no list of objects")


def following(data: Mapping[str, Any], *names: str) -> str | None:
    """Return where the next page of a list is, None where this is the last one.

    Raises
    ------
    TypeError
        Where that cannot be known for sure: taken for the last page, the others would be lost.
    """
    path = next((data[name] for name in names if data.get(name) not in (None, "")), None)
    done = data.get("done", path is None)
    if not isinstance(done, bool):
        raise TypeError("no truth value")
    return None if done else text(path)
