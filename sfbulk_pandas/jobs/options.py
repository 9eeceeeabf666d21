"""The options of a load and of waiting, each set one frozen dataclass."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypedDict

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import nearest
from sfbulk_pandas.salesforce.limits import MAX_UPLOAD_BYTES, PART_BYTES

NullPolicy = Literal["ignore", "clear"]
Nulls = NullPolicy | Mapping[Hashable, NullPolicy]
Progress = bool | Callable[[Any], None] | None


@dataclass(frozen=True, slots=True)
class Polling:
    """Say how often jobs are asked for their state; every question costs one API call.

    Parameters
    ----------
    interval_seconds : float
        The first pause; each next one is half as long again, with a fifth of jitter.
    cap_seconds : float
        The longest pause.

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
    columns: Sequence[str] | None
    allow_na_text: bool
    part_bytes: int
    part_rows: int | None
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
    allow_na_text : bool
        Whether a cell that literally holds ``#N/A`` may go out, and clear its field.
    part_bytes : int
        The largest CSV of one job, in bytes; larger frames go up as several parts.
    part_rows : int, optional
        The most rows of one part.
    wait_seconds : float, optional
        How long to wait for the jobs; without it, until they end.
    progress : bool or callable, optional
        ``None``: a bar in a terminal or notebook; ``False``: silence; ``True``: a bar anywhere;
        a callable: it is handed every event.
    """

    nulls: Nulls = "ignore"
    timezone: str | None = None
    columns: Sequence[str] | None = None
    allow_na_text: bool = False
    part_bytes: int = PART_BYTES
    part_rows: int | None = None
    wait_seconds: float | None = None
    progress: Progress = None

    def __post_init__(self) -> None:
        _check_nulls(self.nulls)
        if self.columns is not None and not isinstance(self.columns, str):
            object.__setattr__(self, "columns", tuple(self.columns))  # they are read often, an iterator only once
        if not 0 < self.part_bytes <= MAX_UPLOAD_BYTES:
            raise UsageError(
                f"part_bytes={self.part_bytes} does not fit",
                hint=f"Salesforce takes up to {MAX_UPLOAD_BYTES:,} bytes a job; the default is {PART_BYTES:,}",
            )
        if self.part_rows is not None and self.part_rows < 1:
            raise UsageError(f"part_rows={self.part_rows} does not fit", hint="give at least 1 row a part")

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


def _check_nulls(nulls: Nulls) -> None:
    policies = list(nulls.values()) if isinstance(nulls, Mapping) else [nulls]
    wrong = [policy for policy in policies if policy not in {"ignore", "clear"}]
    if wrong:
        raise UsageError(
            f"nulls={wrong[0]!r} is no policy for missing values",
            hint='say "ignore" (Salesforce leaves the field alone) or "clear" (it empties the field)',
        )


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"the options are {', '.join(known)}"
