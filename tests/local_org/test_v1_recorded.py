"""The local org's Bulk API 1.0 answers held to recorded ones, where those lie beside the checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bulk_v1 import V1, shape

from sfbulk_pandas.local_org import ByHand

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "recorded" / "bulk_v1.jsonl"
pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers beside this checkout")
EXCHANGES = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()] if RECORDED.exists() else []
pytestmark = pytest.mark.skipif(not EXCHANGES, reason="no recorded answers beside this checkout")


def route(url):
    """Return a path of Bulk API 1.0 without its ids."""
    return re.sub(r"75\d\w{12,15}", "*", url.partition("/async/")[2].partition("/")[2].partition("?")[0])


def form(text):
    """Return what is left of an answer without its values: names, order, quotes, blanks and line ends."""
    if text.startswith("<"):
        return re.sub(r">[^<\n]+</", ">-</", text)
    if text.startswith('"Id"'):
        neutral = re.sub(r'"\w{18}","(?:true|false)","(?:true|false)"', '"ID","FLAG","FLAG"', text)
        return "".join(dict.fromkeys(neutral.splitlines(keepends=True)))
    return re.sub(r'"(Queued|InProgress|Completed)"', '"STATE"', shape(text))


class Ours:
    """Every kind of call that was recorded, made to the local org."""

    def __init__(self, v1):
        self.v1 = v1
        self.answers = []
        self.csv_job("insert", "")
        self.csv_job("upsert", "<externalIdFieldName>Contact_Key__c</externalIdFieldName>")
        self.json_job()

    def add(self, method, path, body=None, **more):
        answer = self.v1(method, path, body, **more)
        self.answers.append((method, route(f"/async/62.0/{path}"), answer))
        return answer

    def keep(self, path, answer):
        self.answers.append(("POST", path, answer))
        return re.search(r"<id>(\w+)<", answer.text)[1]

    def csv_job(self, operation, more):
        job = self.keep("job", self.v1.job(operation, more=more))
        self.add("GET", f"job/{job}/batch")
        rows = "Contact_Key__c,LastName\nA,B\nC,D\n"
        added = self.add("POST", f"job/{job}/batch", rows, content_type="text/csv")
        batch = re.search(r"<id>(\w+)<", added.text)[1]
        self.keep("job/*", self.v1.state(job, "Closed"))
        for _ in range(3):
            self.v1.call.org.advance()
        self.add("GET", f"job/{job}")
        self.add("GET", f"job/{job}/batch")
        self.add("GET", f"job/{job}/batch/{batch}/result")

    def json_job(self):
        job = self.keep("job", self.v1.job("query", content_type="JSON"))
        added = self.add("POST", f"job/{job}/batch", "SELECT Id FROM Contact", content_type="application/json")
        batch = added.json()["id"]
        for _ in range(3):
            self.v1.call.org.advance()
        self.add("GET", f"job/{job}/batch/{batch}")
        self.add("GET", f"job/{job}/batch/{batch}/result")


# The one with records is of an object that the local org lacks; its style is held below.
WITH_FORM = [each for each in EXCHANGES if not route(each["url"]).endswith("result/*")]


@pytest.fixture
def ours(other_org):
    return Ours(V1(other_org(pacing=ByHand()), "62.0"))


@pytest.mark.parametrize("exchange", WITH_FORM, ids=lambda each: f"{each['method']} {route(each['url'])}")
def test_an_answer_has_the_recorded_form(exchange, ours):
    here = route(exchange["url"])
    same = [answer for method, path, answer in ours.answers if (method, path) == (exchange["method"], here)]
    mine, theirs = [form(answer.text) for answer in same], form(exchange["response_body"])
    assert theirs in mine
    # The headers of jobs were filled in afterwards where a job was made in XML and is told to be JSON.
    kinds = exchange["response_headers"]["Content-Type"]
    if not (here == "job" and "json" in kinds[0]):
        assert {answer.headers["Content-Type"] for answer in same if form(answer.text) == theirs} <= set(kinds)
        assert exchange["status"] in {answer.status for answer in same}


def test_records_in_json_are_written_in_the_recorded_style(other_org):
    (theirs,) = (each["response_body"] for each in EXCHANGES if route(each["url"]).endswith("result/*"))
    v1 = V1(other_org())
    (account,) = v1.call.put("Account", {"Name": "A"})
    v1.call.put("Contact", {"AccountId": account, "LastName": "x"}, {"LastName": "y"})
    job = v1.new(content_type="JSON")
    batch = v1.batch(job, "SELECT Id, Account.Name, CreatedDate FROM Contact", "application/json")
    (result,) = v1("GET", f"job/{job}/batch/{batch}/result").json()
    mine = v1("GET", f"job/{job}/batch/{batch}/result/{result}").text
    for text in (mine, theirs):
        records = (json.dumps(each, ensure_ascii=False, indent=2, separators=(",", " : ")) for each in json.loads(text))
        assert text == f"[ {', '.join(records)} ]"
    assert all(isinstance(each["ActivityDateTime"], int) for each in json.loads(theirs))
