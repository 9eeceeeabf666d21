"""The options of a load and of waiting, each set one frozen dataclass."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import inf
from os import PathLike
from typing import Any, Literal, Self, TypedDict, get_args

import numpy as np

from sfbulk_pandas.errors import JournalError, UsageError
from sfbulk_pandas.jobs.budget import Budget
from sfbulk_pandas.preflight import nearest
from sfbulk_pandas.progress.choose import Way, check_progress
from sfbulk_pandas.salesforce.limits import MAX_CSV_BYTES, PART_BYTES

NullPolicy = Literal["ignore", "clear"]
Nulls = NullPolicy | Mapping[Hashable, NullPolicy]
OnProblem = Literal["raise", "skip", "send"]
Rename = Mapping[Any, str] | str | PathLike[str]
Progress = bool | Way | Callable[[Any], object] | None


@dataclass(frozen=True, slots=True)
class Polling:
    """Say how often jobs are asked for their state; every question costs one API call.

    Parameters
    ----------
    interval_seconds : float
        The first pause; each next one is half as long again, with a fifth of jitter.
    cap_seconds : float
        The longest pause, also of those before rows are sent again by themselves.

    Raises
    ------
    UsageError
        For a pause that is not above zero, or a cap below the interval.
    """

    interval_seconds: float = 0.5
    cap_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.interval_seconds <= self.cap_seconds:
            raise UsageError(
                f"interval_seconds={self.interval_seconds} and cap_seconds={self.cap_seconds} do not fit",
                hint="give an interval above zero that is not longer than the cap",
            )


class LoadKeywords(TypedDict, total=False):
    """What may be given by keyword to insert, update, upsert, delete and hard_delete."""

    nulls: Nulls
    timezone: str | None
    columns: Sequence[Hashable] | None
    rename: Rename | None
    allow_na_text: bool
    check: bool
    on_problem: OnProblem | None
    correlation_field: str | None
    part_bytes: int
    part_rows: int | None
    parallel_parts: int
    sort_by_parent: bool
    row_retries: int
    repeat: bool
    budget: float | Budget | None
    wait_seconds: float | None
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How a frame is loaded.

    Parameters
    ----------
    nulls : {"ignore", "clear"} or mapping of column label to them
        What a missing cell does. ``"ignore"`` (the default) sends an empty cell: Salesforce leaves
        the field alone. ``"clear"`` sends ``#N/A``: Salesforce empties the field. In a mapping,
        columns that are not named are ignored.
    timezone : str, optional
        The zone that datetimes without one are in, such as ``"Europe/Vienna"``.
    columns : sequence of str, optional
        The columns to send; all of them by default (a delete sends ``Id`` alone).
        Columns that are not sent come back in the result all the same.
    rename : mapping of column label to field name, or path, optional
        Where columns are not labelled as their fields are; labels that are not named keep their own
        name. A path names a mapping file of Salesforce's Data Loader (``.sdl``): then only the columns
        that it maps are sent.
    allow_na_text : bool
        Whether a cell that literally holds ``#N/A`` may go out, and clear its field.
    check : bool
        Whether cells are checked against the describe before anything is sent, as :meth:`Org.check`
        does. What cannot travel at all is refused in any case.
    on_problem : {"raise", "skip", "send"}, optional
        What a row does that Salesforce will refuse. By default it is sent, and the report of the check
        is shown and stands in the result; ``"raise"`` refuses the load with the report; ``"skip"`` sends
        the clean rows only, and returns the others as failed with the same error codes as Salesforce's;
        ``"send"`` lets Salesforce judge all rows but those with a cell that cannot travel, also where a
        required field has no column: a trigger of the org may fill it.
        What would fail the whole job is refused in any case.
    correlation_field : str, optional
        A spare text field of the object. Each row carries a key of its own in it, so that answers are
        matched to rows by that key alone. Where the field is an external id, an insert goes up as an
        upsert by that key, which is made from what all rows hold: the same rows in the same order have the
        same keys, and make no second record wherever they are sent from. With ``repeat=True`` they have new
        ones. Rows are encoded twice for it.
    part_bytes : int
        The largest CSV of one job, in bytes, up to 112,500,000: in base64, in which Salesforce counts, that is its
        limit of 150 MB. Larger frames go up as several parts.
    part_rows : int, optional
        The most rows of one part.
    parallel_parts : int
        How many parts are encoded, on their way or accounted for at a time; each takes up to about
        ``part_bytes`` of memory.
    sort_by_parent : bool
        Whether rows are sent in the order of their parent records, where the frame has a master-detail
        or lookup column: siblings in one part do not wait for each other's locks. Results stand in
        the frame's own order all the same.
    row_retries : int
        How often rows that failed for passing reasons alone, such as ``UNABLE_TO_LOCK_ROW``, are sent again,
        later and in smaller parts: of up to a quarter of the largest part before, down to 200 rows.
    repeat : bool
        Whether an insert may go up although the same bytes went up before.
    budget : float or Budget, optional
        How much of the API calls and batches that the org has left today this load may take, such as ``0.2``: where it
        takes more, nothing is sent (``OverBudget``), or it waits (:class:`Budget`). What it takes is counted
        beforehand, for which all rows are encoded once more; polls, and rows that are sent again, come on top.
    wait_seconds : float, optional
        How long to wait for the jobs, automatic retries and the pauses before them included; without it, until all
        have ended.
    progress : bool, {"widget", "bar", "log"} or callable, optional
        ``None``: a panel in a notebook with ipywidgets, a bar in other notebooks and in terminals, else lines in the
        log; ``True``: a panel or a bar, whatever the place; ``False``: nothing. A callable is handed every event, and
        ``event.control`` of the first one ends the load early: ``.abort()`` aborts its jobs, ``.detach()`` leaves them
        running. What the check has found is shown above panel and bar; without these, it goes to the log as a warning.
    """

    nulls: Nulls = "ignore"
    timezone: str | None = None
    columns: Sequence[Hashable] | None = None
    rename: Rename | None = None
    allow_na_text: bool = False
    check: bool = True
    on_problem: OnProblem | None = None
    correlation_field: str | None = None
    part_bytes: int = PART_BYTES
    part_rows: int | None = None
    parallel_parts: int = 2
    sort_by_parent: bool = True
    row_retries: int = 2
    repeat: bool = False
    budget: float | Budget | None = None
    wait_seconds: float | None = None
    progress: Progress = None

    def __post_init__(self) -> None:
        _check_nulls(self.nulls)
        if self.columns is not None and not isinstance(self.columns, str):
            object.__setattr__(self, "columns", _labels(self.columns))
        for name in _WHOLE:
            given = getattr(self, name)
            if given is not None or name != "part_rows":
                object.__setattr__(self, name, _whole(name, given))
        _check_wait(self.wait_seconds)
        _check_correlation(self.correlation_field)
        check_progress(self.progress)
        if self.budget is not None:
            Budget.of(self.budget)  # which checks its own
        if self.on_problem not in {None, *get_args(OnProblem)}:
            raise UsageError(f"on_problem={self.on_problem!r} is no choice", hint='say "raise", "skip" or "send"')

    @classmethod
    def from_keywords(cls, keywords: LoadKeywords) -> LoadOptions:
        """Build the options of a call.

        Parameters
        ----------
        keywords : dict
            Whatever the caller gave.

        Returns
        -------
        LoadOptions

        Raises
        ------
        UsageError
            For an option that does not exist (with the nearest name), or a value that cannot be right.
        """
        known = [each.name for each in fields(cls)]
        for name in keywords:
            if name not in known:
                raise UsageError(f"there is no option {name!r}", hint=_did_you_mean(name, known))
        return cls(**keywords)

    @property
    def renamed(self) -> Mapping[Any, str] | None:
        """The mapping of labels to fields; None where there is none, or it still lies in a file."""
        return self.rename if isinstance(self.rename, Mapping) else None

    def of_columns(self, labels: Container[Hashable]) -> Self:
        """Return the options without what they say of other columns.

        Parameters
        ----------
        labels : container of hashable
            The columns that there are.

        Returns
        -------
        LoadOptions
        """
        held = {name: getattr(self, name) for name in _MAPPINGS}
        kept: dict[str, Any] = {
            name: {label: each for label, each in value.items() if label in labels}
            for name, value in held.items()
            if isinstance(value, Mapping)
        }
        if self.columns is not None:
            kept["columns"] = [label for label in self.columns if label in labels]
        return replace(self, **kept)

    def to_json(self) -> dict[str, Any]:
        """Return what decides the bytes that are sent, and how, as plain JSON values.

        Returns
        -------
        dict
            Without those that concern one call alone: ``wait_seconds``, ``progress`` and ``budget``.
        """
        held = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _OF_ONE_CALL}
        columns = None if self.columns is None else [_plain_label(label) for label in self.columns]
        return held | {name: _plain(held[name]) for name in _MAPPINGS} | {"columns": columns}

    @classmethod
    def from_json(cls, held: Mapping[str, Any], **of_one_call: Any) -> LoadOptions:
        """Build the options that :meth:`to_json` has returned.

        Parameters
        ----------
        held : mapping
            As it was returned, or read from JSON since.
        **of_one_call
            What concerns the new call alone, such as ``wait_seconds``.

        Returns
        -------
        LoadOptions

        Raises
        ------
        JournalError
            Where another version of this package has written them.
        """
        try:
            columns = held["columns"]
            labels = None if columns is None else [_label(each) for each in columns]
            read = {name: _mapping(held[name]) for name in _MAPPINGS}
            return cls(**{**held, **read, "columns": labels, **of_one_call})
        except (KeyError, TypeError) as error:
            hint = "go on with the version of sfbulk_pandas that began it"
            raise JournalError(
                f"the journal has options that this version does not know: {error}", hint=hint
            ) from error


