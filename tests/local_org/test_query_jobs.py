"""Bulk query jobs: their life, their pages, and what they refuse."""

from __future__ import annotations

from datetime import datetime

import pytest

from sfbulk_pandas.local_org import AfterPolls, ByHand, Switches

SOQL = "SELECT Id, LastName FROM Contact"
NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
STEPS = "2026-03-18T12:00:00.000+0000"


@pytest.fixture
def contacts(put):
    return put("Contact", *({"LastName": f"No. {number}"} for number in range(7)))


def test_create_and_info(call, contacts):
    created = call.bulk(SOQL.lower(), contentType="CSV")
    job = created.json()["id"]
    head = {
        "id": job,
        "operation": "query",
        "object": "Contact",
        "createdById": "005000000000001AAA",
        "createdDate": STEPS,
        "systemModstamp": STEPS,
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 66.0,
    }
    form = {"lineEnding": "LF", "columnDelimiter": "COMMA"}
    assert list(created.json().items()) == list({**head, **form}.items())
    info = call.get(f"jobs/query/{job[:15]}/").json()
    assert (info["state"], info["numberRecordsProcessed"], info["jobType"]) == ("JobComplete", 7, "V2Query")
    assert "numberRecordsFailed" not in info
    assert "query" not in info


def test_pages_by_locator(call, contacts):
    job = call.bulk(SOQL).json()["id"]
    found, locator, pages = [], None, 0
    while locator != "null":
        page = call.get(
            f"jobs/query/{job}/results", params={"maxRecords": 3, **({"locator": locator} if locator else {})}
        )
        header, *lines = page.text.splitlines()
        assert header == '"Id","LastName"'
        assert page.text.endswith("\n")
        assert page.headers["Content-Type"] == "text/csv; charset=UTF-8"
        assert int(page.headers["Sforce-NumberOfRecords"]) == len(lines)
        locator = page.headers["Sforce-Locator"]
        found += lines
        pages += 1
    assert pages == 3
    assert found == [f'"{record}","No. {number}"' for number, record in enumerate(contacts)]


def test_values(direct, put):
    put(
        "Contact",
        {
            "LastName": 'He said "hi",\r\nthen left',
            "Salary__c": 15_000_000.0,
            "Rating__c": 2.0,
            "Children__c": 3,
            "HasOptedOutOfEmail": False,
            "Last_Contacted__c": datetime(2026, 1, 2, 3, 4, 5, 678_000),  # noqa: DTZ001
        },
        {"LastName": "NA"},
    )
    soql = (
        "SELECT lastname, Salary__C, Rating__c, Children__c, HasOptedOutOfEmail, Last_Contacted__c, Account.Name "
        "FROM Contact ORDER BY CreatedDate, LastName"
    )
    assert direct.csv(soql).text == (
        '"LastName","Salary__c","Rating__c","Children__c","HasOptedOutOfEmail","Last_Contacted__c","Account.Name"\n'
        '"He said ""hi"",\r\nthen left","1.5E7","2.0","3","false","2026-01-02T03:04:05.678Z",""\n'
        '"NA","","","","","",""\n'
    )


@pytest.mark.parametrize(
    ("delimiter", "char"), [("PIPE", "|"), ("TAB", "\t"), ("BACKQUOTE", "`"), ("CARET", "^"), ("SEMICOLON", ";")]
)
def test_other_delimiters_and_line_ends(direct, contacts, delimiter, char):
    page = direct.csv(f"{SOQL} LIMIT 1", columnDelimiter=delimiter, lineEnding="CRLF")
    assert page.text == f'"Id"{char}"LastName"\r\n"{contacts[0]}"{char}"No. 0"\r\n'


def test_query_all(direct, put):
    put("Contact", {"LastName": "gone", "IsDeleted": True})
    assert direct.csv("SELECT LastName FROM Contact").text == '"LastName"\n'
    assert direct.csv("SELECT LastName FROM Contact", operation="queryAll").text == '"LastName"\n"gone"\n'


def test_no_rows(direct):
    page = direct.csv("SELECT Id, Account.Name FROM Contact")
    assert page.body == b'"Id","Account.Name"\n'
    assert (page.headers["Sforce-NumberOfRecords"], page.headers["Sforce-Locator"]) == ("0", "null")


def test_result_pages(direct, local, contacts):
    job = direct.bulk(SOQL).json()["id"]
    base = f"/services/data/v66.0/jobs/query/{job}"
    one = {"resultPages": [{"resultUrl": f"{base}/results?locator=MDAwMDA"}], "nextRecordsUrl": None, "done": True}
    assert direct.get(f"jobs/query/{job}/resultPages").json() == one
    assert len(direct.get(one["resultPages"][0]["resultUrl"]).text.splitlines()) == 8
    # More pages than one answer holds: only the count matters to the list of addresses.
    local.state.jobs.get(job).processed = 6 * Switches().query_page_rows + 1
    first = direct.get(f"jobs/query/{job}/resultpages/").json()
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    assert first["nextRecordsUrl"] == f"{base}/resultpages?locator=NTAwMDAw"
    last = direct.get(first["nextRecordsUrl"]).json()
    assert [len(last["resultPages"]), last["done"], last["nextRecordsUrl"]] == [2, True, None]


