"""Answers with rows too few, or too many, and answers that name no next page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTE, _BREAK = b'"\n'
_FOLLOWING = ("nextRecordsUrl", "nextRecordUrl")


def with_rows(body: bytes, rows: int) -> bytes:
    r"""Return a body without its last rows, or with them twice.

    Parameters
    ----------
    body : bytes
        CSV, its first line a header; or JSON with a list of ``records``. Anything else stays as it is.
    rows : int
        How many more; negative for how many fewer.

    Examples
    --------
    >>> with_rows(b'"Name"\n"A"\n"two\nlines"\n', -1), with_rows(b'"Name"\n"A"\n', 1)
    (b'"Name"\n"A"\n', b'"Name"\n"A"\n"A"\n')
    """
    if body.startswith(b"{"):
        return _json_rows(body, rows)
    return body if body.startswith((b"[", b"<")) else _csv_rows(body, rows)


def _csv_rows(body: bytes, rows: int) -> bytes:
    read = np.frombuffer(body, np.uint8)
    is_inside = np.cumsum(read == _QUOTE) % 2 == 1
    ends = np.flatnonzero((read == _BREAK) & ~is_inside) + 1  # of the header, then of each row
    if len(ends) < 2:  # noqa: PLR2004 - a header and a row
        return body
    start = int(ends[max(len(ends) - 1 - abs(rows), 0)])
    return body[:start] if rows < 0 else body + body[start:]


def _json_rows(body: bytes, rows: int) -> bytes:
    value = json.loads(body)
    if isinstance(value.get("records"), list):
        records = value["records"]
        value["records"] = records[:rows] if rows < 0 else records + records[-rows:]
    return _written(value)


def without_locator(body: bytes, headers: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return an answer that does not say where its next page is.

    Parameters
    ----------
    body : bytes
        JSON loses ``nextRecordsUrl``.
    headers : mapping of str to str
        Without ``Sforce-Locator``, from then on.
    """
    kept = {name: value for name, value in headers.items() if name.lower() != "sforce-locator"}
    if body.startswith(b"{"):
        value = json.loads(body)
        body = _written({name: each for name, each in value.items() if name not in _FOLLOWING})
    return body, kept


def _written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
