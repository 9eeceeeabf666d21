"""A request and a response as plain values. Who sends them is no concern of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from sfbulk_pandas.errors import SalesforceBroken, UsageError, mask_secrets

BODY_START_CHARS = 300  # how much of a bad answer an error shows
_PAGE_BEGINS = (b"<!doctype html", b"<html")
# How much of it is looked through for secrets: a token that begins in the part shown ends there.
_MASKED_BYTES = 1 << 14
_COUNT_DIGITS = 18  # of any number that fits 64 bits


def header_count(text: str) -> int | None:
    """Read a header that holds a count; None where it is no count, or larger than any.

    Examples
    --------
    >>> header_count(" 50 "), header_count("-1"), header_count("9" * 5_000)
    (50, None, None)
    """
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) <= _COUNT_DIGITS else None


@runtime_checkable
class Body(Protocol):
    """A request body in pieces, of known length, that can be walked again for a second attempt."""

    def __len__(self) -> int:
        """Return the length of all pieces together, bytes."""
        ...

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """Walk the pieces from the start."""
        ...


class Headers(Mapping[str, str]):
    """The headers of an answer; names in any case.

    Parameters
    ----------
    items : mapping of str to str

    Examples
    --------
    >>> Headers({"Sforce-Locator": "null"})["sforce-locator"]
    'null'
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        self._items = {name.lower(): value for name, value in (items or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __repr__(self) -> str:
        return f"Headers({list(self._items)})"  # names only: a value may be a cookie


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of Salesforce. Neither headers nor body are shown: they may hold secrets.

    Attributes
    ----------
    method : str
        GET, POST, PUT, PATCH or DELETE.
    path : str
        Absolute path with its query (``/services/data/...``), or a full URL.
    headers : mapping of str to str
        Without Authorization, which the session adds.
    body : bytes, Body or None
        Always bytes: a str would be sent as Latin-1.
    replayable : bool
        Whether sending it twice does no harm. True for what only reads, for deleting (the second
        time finds nothing) and for asking a token. False for creating a job (a lost answer would
        leave a second one), for an upload (a job takes one only) and for closing or aborting
        (the second is refused): there the job is asked first what has arrived.

    Raises
    ------
    UsageError
        For a body of type str.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Body | None = field(default=None, repr=False)
    replayable: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.body, str):
            raise UsageError("the body of a request must be bytes, not str: encode it as UTF-8 first")

    def __str__(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whole.

    Attributes
    ----------
    status_code : int
    headers : Headers
        Names in any case.
    body : bytes
        Already unpacked, where it came as gzip.
    """

    status_code: int
    headers: Mapping[str, str] = field(default_factory=Headers, repr=False)
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))

    def text(self) -> str:
        """Return the body as text: UTF-8, whatever the header claims, bad bytes replaced.

        Salesforce answers in UTF-8, often without a charset, which HTTP would have us read as Latin-1.
        """
        return self.body.decode("utf-8-sig", errors="replace")

    def start(self) -> str:
        """Return the first part of the body, for an error, secrets masked."""
        text = self.body[:_MASKED_BYTES].decode("utf-8-sig", errors="replace")
        return mask_secrets(text)[:BODY_START_CHARS].strip()

    def json(self) -> Any:
        """Read the body as JSON.

        Raises
        ------
        SalesforceBroken
            Where it is HTML, empty, cut off, or anything else that is not JSON.
        """
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            broken = self.broken("is not JSON")
        raise broken

    def broken(self, what: str) -> SalesforceBroken:
        """Return the error that says this answer is no answer.

        Parameters
        ----------
        what : str
            How it is wrong, to follow "the answer".
        """
        begins = self.start()
        shown = f"it begins: {begins!r}" if begins else "it is empty"
        return SalesforceBroken(
            f"Salesforce's answer (HTTP {self.status_code}) {what}; {shown}",
            hint="a proxy, a login page or an outage often stands behind this: look at the text, then try again",
            status_code=self.status_code,
            body_start=begins,
            retry_after=self.headers.get("retry-after"),
        )


def is_page_type(headers: Mapping[str, str]) -> bool:
    """Whether headers announce a web page with something in it, which nothing here ever asks for.

    Examples
    --------
    >>> is_page_type(Headers({"Content-Type": "text/html;charset=UTF-8"}))
    True
    """
    if headers.get("content-length", "").strip() == "0":
        return False
    return headers.get("content-type", "").partition(";")[0].strip().lower() in {"text/html", "application/xhtml+xml"}


def is_page(response: Response) -> bool:
    """Whether an answer is a web page, of a proxy or a login, whatever its headers say."""
    return response.body[:100].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE_BEGINS)
