"""How much of the org's daily allowances is used up, since it was started."""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from sfbulk_pandas.salesforce.limits import BATCH_ROWS

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.jobs import Jobs

# A Developer Edition org's, as the REST API guide prints them under "Limits".
MAXIMA = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyApiRequests": 15_000,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DataStorageMB": 1_024,
    "FileStorageMB": 1_024,
}


class Usage:
    """Count what is used. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = count(1)
        self.calls = 0

    def add_call(self, *, counts: bool) -> int:
        """Note a request, which counts as an API call or, as one for a token, does not; return its number."""
        with self._lock:
            self.calls += counts
            return next(self._numbers)

    def remaining(self, jobs: Jobs) -> dict[str, int]:
        """Return what is left of each allowance, never less than nothing."""
        every = jobs.ever()
        ingest = [job for job in every if job.kind == "ingest" and job.state != "Open"]
        batches = sum(bool(job.parent) for job in every)
        used = {
            "DailyApiRequests": self.calls,
            # Bulk API 2.0 guide, "How Requests Are Processed": a batch for every 10,000 rows, and an empty parent.
            "DailyBulkApiBatches": batches + sum(1 + -(-job.processed // BATCH_ROWS) for job in ingest),
            "DailyBulkV2QueryJobs": sum(job.kind == "query" for job in every),
        }
        return {name: max(most - used.get(name, 0), 0) for name, most in MAXIMA.items()}
