"""What became of every row of a load, as arrays."""

from dataclasses import replace

import numpy as np

from sfbulk_pandas.jobs.outcome import Outcome, RowStatus


def test_an_attempt_says_something_of_rows_that_it_has_sent_and_of_rows_that_have_ended():
    status = [RowStatus.FAILED, RowStatus.UNPROCESSED, RowStatus.UNPROCESSED, RowStatus.UNKNOWN, RowStatus.FAILED]
    outcome = Outcome.of(len(status), RowStatus.UNPROCESSED)
    outcome = replace(outcome, status=np.array(status, np.int8), sends=np.array([1, 1, 0, 1, 0], np.int16))
    assert outcome.heard_of.tolist() == [0, 1, 3, 4]  # of the third one nothing: it has not gone up
