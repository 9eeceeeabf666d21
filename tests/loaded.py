"""The result of a load, as far as a triage needs it, without an org."""

from __future__ import annotations

import pandas as pd


class FakeResult:
    """Hands out failed rows; a retry keeps what it was given, and returns or raises what ``next`` holds."""

    sent: list[pd.DataFrame] = []  # noqa: RUF012 - shared on purpose: what was sent last

    def __init__(self, failed):
        self.frame, self.terms = failed.frame, failed.terms
        self.frame["error_message"] = self.frame["sf__Error"].str.extract(r":(.*):", expand=False)
        self.sobject, self.operation = "Contact", "insert"
        self.report = pd.DataFrame(columns=["index", "column", "check", "value", "suggestion", "severity"])
        self.next = None

    @property
    def counts(self):
        failures = int(self.frame["sf__Error"].notna().sum())
        return {"rows": 9, "successful": 9 - len(self.frame), "failed": failures, "unprocessed": 0}

    @property
    def outstanding(self):
        return self.frame

    failed = outstanding

    def check(self, fixed):
        return self.report

    def retry(self, fixed):
        FakeResult.sent.append(fixed)
        if isinstance(self.next, Exception):
            raise self.next
        return self.next
