"""A result file on disk is whole, or it is not there."""

from __future__ import annotations

import io
import stat
from dataclasses import replace

import pyarrow as pa
import pytest

from sfbulk_pandas.errors import ConnectionFailed, DataError, DecodeError
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.result_files import read_results, result_file
from sfbulk_pandas.reconcile import Answers, reconcile
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.transport.session import Streamed
from sfbulk_pandas.wire.http import Headers
from sfbulk_pandas.wire.ingest import ResultSet

JOB = JobInfo("750000000000001AAA", Operation.INSERT, "Contact", JobState.JOB_COMPLETE)
CSV = b'"sf__Id","sf__Created","LastName"\n"003000000000001AAA","true","M\xc3\xbcller\nand, son"\n'


class CutOff(io.BytesIO):
    """Break off instead of ending."""

    def read(self, size=-1, /):
        data = super().read(min(size, 10))
        if not data:
            raise ConnectionFailed("the answer was cut off")
        return data


class OneAnswer:
    """Answer with bodies, one an attempt, and try again where one breaks off."""

    api_version = "66.0"

    def __init__(self, *bodies):
        self.bodies = list(bodies)
        self.asked = []

    def read(self, request, reader):
        self.asked.append(request.path.rpartition("/")[2])
        try:
            return reader(Streamed(200, Headers(), self.bodies.pop(0)))
        except ConnectionFailed:
            if not self.bodies:
                raise
            return self.read(request, reader)


def fetch(folder, *bodies, which=ResultSet.SUCCESSFUL):
    return Ingest(OneAnswer(*bodies)).fetch_results(JOB, which, folder)


def names(folder):
    return [each.name for each in folder.iterdir()]


@pytest.mark.parametrize("which", ResultSet)
def test_the_file_holds_what_came_and_only_the_user_may_read_it(tmp_path, which):
    session = OneAnswer(io.BytesIO(CSV))
    path = Ingest(session).fetch_results(JOB, which, tmp_path)
    assert path == result_file(tmp_path, JOB.id, which)
    assert path.read_bytes() == CSV
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert session.asked == [which.value]
    assert names(tmp_path) == [path.name]


def test_the_three_files_of_a_job_stand_side_by_side(tmp_path):
    assert len({fetch(tmp_path, io.BytesIO(CSV), which=which) for which in ResultSet}) == 3


def test_a_file_that_is_cut_off_leaves_nothing(tmp_path):
    with pytest.raises(ConnectionFailed):
        fetch(tmp_path, CutOff(CSV))
    assert names(tmp_path) == []


def test_a_file_that_is_cut_off_once_is_fetched_anew(tmp_path):
    path = fetch(tmp_path, CutOff(CSV), io.BytesIO(CSV))
    assert path.read_bytes() == CSV
    assert names(tmp_path) == [path.name]


def test_a_file_that_is_cut_off_leaves_the_one_before_as_it_is(tmp_path):
    path = fetch(tmp_path, io.BytesIO(CSV))
    with pytest.raises(ConnectionFailed):
        fetch(tmp_path, CutOff(b"other"))
    assert path.read_bytes() == CSV
    assert names(tmp_path) == [path.name]
    assert fetch(tmp_path, io.BytesIO(b"newer")).read_bytes() == b"newer"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"could not be written to .*nowhere"):
        fetch(tmp_path / "nowhere", io.BytesIO(CSV))


def test_what_was_fetched_is_read_as_text(tmp_path):
    table = read_results(fetch(tmp_path, io.BytesIO(CSV)), JOB, Spool())
    assert table.to_pylist() == [
        {"sf__Id": "003000000000001AAA", "sf__Created": "true", "LastName": "Müller\nand, son"}
    ]
    assert read_results(fetch(tmp_path, io.BytesIO(b"")), JOB, Spool()).num_columns == 0


@pytest.mark.parametrize("said", [None, "text/csv", "text/csv; charset=ISO-8859-1"])
def test_a_file_is_utf8_whatever_its_answer_says_of_it(tmp_path, said):
    class Answer(OneAnswer):
        def read(self, request, reader):
            headers = Headers() if said is None else Headers({"Content-Type": said})
            return reader(Streamed(200, headers, self.bodies.pop(0)))

    path = Ingest(Answer(io.BytesIO(CSV))).fetch_results(JOB, ResultSet.SUCCESSFUL, tmp_path)
    answers = Answers(read_results(path, JOB, Spool()), pa.table({}), pa.table({}))
    name = Column("LastName", "LastName", FieldDescribe("LastName", FieldType.STRING))
    sent = pa.table({"LastName": pa.array(["Mu\u0308ller\nand, son", "Müller\nand, son"], pa.large_string())})
    assert reconcile(sent, [name], answers).status.tolist() == [0, 1]


def test_what_is_no_csv_is_refused_and_does_not_stay(tmp_path):
    path = fetch(tmp_path, io.BytesIO(b'"a"\n"x","y"\n'), which=ResultSet.UNPROCESSED)
    job = replace(JOB, state=JobState.FAILED, error_message="InvalidBatch : Failed to parse CSV")
    with pytest.raises(DecodeError, match=rf"{JOB.id}-unprocessedrecords: .* got 2.*failed: InvalidBatch") as caught:
        read_results(path, job, Spool())
    assert "7 days" in caught.value.hint
    assert names(tmp_path) == []
