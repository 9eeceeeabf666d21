"""One cell of the table: a call meets a fault, is gone on with where it raised, and three questions are asked."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import requests
from fault_kinds import PATIENCE_SECONDS
from requests.adapters import HTTPAdapter

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal
from sfbulk_pandas.local_org import Faults
from sfbulk_pandas.org import Org
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.retry import RetryPolicy
from sfbulk_pandas.transport.session import Session

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from no_wait import NoWait

POLLING = sfbulk.Polling(interval_seconds=1, cap_seconds=20)  # by a clock that does not wait
WAIT_SECONDS = 90
EXTRACT_ROWS = 2_100  # more than one page of a REST query
SOQL = "SELECT Id, LastName FROM Contact"


class Impatient(HTTPAdapter):
    """Wait hardly at all for answers to one kind of request."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def send(self, request, *args, timeout=None, **kwargs):
        if self.kind.is_kind_of(request.method, request.path_url):
            timeout = (timeout[0], PATIENCE_SECONDS)
        return super().send(request, *args, timeout=timeout, **kwargs)


@contextmanager
def client(local, folder, impatient_of=None):
    """Give a client whose clock does not wait."""
    login = sfbulk.ClientCredentials(local.client_id, local.client_secret, login_url=local.url)
    http = requests.Session()
    if impatient_of is not None:
        http.mount("http://", Impatient(impatient_of))
    network = Network(connect_seconds=10, read_seconds=10, retry=RetryPolicy(attempts=3), session=http)
    session = Session(login, clock=NoWait(), network=network)
    with Journal(folder / "journal.db") as journal, Org(session, POLLING, journal) as org:
        yield org


@dataclass
class LoadCell:
    """Rows of which every fourth fails, in two parts."""

    local: object
    folder: object
    prefix: str
    how: dict
    rows: int = 12

    def __post_init__(self):
        names = [f"{self.prefix}{number:03}" for number in range(self.rows)]
        emails = ["bad" if number % 4 == 3 else "a@example.com" for number in range(self.rows)]
        self.frame = pd.DataFrame({"LastName": names, "Email": emails, "Contact_Key__c": names})
        self.good = set(self.frame.loc[self.frame["Email"] != "bad", "LastName"])

    def first(self, org):
        if self.how.get("lost_create"):
            self.local.faults.on("POST", "jobs/ingest", fault=Faults.answer_lost)
        if self.how.get("checks"):
            org.check(self.frame, "Contact", "insert")
        options = {"part_rows": self.rows // 2, "parallel_parts": 1, "wait_seconds": WAIT_SECONDS, "progress": False}
        if self.how.get("operation") == "upsert":
            return org.upsert(self.frame, "Contact", external_id_field="Contact_Key__c", **options)
        return org.insert(self.frame.drop(columns="Contact_Key__c"), "Contact", **options)

    def again(self, org, error):
        """Go on after an error; return the result and the word for how."""
        result = error.result
        if result is None:
            return self.first(org), "again"
        frame = self.frame if self.how.get("operation") == "upsert" else self.frame.drop(columns="Contact_Key__c")
        try:
            if isinstance(error, sfbulk.StillRunning):
                return error.resume(), "resumes"
            return org.resume(result.load_id, frame, progress=False), "resumes"
        except (sfbulk.JobFailed, sfbulk.JobAborted) as failed:
            return failed.result.retry(), "retry"

    def check_meanwhile(self, error):
        """Nothing twice, every row accounted for, and what is said to be stored or unsent is."""
        stored = self.stored()
        assert not [name for name, times in stored.items() if times > 1], "a record is there twice"
        result = error.result
        if result is None:
            assert not stored, "records, and no result that tells of them"
            return
        assert sum(result.counts.get(name, 0) for name in ENDS) == self.rows == result.counts["rows"], result.counts
        assert set(result.successful["LastName"]) <= set(stored), "a row is said to be stored and is not"
        assert not set(result.unprocessed["LastName"]) & set(stored), "a row is said to be unsent and is stored"
        assert not set(result.failed["LastName"]) & set(stored), "a row is said to have failed and is stored"

    def check(self, result):
        """All is exactly right."""
        assert self.stored() == Counter(self.good), "the records are not exactly those of the good rows"
        counts = {name: result.counts.get(name, 0) for name in ENDS}
        good = len(self.good)
        assert counts == {"successful": good, "failed": self.rows - good, "unprocessed": 0, "unknown": 0}, counts
        assert set(result.successful["LastName"]) == self.good

    def stored(self):
        names = self.local.records("Contact").column("LastName").to_pylist()
        return Counter(name for name in names if name.startswith(self.prefix))


ENDS = ("successful", "failed", "unprocessed", "unknown")


@dataclass
class ExtractCell:
    """All records of an org, their pages kept on disk until they are whole."""

    local: object
    folder: object
    prefix: str
    how: dict

    def first(self, org):
        if self.how.get("failing_poll"):
            self.local.faults.on("GET", "jobs/query/*", fault=Faults.answer(400, '[{"errorCode":"X","message":"y"}]'))
        return self._query(org)

    def again(self, org, error):
        return self._query(org), "resumes"

    def _query(self, org):
        plan, spool = self.how["plan"], self.folder / "pages"
        cut = {"page_rows": 1_000} if plan == "locator" else {"chunk_rows": 1_000} if plan == "pk_chunks" else {}
        options = {"wait_seconds": WAIT_SECONDS, "progress": False, "on_stop": self.how.get("on_stop")}
        return org.query_arrow(SOQL, plan=plan, spool=spool, **options, **cut)

    def check_meanwhile(self, error):
        assert set(self._ids(error.partial)) <= self.all_ids(), "rows that are none of the org's"

    def check(self, table):
        ids = self._ids(table)
        assert len(set(ids)) == len(ids), "a row came twice"
        assert set(ids) == self.all_ids(), "rows are missing"

    def all_ids(self):
        return set(self.local.records("Contact").column("Id").to_pylist())

    @staticmethod
    def _ids(table):
        return [] if table is None else table.column("Id").to_pylist()


def outcome(cell, kind, failing):
    """Let a call meet a fault; return the word for how it ended.

    Raises
    ------
    AssertionError
        Where one of the questions is answered with no.
    """
    cell.local.faults.clear()
    planned = cell.local.faults.on(kind.method, kind.path, fault=failing.fault, times=failing.times, skip=kind.skip)
    with warnings.catch_warnings(), client(cell.local, cell.folder, kind if failing.is_late else None) as org:
        warnings.simplefilter("ignore", UserWarning)  # of answers that belong to nobody; counted all the same
        word, result, error = "finishes", None, None
        try:
            result = cell.first(org)
        except sfbulk.SfBulkError as caught:
            error = caught
        assert planned.struck, "the fault has struck nothing"
        cell.local.faults.clear()
        if error is not None:
            cell.check_meanwhile(error)
            with client(cell.local, cell.folder) as calm:
                result, word = cell.again(calm, error)
        cell.check(result)
    return word
