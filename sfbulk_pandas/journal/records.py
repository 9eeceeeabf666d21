"""What the journal knows of a load and of each of its parts. No secret and no row is in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(StrEnum):
    """How far a part has come. Each is written down before, or after, what it names has happened.

    ``CREATING``, ``UPLOADING`` and ``CLOSING`` are written before: it may have happened. The others are written
    after: it has. Until ``CLOSING`` is there, Salesforce was not asked to begin, and nothing was processed.
    """

    CREATING = "creating"
    CREATED = "created"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    CLOSING = "closing"
    CLOSED = "closed"
    ENDED = "ended"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load.

    Attributes
    ----------
    load_id : str
    created_at : float
        Seconds since the epoch, as all times here.
    sobject, operation, external_id_field : str
        What was asked for.
    org_id, instance_url, user_id : str
        Where, and by whom.
    headers : tuple of str
        The CSV's columns.
    options : mapping
        Plain JSON values.
    rows : int
        Of the frame.
    retry_of : str or None
        The load whose rows these are.
    finished_at : float or None
        When every row was accounted for.
    manifest : mapping or None
        What came of it; plain JSON values.
    key_prefix : str or None
        What the keys of rows begin with that have their own; the load's id where an older version of the journal
        does not say.
    """

    load_id: str
    created_at: float
    sobject: str
    operation: str
    external_id_field: str | None
    org_id: str
    instance_url: str
    user_id: str | None
    headers: tuple[str, ...]
    options: Mapping[str, Any]
    rows: int
    retry_of: str | None = None
    finished_at: float | None = None
    manifest: Mapping[str, Any] | None = None
    key_prefix: str | None = None

    @property
    def keys_begin(self) -> str:
        """What the keys of rows begin with, where they have their own."""
        return self.key_prefix or self.load_id


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part of one attempt of a load, as it was last written down.

    Attributes
    ----------
    attempt : int
        1 for the load itself; automatic retries follow.
    number : int
        Of the part in its attempt.
    start, stop : int
        Its rows, in the order in which they are sent.
    digest : str
        Of the bytes that were uploaded.
    job_id : str or None
    state : str or None
        The job's, when it was last seen.
    processed, failed : int or None
        The job's counters, once it has ended.
    error_message : str or None
        Why the job failed.
    """

    load_id: str
    attempt: int
    number: int
    start: int
    stop: int
    digest: str
    size_bytes: int
    step: Step
    at: float
    job_id: str | None = None
    state: str | None = None
    processed: int | None = None
    failed: int | None = None
    error_message: str | None = None
