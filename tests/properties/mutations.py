"""What may become of an answer on its way: bits flipped, pieces cut, doubled and swapped, other types and encodings."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings

from sfbulk_pandas.wire.http import Response

EXAMPLES = settings(
    max_examples=int(os.environ.get("SFBULK_EXAMPLES", "30")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
DEEP = 3_000  # three times what Python's own stack takes
NESTED = b"[" * DEEP + b"]" * DEEP
BOMB = (
    b'<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    b"<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]><jobInfo><id>&e;</id></jobInfo>"
)
BYTES = st.sampled_from(
    [
        b"", b"\0", b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\\", b"\\u0000", b"\\ud800", b"\xff", b"\xed\xa0\x80",
        b"\xef\xbb\xbf", b"\xff\xfe", b"{", b"}", b"[", b"]", b"null", b"true", b"-1", b"1e999", b"9" * 400,
        b"9" * 5_000,
        b"Infinity", b"NaN", b"<", b">", b"</", b"<a>" * DEEP, b"&lt;", b"&#0;", b"<![CDATA[", b"<!--", BOMB, NESTED,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"'" + b"x" * 140_000, b"," * 6_000, "\u2028\u202e\U0001f600".encode(),
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, float("inf"), float("nan"), 1.5, "", "x", "null",
        "\0", "\ud800", "2026-13-45", "9" * 400, "9" * 5_000, "x" * 140_000, "https://[", "http://[::1", "//:x", [],
        [None], [[]], [1], ["x"], [{}], {}, {"": {}}, {"id": None}, {"a": [1]},
    ]
)  # fmt: skip
ENCODINGS = st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp037", "utf-7"])


@cache
def sample_bodies(*resources: str) -> tuple[bytes, ...]:
    """Return the bodies of samples; of all, where no resource is named."""
    folders = [folder for folder in sorted(SAMPLES.iterdir()) if folder.name in resources or not resources]
    return tuple(path.read_bytes() for folder in folders for path in sorted(folder.glob("*/body")))


def places(value, path=()):
    """Yield the ways to all that a JSON value holds, itself first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@st.composite
def retyped(draw, body):
    """Put a value of another type, or none at all, in the place of one that JSON holds."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for _ in range(draw(st.integers(1, 3))):
        value = replaced(value, draw(st.sampled_from(list(places(value)))), draw(VALUES))
    return json.dumps(value).encode()


@st.composite
def torn(draw, body, others):
    """Cut, double, overwrite and splice stretches of bytes."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        stop = draw(st.integers(start, min(len(body), start + draw(st.sampled_from([0, 1, 8, 10**6])))))
        middle = draw(st.sampled_from(["put", "double", "flip", "splice"]))
        if middle == "put":
            new = draw(BYTES)
        elif middle == "double":
            new = body[start:stop] * draw(st.sampled_from([2, 50]))
        elif middle == "flip":
            new = bytes(each ^ (1 << draw(st.integers(0, 7))) for each in body[start : min(stop, start + 4)])
        else:
            other = draw(st.sampled_from(others))
            new = other[draw(st.integers(0, len(other))) :]
        body = body[:start] + new + body[stop:]
    return body


@st.composite
def mutated(draw, *resources):
    """Draw a body that began as one of the samples."""
    body = draw(st.sampled_from(sample_bodies(*resources)))
    how = draw(st.sampled_from(["retype", "retype", "tear", "tear", "encode", "replace"]))
    if how == "retype":
        return draw(retyped(body))
    if how == "encode":
        return body.decode("utf-8-sig", "replace").encode(draw(ENCODINGS), "replace")
    return draw(BYTES) if how == "replace" else draw(torn(body, sample_bodies()))


HEADER_VALUES = st.one_of(
    st.sampled_from(
        [
            "", "null", "0", "-1", "9" * 5_000, "\u0663", "\u00b2", "1e5", "https://[", "//[x", "text/html", "br",
            "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -1200", "Mon, 01 Jan 0001 00:00:00 +1200",
            "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2026 99999999999:00:00 GMT",
            "Mon, 01 Jan 2026 00:00:00 +99999999999",
        ]
    ),
    st.text(st.characters(max_codepoint=255), max_size=40),
)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Date", "Retry-After", "Location", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding",
         "Sforce-Locator", "Sforce-NumberOfRecords"]
    ),
    HEADER_VALUES,
)  # fmt: skip
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 420, 429, 500, 503, 599, 999])


@st.composite
def answers(draw, *resources):
    """Draw an answer of any status and headers, with a mutated body."""
    return Response(draw(STATUSES), draw(HEADERS), draw(mutated(*resources)))