def test_columns_before_version_50_are_sorted(direct, contacts):
    query = {"operation": "query", "query": "SELECT LastName, Account.Name, Id FROM Contact"}
    for version, header in (("49.0", '"Account.Name","Id","LastName"'), ("50.0", '"LastName","Account.Name","Id"')):
        base = f"/services/data/v{version}/jobs/query"
        made = direct("POST", base, json=query).json()
        assert direct.get(f"{base}/{made['id']}/results").text.split("\n")[0] == header


def test_null_stands_for_the_default(direct):
    nulls = dict.fromkeys(("lineEnding", "columnDelimiter", "contentType"))
    made = direct.bulk("SELECT Id FROM Account", **nulls).json()
    assert (made["lineEnding"], made["columnDelimiter"], made["contentType"]) == ("LF", "COMMA", "CSV")


def test_a_query_job_has_failed_results_of_no_rows(direct, contacts):
    made = direct.bulk("SELECT Id, LastName FROM Contact").json()
    answer = direct.get(f"jobs/ingest/{made['id']}/failedResults")
    assert (answer.status, answer.text) == (200, '"sf__Id","sf__Error","Id","LastName"\n')
    assert direct.get(f"jobs/ingest/{made['id']}/successfulResults").status == 404


def test_result_pages_came_with_version_58(direct, contacts):
    job = direct.bulk(SOQL).json()["id"]
    old = direct.get(f"/services/data/v57.0/jobs/query/{job}/resultPages")
    assert (old.status, old.json()) == (404, NOT_FOUND)


def test_results_in_another_version(direct, contacts):
    job = direct.bulk(SOQL).json()["id"]
    message = "The job was created with API version 66.0, its results can't be read with version 60.0"
    for path in ("results", "resultPages"):
        answer = direct.get(f"/services/data/v60.0/jobs/query/{job}/{path}")
        assert (answer.status, answer.json()) == (409, [{"errorCode": "CONFLICT", "message": message}])
    assert direct.get(f"/services/data/v60.0/jobs/query/{job}").status == 200


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"locator": "%%%"}, "Invalid value: '%%%' supplied for property: 'locator'"),
        ({"locator": "OTk"}, "Invalid value: 'OTk' supplied for property: 'locator'"),
        ({"maxRecords": "0"}, "Invalid value: '0' supplied for property: 'maxRecords'"),
        ({"maxRecords": "many"}, "Invalid value: 'many' supplied for property: 'maxRecords'"),
    ],
)
def test_bad_page(direct, contacts, params, message):
    job = direct.bulk(SOQL).json()["id"]
    answer = direct.get(f"jobs/query/{job}/results", params=params)
    assert (answer.status, answer.json()) == (400, [{"errorCode": "API_ERROR", "message": message}])


def test_abort_and_delete_by_state(other_org):
    call = other_org(pacing=ByHand())
    job = call.bulk(SOQL).json()["id"]
    early = call.get(f"jobs/query/{job}/results")
    message = "The results of a job in state UploadComplete can't be read"
    assert (early.status, early.json()) == (400, [{"errorCode": "INVALIDJOBSTATE", "message": message}])
    running = call("DELETE", f"jobs/query/{job}")
    message = "Error encountered when deleting the job because the job is not terminated"
    assert (running.status, running.json()) == (400, [{"errorCode": "API_ERROR", "message": message}])
    aborted = call("PATCH", f"jobs/query/{job}", json={"state": "Aborted"})
    assert (aborted.status, aborted.json()["state"], list(aborted.json())[-1]) == (200, "Aborted", "apiVersion")
    again = call("PATCH", f"jobs/query/{job}", json={"state": "Aborted"})
    message = "Aborting already Completed Job not allowed"
    assert (again.status, again.json()) == (400, [{"errorCode": "INVALIDJOBSTATE", "message": message}])
    assert call("DELETE", f"jobs/query/{job}").status == 204
    gone = call.get(f"jobs/query/{job}")
    assert (gone.status, gone.json()) == (404, NOT_FOUND)


def test_abort_while_it_runs(other_org):
    call = other_org(pacing=ByHand(rows_per_step=200))
    call.put("Contact", *({"LastName": "x"} for _ in range(10)))
    job = call.bulk(SOQL).json()["id"]
    call.org.advance(job)
    assert call.get(f"jobs/query/{job}").json()["state"] == "InProgress"
    assert call("PATCH", f"jobs/query/{job}", json={"state": "Aborted"}).status == 200
    call.org.advance(job)
    assert call.get(f"jobs/query/{job}").json()["state"] == "Aborted"


