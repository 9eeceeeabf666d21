"""What no document settles about query results, each answer a switch; and bodies that fall short on demand."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest
import requests
from urllib3.exceptions import ProtocolError

from sfbulk_pandas.local_org import Faults, Immediate, LocalOrg, Switches

SOQL = "SELECT LastName, Account.Name, email FROM Contact"


def with_contacts(other_org, count=25, **switches):
    call = other_org(switches=Switches(**switches))
    call.put("Contact", *({"LastName": f"N{number:03}", "Email": "a@b.co"} for number in range(count)))
    return call


def pages(call, job, **params):
    """Return (headers, rows by name) of every page, by locator."""
    found, locator = [], ""
    while True:
        asked = {**params, **({"locator": locator} if locator else {})}
        page = call.get(f"jobs/query/{job}/results", params=asked)
        assert page.status == 200, page.text
        reader = csv.reader(io.StringIO(page.text))
        header = next(reader)
        found.append((page.headers, [dict(zip(header, row, strict=True)) for row in reader]))
        locator = page.headers.get("Sforce-Locator", "")
        if locator in {"", "null"}:
            return found


def names(found):
    return [row["LastName"] for _, rows in found for row in rows]


def all_names(count=25):
    return [f"N{number:03}" for number in range(count)]


def test_pages_of_a_set_size(other_org):
    call = with_contacts(other_org, query_page_rows=10)
    job = call.bulk(SOQL).json()["id"]
    found = pages(call, job)
    assert [len(rows) for _, rows in found] == [10, 10, 5]
    assert names(found) == all_names()
    assert len(pages(call, job, maxRecords=20)) == 2
    listed = call.get(f"jobs/query/{job}/resultPages").json()["resultPages"]
    assert len(listed) == 3


def test_pages_that_vary_hold_every_row_once_and_can_be_read_again(other_org):
    call = with_contacts(other_org, 300, vary_page_rows=True, query_page_rows=40)
    job = call.bulk(SOQL).json()["id"]
    found = pages(call, job)
    sizes = [len(rows) for _, rows in found]
    assert all(20 <= size <= 40 for size in sizes[:-1])
    assert len(set(sizes)) > 2
    assert [int(headers["Sforce-NumberOfRecords"]) for headers, _ in found] == sizes
    assert names(found) == all_names(300)
    assert [len(rows) for _, rows in pages(call, job)] == sizes
    assert all(len(rows) <= 10 for _, rows in pages(call, job, maxRecords=10))
    parallel, url = [], f"jobs/query/{job}/resultPages"
    while url:
        answer = call.get(url).json()
        parallel += [call.get(each["resultUrl"]).text.count("\n") - 1 for each in answer["resultPages"]]
        url = answer["nextRecordsUrl"]
    assert parallel == sizes


def test_rest_pages_that_vary(other_org):
    call = with_contacts(other_org, 900, vary_page_rows=True)
    options = {"headers": {"Sforce-Query-Options": "batchSize=300"}}
    answer = call.get("query", params={"q": SOQL}, **options).json()
    found = [answer["records"]]
    while not answer["done"]:
        answer = call.get(answer["nextRecordsUrl"], **options).json()
        found.append(answer["records"])
    sizes = [len(each) for each in found]
    assert all(150 <= size <= 300 for size in sizes[:-1])
    assert len(set(sizes)) > 1
    assert [row["LastName"] for each in found for row in each] == all_names(900)


def test_rows_in_another_order_unless_the_query_has_one(other_org):
    call = with_contacts(other_org, 50, shuffle_query_rows=True)
    job = call.bulk(SOQL).json()["id"]
    first = names(pages(call, job, maxRecords=20))
    assert first != all_names(50)
    assert sorted(first) == all_names(50)
    assert names(pages(call, job, maxRecords=7)) == first
    ordered = call.bulk(f"{SOQL} ORDER BY LastName DESC").json()["id"]
    assert names(pages(call, ordered)) == all_names(50)[::-1]


@pytest.mark.parametrize(
    ("how", "header"),
    [
        ("same", '"LastName","Account.Name","Email"'),
        ("alphabetical", '"Account.Name","Email","LastName"'),
        ("as written", '"LastName","Account.Name","email"'),
    ],
)
def test_columns_of_later_pages(other_org, how, header):
    call = with_contacts(other_org, later_pages=how)
    job = call.bulk(SOQL).json()["id"]
    first = call.get(f"jobs/query/{job}/results", params={"maxRecords": 10})
    assert first.text.splitlines()[0] == '"LastName","Account.Name","Email"'
    locator = first.headers["Sforce-Locator"]
    later = call.get(f"jobs/query/{job}/results", params={"maxRecords": 10, "locator": locator})
    assert later.text.splitlines()[0] == header
    found = pages(call, job, maxRecords=10)
    assert names(found) == all_names()
    assert {row.get("Email", row.get("email")) for _, rows in found for row in rows} == {"a@b.co"}


@pytest.mark.parametrize("last", ["null", "", None])
def test_the_last_locator(other_org, last):
    call = with_contacts(other_org, last_locator=last)
    job = call.bulk(SOQL).json()["id"]
    found = pages(call, job, maxRecords=20)
    assert len(found) == 2
    assert found[1][0].get("Sforce-Locator") == last
    empty = call.bulk(f"{SOQL} WHERE LastName = 'none'").json()["id"]
    assert call.get(f"jobs/query/{empty}/results").headers.get("Sforce-Locator") == last


@pytest.mark.parametrize("null", [True, False])
def test_the_other_spelling_of_the_next_result_pages(other_org, null):
    call = with_contacts(other_org, result_pages_key="nextRecordUrl", query_page_rows=4, last_pages_url_null=null)
    job = call.bulk(SOQL).json()["id"]
    first = call.get(f"jobs/query/{job}/resultPages").json()
    assert list(first) == ["resultPages", "nextRecordUrl", "done"]
    last = call.get(first["nextRecordUrl"]).json()
    assert (len(first["resultPages"]), len(last["resultPages"]), last["done"]) == (5, 2, True)
    assert ("nextRecordUrl" in last) is null
    assert "nextRecordsUrl" not in last
    urls = [each["resultUrl"] for each in first["resultPages"] + last["resultPages"]]
    rows = [line for url in reversed(urls) for line in call.get(url).text.splitlines()[1:]]
    assert Counter(rows) == Counter(f'"{name}","","a@b.co"' for name in all_names())


def test_queries_that_fail_on_demand(direct, put):
    put("Contact", *({"LastName": "x"} for _ in range(5)))
    text = "QUERY_TIMEOUT: Your query request was running for too long."
    direct.org.fail_queries(times=2)
    for _ in range(2):
        job = direct.get(f"jobs/query/{direct.bulk(SOQL).json()['id']}").json()
        assert (job["state"], job["errorMessage"]) == ("Failed", text)
    job = direct.get(f"jobs/query/{direct.bulk(SOQL).json()['id']}").json()
    assert (job["state"], job["numberRecordsProcessed"]) == ("JobComplete", 5)
    direct.org.fail_queries()
    assert direct.fault(SOQL) == (400, "QUERY_TIMEOUT", "Your query request was running for too long.")
    assert direct.soql(SOQL).status == 200


def test_a_query_fails_by_its_text_its_turn_and_its_rows(other_org):
    call = other_org(pacing=Immediate(rows_per_step=2_000))
    with call.org.state.store.cursor() as cursor:
        cursor.execute(
            'INSERT INTO "Contact" (Id, LastName, IsDeleted) '
            "SELECT '003' || lpad(i::VARCHAR, 15, '0'), 'x', false FROM range(10000) t(i)"
        )
    call.org.fail_queries("X : y", soql_part="from contact", skip=1, after_rows=4_096)

    def state(soql):
        job = call.get(f"jobs/query/{call.bulk(soql).json()['id']}").json()
        return job["state"], job["numberRecordsProcessed"], job.get("errorMessage")

    assert state("SELECT Id FROM Account")[0] == "JobComplete"
    assert state("SELECT Id FROM Contact")[:2] == ("JobComplete", 10_000)
    failed = state("SELECT Id FROM Contact")
    assert (failed[0], failed[2]) == ("Failed", "X : y")
    assert 0 < failed[1] <= 4_096
    assert state("SELECT Id FROM Contact")[0] == "JobComplete"


def test_canned_answers_come_before_any_effect(direct):
    busy = Faults.answer(503, "<html>busy</html>", Retry_After="1")
    direct.org.faults.on("POST", "jobs/query", fault=busy, times=2)
    for _ in range(2):
        answer = direct.bulk(SOQL)
        assert (answer.status, answer.text, answer.headers["Retry-After"]) == (503, "<html>busy</html>", "1")
    assert direct.org.state.jobs.all() == []
    direct.org.faults.on("GET", "jobs/query", fault=Faults.answer(503))
    assert direct.bulk(SOQL).status == 200
    plain = direct.get("jobs/query")
    assert (plain.status, plain.body, "Retry-After" in plain.headers) == (503, b"", False)
    assert direct.get("jobs/query").status == 200


def test_a_page_with_fewer_rows_than_it_announces(direct, put):
    put("Contact", *({"LastName": "two\nlines" if number < 5 else "x"} for number in range(10)))
    job = direct.bulk("SELECT LastName FROM Contact").json()["id"]
    whole = direct.get(f"jobs/query/{job}/results")
    direct.org.faults.on("GET", "results", fault=Faults.rows_missing(2))
    short = direct.get(f"jobs/query/{job}/results")
    assert short.headers["Sforce-NumberOfRecords"] == "10"
    assert short.text == whole.text.removesuffix('"x"\n"x"\n')
    assert direct.get(f"jobs/query/{job}/results").text == whole.text


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_breaks_off(packed):
    with LocalOrg(switches=Switches(gzip_answers=packed)) as org, requests.Session() as session:
        session.trust_env = False
        session.headers = {"Authorization": f"Bearer {org.access_token}", "Accept-Encoding": "gzip"}
        base = f"{org.url}/services/data/v66.0/jobs/query"
        made = session.post(base, json={"operation": "query", "query": "SELECT Id, Name FROM User"}, timeout=10).json()
        url = f"{base}/{made['id']}/results"
        whole = session.get(url, timeout=10).content
        org.faults.on("GET", "results", fault=Faults.cut_at(20))
        pieces = []
        with session.get(url, timeout=10, stream=True) as answer, pytest.raises(ProtocolError):
            pieces.extend(iter(lambda: answer.raw.read(1), b""))
        came = b"".join(pieces)
        assert came.startswith(b"\x1f\x8b") if packed else came == whole[:20]
        assert len(came) == 20
        assert session.get(url, timeout=10).content == whole
