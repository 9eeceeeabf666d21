"""A result at a glance: what ended how, why, and how to go on; small and prompt, however many rows there are."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.jobs import results
from sfbulk_pandas.jobs.facts import LoadFacts
from sfbulk_pandas.jobs.outcome import Outcome, RowStatus
from sfbulk_pandas.jobs.prepare import Target
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.jobs.shown import load_result
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

sys.path.insert(0, str(Path(__file__).parents[3]))  # test modules are imported each by its file

from html_reading import read, words


def result_of(statuses, errors, **facts):
    """Return the result of a load whose rows ended so; ``errors`` are those of the failed ones, in turn."""
    status = np.array(statuses, np.int8)
    failed = np.flatnonzero(status == RowStatus.FAILED)
    texts = np.full(len(status), None, object)
    texts[failed] = np.resize(np.array(errors or [None], object), len(failed))
    nothing = pa.nulls(len(status), pa.large_string())
    table = pa.table({"sf_id": nothing, "sf_created": nothing, "sf_error": pa.array(texts, pa.large_string())})
    frame = pd.DataFrame({"LastName": [f"N{n}" for n in range(len(status))], "Email": "bad"})
    job = JobInfo("7505g0000000001AAA", Operation.INSERT, "Contact", JobState.JOB_COMPLETE)
    known = LoadFacts(load_id="20261126-095049-aeb7", labels={"email": "Email"}, **facts)
    outcome = Outcome(status, table, np.ones(len(status), np.int16))
    return LoadResult(Target("Contact", Operation.INSERT), frame, outcome, (job,), known)


BAD_EMAIL = "INVALID_EMAIL_ADDRESS:Email: invalid email address: bad:Email --"
LOCKED = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--"


@pytest.fixture
def mixed():
    return result_of([1, 1, 2, 2, 3, 0], [BAD_EMAIL, LOCKED])


def test_a_notebook_is_told_counts_causes_ids_and_steps(mixed):
    assert words(mixed._repr_html_()) == (
        "insert Contact 6 rows ✓ 2 successful ✗ 2 failed … 1 unprocessed ? 1 unknown "
        "rows cause fields such as what helps "
        "1 INVALID_EMAIL_ADDRESS Email bad this is no mail address: mend it, or leave the cell empty "
        "1 UNABLE_TO_LOCK_ROW unable to obtain exclusive access "
        "other work held the record or its parent: send these rows again, sorted by parent "
        "load 20261126-095049-aeb7 job 7505g0000000001AAA "
        ".failed has the rows and why; .suggest() or .triage() help, .retry(fixed) sends them. "
        ".retry() sends what has not succeeded as it is. Look into .unknown before anything is repeated."
    )


def test_a_terminal_is_told_the_same(mixed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert repr(mixed) == (
        "insert Contact, 6 rows\n"
        "████████▒▒▒▒▒▒▒▒····????  ✓ 2 successful  ✗ 2 failed  … 1 unprocessed  ? 1 unknown\n"
        "\n"
        "        1 x INVALID_EMAIL_ADDRESS Email, such as 'bad'\n"
        "            this is no mail address: mend it, or leave the cell empty\n"
        "        1 x UNABLE_TO_LOCK_ROW, such as unable to obtain exclusive access\n"
        "            other work held the record or its parent: send these rows again,\n"
        "            sorted by parent\n"
        "\n"
        "load  20261126-095049-aeb7\n"
        "job   7505g0000000001AAA\n"
        "next  .failed has the rows and why; .suggest() or .triage() help, .retry(fixed)\n"
        "      sends them. .retry() sends what has not succeeded as it is. Look into\n"
        "      .unknown before anything is repeated."
    )


REQUIRED = "REQUIRED_FIELD_MISSING:Required fields are missing: [Email]:Email --"


@pytest.mark.parametrize(
    ("held", "shown", "first"),
    [
        (["bad", "bad", "worse"], "bad, worse", "'bad'\n"),
        (["", None, "bad"], "bad", "'bad'\n"),
        (["", " ", None], "Required fields are missing: [Email]", "Required fields"),
    ],
)
def test_what_rows_hold_is_shown_once_and_blanks_show_salesforces_words(held, shown, first):
    result = result_of([2, 2, 2], [REQUIRED])
    result._frame["Email"] = held
    assert f"Email {shown} fill these fields in" in words(result._repr_html_())
    assert f"Email, such as {first}" in repr(result)


def test_rows_that_failed_without_a_reason_are_shown_by_their_label():
    assert "        2 x no status code, such as row 1\n" in repr(result_of([1, 2, 2], []))


def test_where_all_is_well_there_is_no_cause():
    page = result_of([1, 1], [])._repr_html_()
    assert words(page) == (
        "insert Contact 2 rows ✓ 2 successful ✗ 0 failed … 0 unprocessed load 20261126-095049-aeb7 "
        "job 7505g0000000001AAA .successful has the rows with their Ids."
    )
    assert "table" not in read(page).tags


def test_no_rows_are_shown_as_none():
    assert words(result_of([], [])._repr_html_()).startswith("insert Contact 0 rows ✓ 0 successful")
    assert repr(result_of([], [])).splitlines()[1] == "✓ 0 successful  ✗ 0 failed  … 0 unprocessed"


def test_many_causes_and_jobs_are_counted():
    result = result_of([2] * 70, [f"CODE_{n}:message:F{n} --" for n in range(7)])
    result.jobs = result.jobs * 20
    for shown in (words(result._repr_html_()), repr(result)):
        assert "CODE_4" in shown
        assert "CODE_5" not in shown
        assert "and 2 more: .errors has every cause" in shown
        assert "7505g0000000001AAA and 17 more" in shown


def test_attempts_and_answers_of_nobody_are_told():
    result = result_of([1], [], attempts=({}, {}), unmatched=pd.DataFrame({"job": ["x"]}))
    assert "attempts 2 unmatched 1 answers that belong to no row for certain: see .unmatched" in words(
        result._repr_html_()
    )


def with_jobs(result, *messages):
    """Return the result with one job a message: those that have one have failed."""
    result.jobs = tuple(
        JobInfo(
            f"7505g000000000{n}AAA",
            Operation.INSERT,
            "Contact",
            JobState.JOB_COMPLETE if message is None else JobState.FAILED,
            error_message=message or None,
        )
        for n, message in enumerate(messages)
    )
    return result


NOT_FOUND = "InvalidBatch : Field name not found : <b>Emial</b> & co"


def test_why_a_job_failed_is_told_and_a_plain_retry_is_not_advised_where_it_cannot_help():
    result = with_jobs(result_of([3, 3], []), NOT_FOUND)
    told = "failed " + NOT_FOUND + "; the object has no such field, or this user may not see it"
    step = "Mend first why the job failed; .retry() or .retry(fixed) then sends what has not succeeded."
    for shown in (words(result._repr_html_()), " ".join(repr(result).split())):
        assert told in shown
        assert shown.endswith(step)
    assert "<b>Emial" not in result._repr_html_()
    assert "&lt;b&gt;Emial&lt;/b&gt; &amp; co" in result._repr_html_()


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("TooManyLockFailure : (200) Too many lock failure", "other work holds the same records: load later"),
        ("InternalServerError : oops", "failed InternalServerError : oops .retry()"),
        ("", "Salesforce gave no reason"),
    ],
)
def test_a_plain_retry_is_advised_where_a_job_may_end_better(message, told):
    result = with_jobs(result_of([3], []), message)
    shown = words(result._repr_html_())
    assert told in shown
    assert ".retry() sends what has not succeeded as it is." in shown
    assert ".result tells" not in shown


def test_each_job_that_failed_has_a_line_the_first_ones():
    result = with_jobs(result_of([1, 3, 3], []), None, "first reason", "second")
    shown = words(result._repr_html_())
    assert "7505g0000000001AAA failed first reason 7505g0000000002AAA failed second" in shown
    shown = words(with_jobs(result, None, *["reason"] * 5)._repr_html_())
    assert shown.count("AAA failed reason") == 3
    assert "failed and 2 more jobs: see .jobs" in shown
    long = with_jobs(result, "x" * 9_000)
    assert len(long._repr_html_()) < 12_000
    assert len(repr(long)) < 1_000


@pytest.mark.parametrize(("rows", "length"), [(100_000, 5), (100, 50_000)])
def test_a_hundred_thousand_rows_are_shown_as_small_as_a_few(rows, length):
    codes = [f"CODE_{n}:not valid: {'<' * length}:F{n} --" for n in range(20)]
    result = result_of([2] * rows, codes)
    assert len(result._repr_html_()) < 64_000
    assert len(repr(result)) < 2_000
    assert len(result.errors._repr_html_()) < 250_000
    assert len(repr(result.errors)) < 12_000


def test_a_look_at_very_many_failed_rows_ends_early_and_says_so(monkeypatch):
    monkeypatch.setattr(results, "LOOKED_AT_ROWS", 10)
    monkeypatch.setattr(load_result, "LOOKED_AT_ROWS", 10)
    result = result_of([2] * 30, [BAD_EMAIL])
    assert "10 x INVALID_EMAIL_ADDRESS" in repr(result)
    assert "in the first 10 failed rows; .errors looks at all" in repr(result)
    assert "in the first 10 failed rows; .errors looks at all" in words(result._repr_html_())
    assert result.errors["count"].tolist() == [30]


def test_causes_are_found_once_and_do_not_travel(mixed, monkeypatch):
    found = []
    monkeypatch.setattr(results, "causes_of", lambda *given: found.append(given) or results_causes(*given))
    results_causes = sys.modules["sfbulk_pandas.jobs.causes"].causes_of
    repr(mixed)
    mixed._repr_html_()
    errors = mixed.errors
    errors.loc[0, "code"] = "changed"
    assert mixed.errors["code"].tolist() == ["INVALID_EMAIL_ADDRESS", "UNABLE_TO_LOCK_ROW"]
    assert len(found) == 1
    back = pickle.loads(pickle.dumps(mixed))
    assert "_first_causes" not in vars(back)
    assert repr(back) == repr(mixed)


def test_what_is_done_to_a_report_is_not_done_to_the_result():
    result = result_of([1], [], report=pd.DataFrame({"severity": ["row"]}))
    report = result.report
    report.loc[0, "severity"] = "changed"
    assert result.report["severity"].tolist() == ["row"]
