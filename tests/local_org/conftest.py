"""A fresh local org, and two ways to call it: over HTTP, and in process."""

from __future__ import annotations

import importlib.util
import json as json_module
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from sfbulk_pandas.local_org import LocalOrg
from sfbulk_pandas.salesforce.ids import from_number

# Test modules are imported each by its file, none as part of a package: what they share is put where import finds it.
_SPEC = importlib.util.spec_from_file_location("bulk_v1", Path(__file__).with_name("bulk_v1.py"))
sys.modules["bulk_v1"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules["bulk_v1"])

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday
PREFIXES = {"Account": "001", "Contact": "003", "Opportunity": "006", "Case": "500", "User": "005", "Project__c": "a00"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json_module.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Caller:
    """Call an org with its ready token, through ``send(method, path, headers, body) -> Reply``."""

    def __init__(self, org, send):
        self.org = org
        self._send = send

    def __call__(self, method, path, *, json=None, body=None, headers=None, params=None, token=""):
        url = path if path.lower().startswith("/services") else f"/services/data/v66.0/{path}"
        if params:
            url = requests.Request("GET", "http://x" + url, params=params).prepare().path_url
        given = {"Authorization": f"Bearer {token or self.org.access_token}", "Content-Type": "application/json"}
        given.update(headers or {})
        data = json_module.dumps(json).encode() if json is not None else body
        return self._send(method, url, {key: value for key, value in given.items() if value is not None}, data)

    def put(self, sobject, *rows):
        """Put records straight into the store, and return their Ids."""
        return put_records(self.org, sobject, *rows)

    def get(self, path, **options):
        return self("GET", path, **options)

    def soql(self, text, path="query"):
        return self.get(path, params={"q": text})

    def rows(self, text, path="query"):
        """Return a query's records without their attributes."""
        reply = self.soql(text, path)
        assert reply.status == 200, reply.text
        return [{key: value for key, value in each.items() if key != "attributes"} for each in reply.json()["records"]]

    def fault(self, text):
        """Return (status, code, message) of a query that is refused."""
        reply = self.soql(text)
        (error,) = reply.json()
        return reply.status, error["errorCode"], error["message"]

    def bulk(self, text, **more):
        """Make a query job."""
        return self("POST", "jobs/query", json={"operation": "query", "query": text, **more})

    def csv(self, text, **more):
        """Run a query job and return its result."""
        made = self.bulk(text, **more)
        assert made.status == 200, made.text
        return self.get(f"jobs/query/{made.json()['id']}/results")


def over_http(org):
    def send(method, path, headers, data):
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, org.url + path, headers=headers, data=data, timeout=30)
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    return Caller(org, send)


def in_process(org):
    def send(method, path, headers, data):
        with Client(org.app).open(path, method=method, headers=headers, data=data) as answer:
            return Reply(answer.status_code, dict(answer.headers), answer.data)

    return Caller(org, send)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def local():
    """A fresh org on a port of its own, jobs done at once."""
    with LocalOrg(clock=NOW.timestamp) as org:
        yield org


@pytest.fixture(params=[over_http, in_process], ids=["http", "wsgi"])
def call(local, request):
    return request.param(local)


@pytest.fixture
def direct(local):
    """Call the org in process alone, for what does not depend on HTTP."""
    return in_process(local)


@pytest.fixture
def call_to():
    """Return what makes a caller, in process, of an org that a test starts itself."""
    return in_process


@pytest.fixture
def http(local):
    return over_http(local)


def put_records(org, sobject, *rows):
    """Put records straight into the store, and return their Ids."""
    known = org.records(sobject).num_rows
    ids = [from_number(PREFIXES[sobject], 1_000 + known + place) for place in range(len(rows))]
    with org.state.store.cursor() as cursor:
        for record_id, row in zip(ids, rows, strict=True):
            values = {"Id": record_id, "IsDeleted": False, **row}
            names = ", ".join(f'"{name}"' for name in values)
            marks = ", ".join("?" for _ in values)
            sql = f"INSERT INTO {org.state.store.table(sobject)} ({names}) VALUES ({marks})"
            cursor.execute(sql, list(values.values()))
    return ids


@pytest.fixture
def other_org():
    """Return a function that starts an org with other options, and gives its caller; all end with the test."""
    with ExitStack() as stack:
        yield lambda **options: in_process(stack.enter_context(LocalOrg(clock=NOW.timestamp, **options)))


@pytest.fixture
def put(local):
    """Return a function that puts records into the fresh org: ``put("Account", {"Name": "Acme"}) -> ids``."""
    return lambda sobject, *rows: put_records(local, sobject, *rows)
