"""Bulk API 1.0 queries: results in three formats, and PK chunking."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bulk_v1 import V1, error, shape

from sfbulk_pandas.local_org import AfterPolls, ByHand, Switches
from sfbulk_pandas.local_org.describes import full_describe
from sfbulk_pandas.salesforce.ids import from_number

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "bulk_v1"
SOQL = "SELECT Id, LastName FROM Contact"


def sample(name):
    return (SAMPLES / name / "body").read_text(encoding="utf-8")


@pytest.fixture
def v1(direct):
    return V1(direct)


def put_at(org, sobject, *ids, **values):
    """Put records of given Ids straight into the store."""
    with org.state.store.cursor() as cursor:
        for each in ids:
            names = ", ".join(['"Id"', '"IsDeleted"', *(f'"{name}"' for name in values)])
            marks = ", ".join("?" * (2 + len(values)))
            sql = f"INSERT INTO {org.state.store.table(sobject)} ({names}) VALUES ({marks})"
            cursor.execute(sql, [each, False, *values.values()])


def ids_at(prefix, *numbers):
    return [from_number(prefix, number) for number in numbers]


def run(v1, soql, **job):
    made = v1.new(**job)
    return made, v1.batch(made, soql)


class TestResults:
    def test_csv(self, v1, put):
        put("Contact", {"FirstName": "Anna"}, {"FirstName": "NA"})
        job, batch = run(v1, "select id, firstname, account.name from contact")
        listed = v1("GET", f"job/{job}/batch/{batch}/result")
        assert (listed.headers["Content-Type"], shape(listed.text)) == ("application/xml", shape(sample("result_list")))
        (page,) = v1.files(job, batch)
        assert page.splitlines()[0] == sample("query_result").splitlines()[0]
        assert [line.split(",")[1:] for line in page.splitlines()[1:]] == [['"Anna"', '""'], ['"NA"', '""']]
        answer = v1("GET", f"job/{job}/batch/{batch}/result/{v1.results(job, batch)[0]}")
        assert answer.headers["Content-Type"] == "text/csv"
        assert v1("GET", f"job/{job}/batch/{batch}/request").text == "select id, firstname, account.name from contact"

    def test_json(self, v1, put):
        (account,) = put("Account", {"Name": "Acme"})
        stamp = datetime(2026, 2, 9, 8, 15, 27)  # noqa: DTZ001 - stored as UTC
        put(
            "Contact",
            {"AccountId": account, "LastName": "1", "CreatedDate": stamp},
            {"FirstName": "NA", "LastName": "2", "CreatedDate": stamp},
        )
        soql = "SELECT Id, Account.Name, FirstName, CreatedDate FROM Contact ORDER BY LastName"
        job, batch = run(v1, soql, content_type="JSON")
        (result,) = v1("GET", f"job/{job}/batch/{batch}/result").json()
        answer = v1("GET", f"job/{job}/batch/{batch}/result/{result}")
        neutral = _without_ids(answer.text)
        assert neutral == _without_ids(sample("query_result_json"))
        first = answer.json()[0]
        assert datetime.fromtimestamp(first["CreatedDate"] / 1000, UTC).replace(tzinfo=None) == stamp
        assert v1("GET", f"job/{job}/batch/{batch}/request").headers["Content-Type"] == "application/json"

    def test_xml(self, v1, put):
        (account,) = put("Account", {"Name": "A & B <Co>"})
        put("Contact", {"AccountId": account, "LastName": "1", "HasOptedOutOfEmail": True}, {"LastName": "2"})
        soql = "SELECT LastName, Account.Name, HasOptedOutOfEmail FROM Contact ORDER BY LastName"
        job, batch = run(v1, soql, content_type="XML")
        answer = v1("GET", f"job/{job}/batch/{batch}/result/{v1.results(job, batch)[0]}")
        assert answer.headers["Content-Type"] == "application/xml"
        space = "{http://www.force.com/2009/06/asyncapi/dataload}"
        records = ET.fromstring(answer.body).findall(f"{space}records")
        told = [
            {each.tag.removeprefix(space): each.findtext(f"{space}Name") or each.text for each in record}
            for record in records
        ]
        assert told == [
            {"type": "Contact", "LastName": "1", "Account": "A & B <Co>", "HasOptedOutOfEmail": "true"},
            {"type": "Contact", "LastName": "2", "Account": None, "HasOptedOutOfEmail": None},
        ]

    def test_no_rows(self, v1, other_org):
        job, batch = run(v1, SOQL)
        assert v1.files(job, batch) == [sample("query_no_rows")]
        plain = V1(other_org(switches=Switches(query_sentence=False)))
        job, batch = run(plain, SOQL)
        assert plain.files(job, batch) == ['"Id","LastName"\n']

    def test_several_result_files(self, other_org):
        v1 = V1(other_org(switches=Switches(result_file_rows=3)))
        v1.call.put("Contact", *({"LastName": f"N{number}"} for number in range(7)))
        job, batch = run(v1, "SELECT LastName FROM Contact")
        files = v1.files(job, batch)
        assert [len(each.splitlines()) - 1 for each in files] == [3, 3, 1]
        assert {each.splitlines()[0] for each in files} == {'"LastName"'}
        assert v1.rows(job, batch) == [f'"N{number}"' for number in range(7)]
        job, batch = run(v1, "SELECT LastName FROM Contact", content_type="JSON")
        results = v1("GET", f"job/{job}/batch/{batch}/result").json()
        pages = [v1("GET", f"job/{job}/batch/{batch}/result/{each}").json() for each in results]
        assert [each["LastName"] for page in pages for each in page] == [f"N{number}" for number in range(7)]

    def test_a_thousand_result_files_have_ids_of_their_own(self, other_org):
        v1 = V1(other_org(switches=Switches(result_file_rows=1)))
        v1.call.put("Contact", *({"LastName": "x"} for _ in range(1_005)))
        job, batch = run(v1, SOQL)
        results = v1.results(job, batch)
        assert {len(each) for each in results} == {15}
        assert len(set(results)) == 1_005
        last = v1("GET", f"job/{job}/batch/{batch}/result/{results[-1]}").text
        assert len(last.splitlines()) == 2

    def test_query_all_finds_what_is_deleted(self, v1, put):
        put("Contact", {"LastName": "gone", "IsDeleted": True})
        job, batch = run(v1, "SELECT LastName, IsDeleted FROM Contact", operation="queryAll")
        assert v1.rows(job, batch) == ['"gone","true"']

    def test_records_of_a_batch_may_go_uncounted(self, other_org):
        for counted, told in ((True, "1"), (False, "0")):
            v1 = V1(other_org(switches=Switches(query_batch_counts=counted)))
            v1.call.put("Contact", {"LastName": "A"})
            job, batch = run(v1, SOQL)
            assert v1.batches(job)[0]["numberRecordsProcessed"] == told
            assert len(v1.rows(job, batch)) == 1


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        (
            "SELECT Id FROM Account",
            (
                "INVALID_TYPE_FOR_OPERATION: The root entity of the requested query (Account) does not match the "
                "entity of the requested Bulk API Job (Contact)."
            ),
        ),
        (
            "SELECT MailingAddress FROM Contact",
            "FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query",
        ),
        ("SELECT Nope FROM Contact", "INVALID_FIELD: "),
        ("SELECT Id FORM Contact", "MALFORMED_QUERY: "),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_wrong_query_fails_its_batch(v1, soql, message, chunked):
    job, _ = run(v1, soql, **({"Sforce_Enable_PKChunking": "true"} if chunked else {}))
    (told,) = v1.batches(job)
    assert told["state"] == "Failed"
    assert told["stateMessage"].startswith(f"InvalidBatch : Failed to process query: {message}")


def test_a_query_of_another_object_than_the_jobs(v1):
    job, batch = run(v1, "SELECT Id FROM Contact", sobject="Account")
    text, expected = v1("GET", f"job/{job}/batch/{batch}").text, sample("batch_of_another_object")
    said = re.compile("<stateMessage>(.*)</stateMessage>")
    assert (said.findall(text), shape(text)) == (said.findall(expected), shape(expected))


def test_no_result_before_the_end(other_org):
    v1 = V1(other_org(pacing=ByHand()))
    job, batch = run(v1, SOQL)
    assert error(v1("GET", f"job/{job}/batch/{batch}/result")) == (400, "InvalidBatch", "Batch not completed")


class TestChunks:
    def chunks(self, v1, header="chunkSize=10", soql=SOQL, **job):
        job, _ = run(v1, soql, Sforce_Enable_PKChunking=header, **job)
        first, *others = v1.batches(job)
        return job, first, others

    def test_they_hold_every_record_once(self, v1, put):
        ids = put("Contact", *({"LastName": f"N{number}"} for number in range(25)))
        job, first, others = self.chunks(v1)
        assert (first["state"], first["numberRecordsProcessed"]) == ("NotProcessed", "0")
        assert [each["numberRecordsProcessed"] for each in others] == ["10", "10", "5"]
        rows = [line for each in others for line in v1.rows(job, each["id"])]
        assert [line[1:19] for line in rows] == ids

    def test_the_list_is_as_the_sample(self, other_org):
        v1 = V1(other_org(pacing=ByHand()))
        v1.call.put("Contact", *({"LastName": "x"} for _ in range(20)))
        job, batch = run(v1, SOQL, Sforce_Enable_PKChunking="chunkSize=10")
        v1.call.org.advance(batch)
        v1.call.org.advance(batch)
        listed = v1("GET", f"job/{job}/batch")
        assert shape(listed.text) == shape(sample("batch_list_chunked"))

    def test_the_request_of_a_chunk_tells_its_range(self, v1, local):
        put_at(local, "Contact", *ids_at("003300", 0, 250_000), LastName="x")
        soql = "SELECT LastName FROM Contact WHERE Email = null OR LastName = 'where'"
        job, _, others = self.chunks(v1, "chunkSize=250000", soql)
        assert [v1("GET", f"job/{job}/batch/{each['id']}/request").text for each in others] == [
            (
                "SELECT LastName FROM Contact WHERE (Id >= '003300000000000' AND Id < '00330000000132G') AND "
                "(Email = null OR LastName = 'where')"
            ),
            (
                "SELECT LastName FROM Contact WHERE (Id >= '00330000000132G' AND Id < '00330000000264W') AND "
                "(Email = null OR LastName = 'where')"
            ),
        ]
        assert [v1.rows(job, each["id"]) for each in others] == [['"x"'], ['"x"']]

    def test_a_gap_is_one_empty_chunk_however_long(self, v1, local):
        put_at(local, "Contact", *ids_at("003300", 1, 12, 10**15), LastName="x")
        job, _, others = self.chunks(v1)
        assert [each["numberRecordsProcessed"] for each in others] == ["1", "1", "0", "1"]
        assert v1.files(job, others[2]["id"]) == ["Records not found for this query"]

    def test_deleted_records_count_in_ranges_and_not_in_results(self, v1, put):
        put("Contact", *({"LastName": "x", "IsDeleted": number < 15} for number in range(25)))
        _, _, others = self.chunks(v1)
        assert [each["numberRecordsProcessed"] for each in others] == ["0", "5", "5"]
        _, _, others = self.chunks(v1, operation="queryAll")
        assert [each["numberRecordsProcessed"] for each in others] == ["10", "10", "5"]

    def test_each_pod_is_cut_by_itself(self, v1, local):
        ids = [*ids_at("0035g0", 1, 2), *ids_at("003A10", 1, 11), *ids_at("003a10", 7)]
        put_at(local, "Contact", *ids, LastName="x")
        job, _, others = self.chunks(v1)
        assert [each["numberRecordsProcessed"] for each in others] == ["2", "1", "1", "1"]
        assert sorted(line[1:19] for each in others for line in v1.rows(job, each["id"])) == sorted(ids)

    def test_no_records_no_chunks(self, v1):
        _, first, others = self.chunks(v1)
        assert (first["state"], others) == ("NotProcessed", [])

    def test_a_start_row(self, v1, local):
        ids = ids_at("003300", 3, 8, 25)
        put_at(local, "Contact", *ids, LastName="x")
        job, _, others = self.chunks(v1, f"chunkSize=10; startRow={ids[1]};")
        assert [line[1:19] for each in others for line in v1.rows(job, each["id"])] == ids[1:]
        assert f"Id >= '{ids[1][:15]}'" in v1("GET", f"job/{job}/batch/{others[0]['id']}/request").text

    @pytest.mark.parametrize(
        "soql",
        [
            f"{SOQL} ORDER BY LastName",
            f"{SOQL} LIMIT 100",
            f"{SOQL} WHERE Id > '003000000000000AAA'",
            f"{SOQL} c WHERE NOT c.id = null",
        ],
    )
    def test_what_turns_it_off(self, v1, put, soql):
        put("Contact", *({"LastName": "x"} for _ in range(25)))
        _, first, others = self.chunks(v1, soql=soql)
        assert (first["state"], first["numberRecordsProcessed"], others) == ("Completed", "25", [])

    @pytest.mark.parametrize("header", ["FALSE", ""])
    def test_a_header_that_leaves_it_off(self, v1, put, header):
        put("Contact", *({"LastName": "x"} for _ in range(25)))
        assert self.chunks(v1, header)[1]["state"] == "Completed"

    def test_an_id_of_a_parent_does_not_turn_it_off(self, v1, put):
        put("Contact", {"LastName": "x"})
        _, first, _ = self.chunks(v1, "TRUE", f"{SOQL} WHERE Account.Id = null")
        assert first["state"] == "NotProcessed"

    def test_the_list_grows_with_time(self, other_org):
        v1 = V1(other_org(pacing=AfterPolls(1), switches=Switches(chunks_per_step=1)))
        v1.call.put("Contact", *({"LastName": "x"} for _ in range(30)))
        job, _ = run(v1, SOQL, Sforce_Enable_PKChunking="chunkSize=10")
        seen = [v1.batches(job) for _ in range(12)]
        lengths = [len(each) for each in seen]
        assert lengths[0] < lengths[1] < lengths[2]
        assert lengths == sorted(lengths)
        for batches in seen:
            if batches[0]["state"] == "NotProcessed":
                assert len(batches) == 4  # nothing comes after the first has ended
        assert [each["state"] for each in seen[-1]] == ["NotProcessed", "Completed", "Completed", "Completed"]

    def test_objects_that_are_not_cut(self, other_org):
        group = full_describe({"name": "Group", "keyPrefix": "00G", "fields": [{"name": "Name"}]})
        v1 = V1(other_org(describes=[group]))
        status = json.loads((SAMPLES / "chunking_not_supported" / "status.json").read_text(encoding="utf-8"))
        answer = v1.job(sobject="Group", Sforce_Enable_PKChunking="true")
        assert (answer.status, answer.text) == (status["status"], sample("chunking_not_supported"))
        assert v1.job(sobject="Group").status == 201
        made = v1.call("POST", "jobs/query", json={"operation": "query", "query": "SELECT Id FROM Group"}).json()
        assert v1.call.get(f"jobs/query/{made['id']}").json()["isPkChunkingSupported"] is False

    def test_a_history_is_cut_by_its_parent(self, other_org):
        lookup = {"name": "AccountId", "type": "reference", "referenceTo": ["Account"], "relationshipName": "Account"}
        history = full_describe({"name": "AccountHistory", "keyPrefix": "017", "fields": [lookup], "ownerless": True})
        v1 = V1(other_org(describes=[history]))
        accounts = ids_at("001300", 5, 16)
        put_at(v1.call.org, "Account", *accounts, Name="x")
        for number, account in enumerate(accounts):
            put_at(v1.call.org, "AccountHistory", *ids_at("017300", number, number + 10), AccountId=account)
        soql, sobject = "SELECT Id FROM AccountHistory", "AccountHistory"
        job, _, others = self.chunks(v1, "chunkSize=10; parent=Account", soql, sobject=sobject)
        assert [each["numberRecordsProcessed"] for each in others] == ["2", "2"]
        assert "AccountId >= " in v1("GET", f"job/{job}/batch/{others[0]['id']}/request").text
        for header, named in (("true", sobject), ("parent=Contact", sobject), ("parent=Account", "Contact")):
            assert error(v1.job(sobject=named, Sforce_Enable_PKChunking=header))[1] == "InvalidBatch"

    def test_one_chunk_fails_alone(self, v1, put):
        put("Contact", *({"LastName": "x"} for _ in range(25)))
        v1.call.org.fail_queries(soql_part="Id >=", skip=1)
        _, first, others = self.chunks(v1)
        assert [each["state"] for each in (first, *others)] == ["NotProcessed", "Completed", "Failed", "Completed"]
        text = "InvalidBatch : Failed to process query: QUERY_TIMEOUT: Your query request was running for too long."
        assert others[1]["stateMessage"] == text

    def test_the_first_batch_fails_and_its_chunks_still_run(self, other_org):
        v1 = V1(other_org(pacing=ByHand(), switches=Switches(chunks_per_step=1)))
        v1.call.put("Contact", *({"LastName": "x"} for _ in range(30)))
        job, batch = run(v1, SOQL, Sforce_Enable_PKChunking="chunkSize=10")
        v1.call.org.advance(batch)
        whole = "InternalServerError : Retried more than 30 times"
        frame = v1.call.org.state.jobs.get(batch)
        v1.call.org.state.engine._fail(frame, whole)
        for _ in range(4):
            v1.call.org.advance()
        first, *others = v1.batches(job)
        assert (first["state"], first["stateMessage"]) == ("Failed", whole)
        assert [each["state"] for each in others] == ["Completed"]

    def test_a_query_that_fails_before_it_is_cut(self, v1, put):
        put("Contact", {"LastName": "x"})
        whole = "InternalServerError : Retried more than 30 times"
        v1.call.org.fail_queries(whole)
        _, first, others = self.chunks(v1)
        assert (first["state"], first["stateMessage"], others) == ("Failed", whole, [])


def _without_ids(text):
    import re

    return re.sub(r"00[13]\w{15}", "ID", text)