def test_paced_by_polls(other_org):
    call = other_org(pacing=AfterPolls(2))
    call.put("Contact", {"LastName": "x"})
    job = call.bulk(SOQL).json()["id"]
    states = []
    while (state := call.get(f"jobs/query/{job}").json()["state"]) != "JobComplete":
        states.append(state)
    assert 1 <= len(states) < 10


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"operation": "Query", "query": SOQL}, "Invalid value: 'Query' supplied for property: 'operation'"),
        ({"operation": "insert", "query": SOQL}, "Invalid value: 'insert' supplied for property: 'operation'"),
        ({"query": SOQL}, "Invalid value: '' supplied for property: 'operation'"),
        (
            {"operation": "query", "query": SOQL, "contentType": "JSON"},
            "Invalid value: 'JSON' supplied for property: 'contentType'",
        ),
        (
            {"operation": "query", "query": SOQL, "lineEnding": "CR"},
            "Invalid value: 'CR' supplied for property: 'lineEnding'",
        ),
        ({"operation": "query", "query": "SELECT COUNT() FROM Contact"}, "Aggregate Relationships {}"),
        ({"operation": "query", "query": "SELECT COUNT(Id) FROM Contact"}, "Aggregate Relationships {}"),
        ({"operation": "query", "query": "SELECT LeadSource FROM Contact GROUP BY LeadSource"}, "Aggregate {}"),
        ({"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}, "Aggregate {}"),
        ({"operation": "query", "query": f"{SOQL} OFFSET 5"}, "Implementation restriction: OFFSET {}"),
        (
            {"operation": "query", "query": "SELECT TYPEOF Owner WHEN User THEN Id END FROM Case"},
            "Implementation restriction: TYPEOF {}",
        ),
        ({"operation": "query", "query": "SELECT FIELDS(ALL) FROM Case"}, "Implementation restriction: FIELDS() {}"),
        ({"operation": "query", "query": "SELECT MailingAddress FROM Contact"}, "Selecting compound data {}"),
    ],
)
def test_create_refusals(direct, local, body, error):
    answer = direct("POST", "jobs/query", json=body)
    message = error.replace("Aggregate {}", "Aggregate Relationships {}").format("not supported in Bulk Query")
    assert (answer.status, answer.json()) == (400, [{"errorCode": "API_ERROR", "message": message}])
    assert local.state.jobs.all() == []


def test_a_wrong_query_makes_no_job(direct, local):
    answer = direct.bulk("SELECT Nope FROM Contact")
    assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    missing = direct("POST", "jobs/query", json={"operation": "query"})
    expected = [{"message": "SOQL statement cannot be empty", "errorCode": "MALFORMED_QUERY"}]
    assert (missing.status, missing.json()) == (400, expected)
    broken = direct("POST", "jobs/query", body=b"{")
    assert (broken.status, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert local.state.jobs.all() == []


def test_list(direct, contacts):
    made = [direct.bulk(SOQL).json()["id"] for _ in range(2)]
    listed = direct.get("jobs/query", params={"jobType": "V2Query"}).json()
    assert [each["id"] for each in listed["records"]] == made[::-1]
    assert (listed["done"], listed["nextRecordsUrl"]) == (True, None)
    assert list(listed["records"][0])[-3:] == ["jobType", "lineEnding", "columnDelimiter"]
    assert direct.get("jobs/query", params={"jobType": "V2Ingest"}).json()["records"] == []
    bad = direct.get("jobs/query", params={"jobType": "V3"})
    assert bad.json()[0]["message"] == "Invalid value: 'V3' supplied for property: 'jobType'"


def test_switches(other_org):
    switches = Switches(
        empty_query_header=False, query_datetime_zone="+0000", canonical_query_header=False, last_pages_url_null=False
    )
    call = other_org(switches=switches)
    assert call.csv("SELECT id FROM Contact").body == b""
    call.put("Contact", {"LastName": "x", "Last_Contacted__c": datetime(2026, 1, 2)})  # noqa: DTZ001 - UTC is stored so
    page = call.csv("SELECT lastNAME, Last_Contacted__c FROM Contact")
    assert page.text == '"lastNAME","Last_Contacted__c"\n"x","2026-01-02T00:00:00.000+0000"\n'
    job = call.bulk(SOQL).json()["id"]
    assert "nextRecordsUrl" not in call.get(f"jobs/query/{job}/resultPages").json()


def test_pages_across_record_batches(direct, local):
    """A page may begin and end anywhere, whatever pieces the result was written in."""
    with local.state.store.cursor() as cursor:
        cursor.execute(
            'INSERT INTO "Contact" (Id, LastName, IsDeleted) '
            "SELECT '003' || lpad(i::VARCHAR, 15, '0'), 'Name ' || i, false FROM range(30000) t(i)"
        )
    job = direct.bulk("SELECT LastName FROM Contact ORDER BY Id").json()["id"]
    found, locator = [], "MA"
    while locator != "null":
        page = direct.get(f"jobs/query/{job}/results", params={"maxRecords": 7_001, "locator": locator})
        found += page.text.splitlines()[1:]
        locator = page.headers["Sforce-Locator"]
    assert found == [f'"Name {number}"' for number in range(30_000)]