def _plain(value: Any) -> Any:
    """Return a mapping by column label as JSON has it: an object where all labels are texts, else a list of pairs."""
    if not isinstance(value, Mapping):
        return value
    if all(isinstance(label, str) for label in value):
        return dict(value)
    return [[_plain_label(label), each] for label, each in value.items()]


def _plain_label(label: Any) -> Any:
    if isinstance(label, tuple):
        return [_plain_label(each) for each in label]
    plain = label.item() if isinstance(label, np.generic) else label
    return plain if plain is None or isinstance(plain, str | int | float) else str(plain)


def _mapping(held: Any) -> Any:
    return {_label(label): each for label, each in held} if isinstance(held, list) else held


def _label(held: Any) -> Any:
    return tuple(_label(each) for each in held) if isinstance(held, list) else held


_OF_ONE_CALL = frozenset({"wait_seconds", "progress", "budget"})
_MAPPINGS = ("nulls", "rename")
_WHOLE = {  # the least, the most, and what to give
    "part_bytes": (
        1,
        MAX_CSV_BYTES,
        f"give a whole number up to {MAX_CSV_BYTES:,}, in base64 Salesforce's 150 MB; the default is {PART_BYTES:,}",
    ),
    "part_rows": (1, inf, "give a whole number of at least 1"),
    "parallel_parts": (1, inf, "give a whole number of at least 1"),
    "row_retries": (0, inf, "give a whole number of at least 0: with 0, nothing is sent again by itself"),
}


