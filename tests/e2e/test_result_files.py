"""Result files of an org on disk, whatever separates their columns."""

import pytest

from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.jobs.result_files import read_results
from sfbulk_pandas.salesforce.job import ColumnDelimiter, Operation
from sfbulk_pandas.spool import Spool
from sfbulk_pandas.wire.ingest import IngestJob, ResultSet

CELLS = [["LastName", "FirstName"], ["Müller, A;B|C", "x y"], ["", "no last name"]]


@pytest.mark.parametrize("delimiter", ColumnDelimiter)
def test_results_are_read_by_the_delimiter_of_their_job(org, tmp_path, delimiter):
    ingest = Ingest(org._session)
    made = ingest.create(IngestJob("Contact", Operation.INSERT, column_delimiter=delimiter))
    text = "".join(delimiter.char.join(f'"{cell}"' for cell in row) + "\n" for row in CELLS)
    ingest.upload(made, text.encode())
    ingest.close(made)
    while not (job := ingest.info(made.id)).state.is_terminal:
        pass
    saved = {which: read_results(ingest.fetch_results(job, which, tmp_path), job, Spool()) for which in ResultSet}
    assert saved[ResultSet.SUCCESSFUL].column_names == ["sf__Id", "sf__Created", *CELLS[0]]
    assert saved[ResultSet.SUCCESSFUL]["LastName"].to_pylist() == [CELLS[1][0]]
    assert saved[ResultSet.FAILED]["FirstName"].to_pylist() == [CELLS[2][1]]
    assert saved[ResultSet.UNPROCESSED].num_rows == 0
