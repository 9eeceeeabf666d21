"""The table of what is sent again, made by asking the policy itself; as a script, it puts it into README.md."""

from __future__ import annotations

import re
from pathlib import Path

from sfbulk_pandas import errors
from sfbulk_pandas.transport.retry import RetryPolicy, failure_of

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"(<!-- retry table: [^\n]*-->\n).*?(<!-- end of retry table -->)", re.DOTALL)
BUSY = (406, 420, 429, 502, 503, 504)
FAILURES: tuple[tuple[str, errors.SfBulkError | list[errors.SfBulkError]], ...] = (
    ("no connection: DNS, refused, no answer to a connect", errors.ConnectionFailed("x", may_have_arrived=False)),
    ("connection reset or answer cut off", errors.ConnectionFailed("x", may_have_arrived=True)),
    ("no answer within `read_seconds`", errors.ReadTimedOut("x")),
    (f"HTTP {', '.join(map(str, BUSY))}", [errors.SalesforceBroken("x", status_code=status) for status in BUSY]),
    ("HTTP 500", errors.SalesforceBroken("x", status_code=500)),
    (
        "403 `REQUEST_LIMIT_EXCEEDED`, too many at once",
        errors.RequestLimitExceeded("ConcurrentRequests Limit exceeded.", status_code=403),
    ),
    (
        "403 `REQUEST_LIMIT_EXCEEDED`, daily",
        errors.RequestLimitExceeded("TotalRequests Limit exceeded.", status_code=403),
    ),
    ("a web page, or JSON of another shape", errors.SalesforceBroken("x", status_code=200)),
    ("any other error of Salesforce's", errors.ApiError("x", status_code=400)),
)
KINDS = (
    ("GET", "GET", True),
    ("DELETE, sign-in but by refresh token", "DELETE", True),
    ("PUT, POST, PATCH of a load", "PUT", False),
)


def retry_table(policy: RetryPolicy) -> str:
    """Return the table in Markdown."""
    lines = ["| failure | " + " | ".join(name for name, _, _ in KINDS) + " |", "|---|" + "---|" * len(KINDS)]
    for words, error in FAILURES:
        each = error if isinstance(error, list) else [error]
        (cells,) = {tuple(_cell(policy, one, method, replayable=again) for _, method, again in KINDS) for one in each}
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _waits(policy), ""])


def _cell(policy: RetryPolicy, error: errors.SfBulkError, method: str, *, replayable: bool) -> str:
    waits = _delays(policy, error, method, replayable=replayable)
    return f"{len(waits)} more times" if waits else "asked first" if _is_asked(error, replayable=replayable) else "no"


def _is_asked(error: errors.SfBulkError, *, replayable: bool) -> bool:
    from sfbulk_pandas.jobs.ingest import may_have_arrived

    return not replayable and may_have_arrived(error)


def _delays(policy: RetryPolicy, error: errors.SfBulkError, method: str, *, replayable: bool) -> list[float]:
    found: list[float] = []
    while (wait := policy.delay(failure_of(error), len(found) + 1, method=method, replayable=replayable)) is not None:
        found.append(wait)
    return found


def _waits(policy: RetryPolicy) -> str:
    waits = _delays(policy, errors.ReadTimedOut("x"), "GET", replayable=True)
    return (
        f"Waits: {', '.join(f'{wait:g}' for wait in waits)} s (at most {policy.cap_seconds:g}), a fifth more or less,\n"
        f"or what `Retry-After` asks for, up to {policy.longest_retry_after_seconds:g} s; nothing is sent again later\n"
        f"than {policy.total_seconds:g} s after the first time. *Asked first*: Salesforce is asked what has arrived\n"
        "(the job, or the list of jobs), and only what has not is sent again. The POST that makes a query's job is\n"
        "not sent again: the error is raised, and the same call may be made anew."
    )


def with_table(text: str) -> str:
    """Return a README with the table as it should be."""
    return BLOCK.sub(lambda match: f"{match[1]}\n{retry_table(RetryPolicy())}\n{match[2]}", text)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