def _whole(name: str, given: Any) -> int:
    """Return a whole number, which may be one of numpy's, as Python's own: it is written down as JSON."""
    least, most, hint = _WHOLE[name]
    if isinstance(given, int | np.integer) and not isinstance(given, bool) and least <= given <= most:
        return int(given)
    raise UsageError(f"{name}={_plain_label(given)!r} does not fit", hint=hint)


def _check_wait(seconds: Any) -> None:
    is_number = isinstance(seconds, int | float | np.integer | np.floating) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and seconds >= 0):  # NaN is not, either
        hint = "give a number of seconds, 0 or more; without it, jobs are waited for until they end"
        raise UsageError(f"wait_seconds={_plain_label(seconds)!r} does not fit", hint=hint)


def _check_correlation(field: object) -> None:
    if field is not None and not isinstance(field, str):
        hint = "name a spare text field of the object"
        raise UsageError(f"correlation_field={_plain_label(field)!r} is no name of a field", hint=hint)


def _labels(columns: Any) -> tuple[Hashable, ...]:
    """Return the labels of ``columns=``, which are read often, and an iterator only once."""
    if not isinstance(columns, Iterable):
        raise UsageError(f"columns={columns!r} is no list of column labels", hint=f"columns=[{columns!r}]")
    return tuple(columns)


def _check_nulls(nulls: Nulls) -> None:
    policies = list(nulls.values()) if isinstance(nulls, Mapping) else [nulls]
    wrong = [policy for policy in policies if policy not in ("ignore", "clear")]
    if wrong:
        raise UsageError(
            f"nulls={wrong[0]!r} is no policy for missing values",
            hint='say "ignore" (Salesforce leaves the field alone) or "clear" (it empties the field)',
        )


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"the options are {', '.join(known)}"
