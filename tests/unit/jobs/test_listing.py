"""Jobs as a frame: every page, typed also when empty, and asked for no more than is needed."""

import json

import pandas as pd
import pytest

from sfbulk_pandas.errors import NotFound, UsageError
from sfbulk_pandas.jobs.listing import list_jobs
from sfbulk_pandas.transport.pool import Serial
from sfbulk_pandas.wire.http import Response

NOW = pd.Timestamp("2026-02-10T00:00:00Z").timestamp()
COLUMNS = ["id", "state", "object", "operation", "created", "age", "processed", "failed", "created_by", "ours"]


def job(number, state="JobComplete", **more):
    known = {"id": f"75000000000000{number}AAA", "operation": "insert", "object": "Contact", "state": state}
    made = {"createdById": "005000000000001AAA", "createdDate": f"2026-02-09T0{number}:00:00.000+0000"}
    return known | made | {"jobType": "V2Ingest"} | more


class ListingSession:
    """Answer the pages of a list, and each job of them with ten rows processed and its number failed."""

    api_version = "66.0"

    def __init__(self, *pages, gone=()):
        self.pages = pages
        self.gone = gone
        self.asked = []
        self.clock = self

    def now(self):
        return NOW

    def send(self, request):
        path, _, query = request.path.partition("?")
        self.asked.append(path.rpartition("/")[2])
        if path.endswith("/ingest"):
            page = int(query.rpartition("=")[2] or 0)
            more = page + 1 < len(self.pages)
            following = f"/services/data/v66.0/jobs/ingest?queryLocator={page + 1}" if more else None
            return answer({"done": not more, "records": self.pages[page], "nextRecordsUrl": following})
        found = next(each for page in self.pages for each in page if each["id"] == self.asked[-1])
        if found["id"] in self.gone:
            raise NotFound("The requested resource does not exist", status_code=404)
        number = int(found["id"][14])
        return answer(found | {"numberRecordsProcessed": 10, "numberRecordsFailed": number})


def answer(value):
    return Response(200, {}, json.dumps(value).encode())


def test_every_page_is_read_and_the_newest_job_comes_first():
    session = ListingSession([job(1), job(3)], [job(2)], [job(4)])
    frame = list_jobs(session, {}, pool=Serial())
    assert [job_id[14] for job_id in frame["id"]] == ["4", "3", "2", "1"]
    assert frame["failed"].tolist() == [4, 3, 2, 1]
    assert frame["processed"].tolist() == [10] * 4
    assert frame["created"][0] == pd.Timestamp("2026-02-09T04:00:00Z")
    assert frame["age"][0] == pd.Timedelta(hours=20)
    assert frame["created_by"].tolist() == ["005000000000001AAA"] * 4
    assert session.asked.count("ingest") == 3


@pytest.mark.parametrize("pages", [[[]], [[job(1)]], [[job(1, createdDate=None, createdById=None)]]])
@pytest.mark.parametrize("counts", [True, False])
def test_the_dtypes_never_depend_on_the_jobs(pages, counts):
    frame = list_jobs(ListingSession(*pages), {}, counts=counts, pool=Serial())
    assert list(frame.columns) == COLUMNS
    text = pd.api.types.is_string_dtype
    assert all(text(frame[name]) for name in ("id", "state", "object", "operation", "created_by", "ours"))
    assert [str(frame.dtypes[name]) for name in ("created", "age", "processed", "failed")] == [
        "datetime64[ms, UTC]",
        "timedelta64[ms]",
        "Int64",
        "Int64",
    ]


def test_ours_are_found_by_15_characters():
    session = ListingSession([job(1), job(2), job(3)])
    ours = {"750000000000001": "load-a", "750000000000002ZZZ": "load-b", "750000000000009AAA": "load-c"}
    frame = list_jobs(session, ours, counts=False)
    assert frame["ours"].isna().tolist() == [True, False, False]
    assert frame["ours"].tolist()[1:] == ["load-b", "load-a"]


def test_without_counts_only_the_list_is_asked_for():
    session = ListingSession([job(1)])
    frame = list_jobs(session, {}, counts=False)
    assert session.asked == ["ingest"]
    assert frame["processed"].isna().all()


def test_only_the_ingest_jobs_that_are_wanted_are_asked_for_their_counts():
    records = [
        job(1),
        job(2, object="Account"),
        job(3, "Open"),
        job(4, operation="query", jobType="V2Query"),
        job(5, jobType="Classic"),
        job(6, "Closed", jobType="Classic"),
    ]
    session = ListingSession(records)
    frame = list_jobs(session, {}, sobject="contact", state="JobComplete", pool=Serial())
    assert frame["operation"].tolist() == ["query", "insert"]
    assert frame["processed"].isna().tolist() == [True, False]
    assert session.asked == ["ingest", records[0]["id"]]


def test_a_job_deleted_in_between_stays_without_counts():
    records = [job(1), job(2)]
    frame = list_jobs(ListingSession(records, gone={records[0]["id"]}), {})
    assert frame["processed"].isna().tolist() == [False, True]


def test_a_list_that_names_itself_as_its_next_page_ends():
    class Circle(ListingSession):
        def send(self, request):
            following = "/services/data/v66.0/jobs/ingest?queryLocator=0"
            return answer({"done": False, "records": [job(1)], "nextRecordsUrl": following})

    assert len(list_jobs(Circle(), {}, counts=False)) == 2


def test_a_state_that_there_is_not_is_refused():
    session = ListingSession([])
    with pytest.raises(UsageError, match="'Opne'") as caught:
        list_jobs(session, {}, state="Opne")
    assert "Open" in caught.value.hint
    assert session.asked == []


def test_an_object_that_no_text_names_is_refused():
    session = ListingSession([job(1)])
    with pytest.raises(UsageError, match="not by a int") as caught:
        list_jobs(session, {}, sobject=5)
    assert "API name" in caught.value.hint
    assert session.asked == []
