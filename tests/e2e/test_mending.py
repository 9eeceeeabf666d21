"""Rows that failed are mended by what a result suggests, checked and sent again, until every one is in."""

import pickle
from pathlib import Path

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import AfterPolls, LocalOrg
from sfbulk_pandas.salesforce.ids import to_18
from sfbulk_pandas.triage import Triage
from sfbulk_pandas.triage.sheet import row_order, sheet

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = {
    "Contact no.": "Contact_Key__c",
    "First name": "FirstName",
    "Last name": "LastName",
    "E-mail": "Email",
    "Birth date": "Birthdate",
    "Lead source": "LeadSource",
    "Customer no.": "Account.Account_Key__c",
    "No mailing": "HasOptedOutOfEmail",
    "Notes": "Description",
}
HOW = {"external_id_field": "Contact_Key__c", "rename": NAMES, "progress": False, "columns": [*NAMES, "Phone"]}


@pytest.fixture
def messy():
    """The first of the sample contacts: dates in three styles, blanks, misspelt values, unknown customers."""
    return pd.read_csv(DATA / "contacts.csv", dtype=str, keep_default_na=False).head(200)


def test_all_that_can_be_mended_is_in_after_one_retry(org, messy):
    result = org.upsert(messy, "Contact", **HOW)
    assert result.counts["failed"] > 150
    fixes = result.suggest()
    assert {"trim", "date", "yes and no", "picklist case"} <= set(fixes["fix"])
    assert (fixes["refused_after"] < fixes["refused_before"]).all()
    result = result.retry(result.apply(fixes))
    for _ in range(3):  # Salesforce names one problem of a row at a time, and here no customer is known
        result = result.retry(result.apply(result.suggest()))
    assert set(result.failed["error_code"]) <= {"DUPLICATE_VALUE", "MISSING_ARGUMENT", "REQUIRED_FIELD_MISSING"}
    assert result.counts["successful"] > 185
    assert not result.suggest()["certain"].any()


def test_certain_fixes_are_what_apply_takes_by_itself(org, messy):
    result = org.upsert(messy, "Contact", **HOW)
    fixes = result.suggest()
    pd.testing.assert_frame_equal(result.apply(), result.apply(fixes[fixes["certain"]]))
    untouched = result.apply(fixes[:0])
    pd.testing.assert_frame_equal(untouched, result.outstanding)


def test_the_code_of_the_fixes_does_what_apply_does(org, messy):
    result = org.upsert(messy, "Contact", **HOW)
    fixes = result.suggest()
    space = {"pd": pd, "fixed": result.failed}
    for code in fixes["code"]:
        exec(code, space)
    pd.testing.assert_frame_equal(space["fixed"], result.apply(fixes.sample(frac=1, random_state=1)))


def test_the_figures_are_those_that_the_check_counts(org, messy):
    result = org.upsert(messy, "Contact", **HOW)
    fixes = result.suggest()
    dates = fixes[fixes["column"].eq("Birth date")]
    fixed = result.apply(dates[dates["certain"]])
    report = result.check(fixed)
    left = report[report["column"].eq("Birth date") & report["severity"].eq("row")]
    assert len(left) == dates.loc[dates["certain"], "refused_after"].iloc[-1]
    changed = (fixed["Birth date"] != result.failed["Birth date"]).sum()
    assert changed == dates.loc[dates["certain"], "rows"].sum()


@pytest.mark.parametrize("wrong", ["date", None, pd.DataFrame({"fix": ["date"]}), ["date"]])
def test_what_is_no_frame_of_fixes_is_refused(org, messy, wrong):
    result = org.upsert(messy.head(5), "Contact", **HOW)
    if wrong is None:
        assert len(result.apply(wrong)) == result.counts["failed"]
        return
    with pytest.raises(sfbulk.UsageError, match="rows of suggest"):
        result.apply(wrong)


def test_fixes_of_another_result_are_refused_and_named(org, messy):
    one, other = org.upsert(messy.head(60), "Contact", **HOW), org.insert(people(), "Contact", progress=False)
    with pytest.raises(sfbulk.UsageError, match=r"fixes are none of this result: '.+' of '.+'"):
        other.apply(one.suggest())


def people(**columns):
    return pd.DataFrame({"LastName": ["Curie", "Hopper"], "Birthdate": ["7.11.1867", "1906-12-09"]} | columns)


def test_a_result_that_was_pickled_still_suggests_and_applies(org):
    result = org.insert(people(), "Contact", progress=False)
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.suggest(), result.suggest())
    fixed = again.apply()
    assert fixed["Birthdate"].tolist() == ["1867-11-07"]
    with pytest.raises(sfbulk.UsageError, match="knows no org"):
        again.check(fixed)
    assert result.retry(fixed).counts["successful"] == 2


def test_the_check_of_mended_rows_is_that_of_the_org(org):
    result = org.insert(people(), "Contact", progress=False)
    report = result.check(result.failed)
    assert report["check"].tolist()[0] == "the value is not of the field's type"
    assert set(result.check(result.apply())["severity"]) == {"plan"}


def test_the_results_of_any_job_are_mended_alike(org):
    frame = people()
    (job,) = org.insert(frame, "Contact", progress=False).jobs
    joined, alone = org.results(job.id, frame=frame), org.results(job.id)
    for result in (joined, alone):
        assert result.suggest()["fix"].tolist() == ["date"]
    assert joined.retry(joined.apply()).counts["successful"] == 2


def test_a_retry_keeps_what_is_known_of_the_columns(org):
    frame = people(Email=["no", "grace@b.example"])
    result = org.insert(frame, "Contact", progress=False)
    with pytest.warns(UserWarning, match="the rows lack 'Email', which is not sent this time"):
        result = result.retry(result.apply().drop(columns="Email").assign(Birthdate="some day"))
    assert set(result.suggest()["column"]) == {"Birthdate", "Email"}


@pytest.mark.parametrize(
    "options",
    [
        {"columns": ["LastName", "Birthdate", "Email"]},
        {"nulls": {"Email": "clear", "Birthdate": "ignore"}},
        {"rename": {"Email": "Email", "Birthdate": "Birthdate"}},
    ],
)
def test_a_column_that_mended_rows_lack_is_not_sent_although_an_option_names_it(org, options):
    result = org.insert(
        people(Email=["no", "no"])[["LastName", "Birthdate", "Email"]], "Contact", progress=False, **options
    )
    fixed = result.apply().drop(columns="Email")
    assert set(result.check(fixed)["severity"]) <= {"note", "plan"}
    with pytest.warns(UserWarning, match="the rows lack 'Email', which is not sent this time"):
        assert result.retry(fixed).counts["successful"] == 2


def test_an_unknown_parent_is_dropped_where_the_answer_names_it(org):
    frame = people(**{"Birthdate": None, "Account.Account_Key__c": ["A-1", None]})
    result = org.insert(frame, "Contact", progress=False)
    fixes = result.suggest()
    assert fixes["fix"].tolist() == ["drop named cell"]
    assert result.retry(result.apply(fixes)).counts["successful"] == 2


def test_an_id_that_points_nowhere_is_for_a_person_where_the_answer_does_not_name_it(org):
    frame = people(Birthdate=None, AccountId=[to_18("001000000000ABC"), None])
    result = org.insert(frame, "Contact", progress=False)
    assert result.failed["error_code"].tolist() == ["INVALID_CROSS_REFERENCE_KEY"]
    fixes = result.suggest()
    assert fixes["fix"].tolist() == ["leave out"]
    assert result.apply(fixes).empty


def test_dropped_cells_leave_fields_alone_or_empty_them_as_the_load_says(local, org):
    key = {"external_id_field": "Contact_Key__c", "progress": False}
    frame = pd.DataFrame({"Contact_Key__c": ["1"], "LastName": ["Curie"], "Email": ["marie@b.example"]})
    org.upsert(frame, "Contact", **key)
    for nulls, kept in (("ignore", "marie@b.example"), ("clear", None)):
        result = org.upsert(frame.assign(Email="no"), "Contact", nulls=nulls, **key)
        fixes = result.suggest()
        assert fixes["fix"].tolist() == ["drop cell"]
        assert result.retry(result.apply(fixes)).counts["failed"] == 0
        assert org.query("SELECT Email FROM Contact", dtype_backend="numpy_nullable")["Email"].tolist() in (
            [kept],
            [pd.NA],
        )


def test_rows_that_were_not_processed_go_along_in_the_order_of_the_load():
    """An aborted job: some rows are in, one had failed, the rest was never come to."""
    rows = 25_000
    frame = pd.DataFrame({"LastName": [f"Person {number}" for number in range(rows)], "Birthdate": "1990-01-01"})
    frame.loc[[3, 150], "Birthdate"] = "7.11.1867"
    frame.index = ["same"] * rows
    with (
        LocalOrg(pacing=AfterPolls(50)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as org,
    ):
        aborted = []

        def abort_after_the_first_batch(event):
            if type(event).__name__ == "JobPolled" and not aborted and event.job.number_records_processed:
                aborted.append(org.abort(event.job.id))

        with pytest.raises(sfbulk.JobAborted) as caught:
            org.insert(frame, "Contact", progress=abort_after_the_first_batch)
        result = caught.value.result
        assert (result.counts["failed"], len(aborted)) == (2, 1)
        fixed = result.apply()
        assert len(fixed) == result.counts["unprocessed"] + 2
        is_open = ~frame["LastName"].isin(result.successful["LastName"])
        assert fixed["LastName"].tolist() == frame["LastName"][is_open.to_numpy()].tolist()
        assert result.retry(fixed).counts["successful"] == rows


def test_a_triage_leads_to_the_end_without_a_browser(org, messy):
    triage = Triage(org.upsert(messy, "Contact", **HOW))
    first = triage.result
    triage.use(*(each.fix for each in triage.certain()))
    (mails,) = [each for each in triage.causes if each.fields == "Email"]
    shown = sheet(triage, mails, row_order(triage, mails))
    for row, why in zip(shown.rows, shown.frame["why"], strict=True):
        if "✗ E-mail:" in why:
            triage.edit(int(row), "E-mail", "somebody@example.org")
    assert not triage.verdict("E-mail").refused[mails.rows].any()
    triage.retry()
    assert triage.result.counts["successful"] > first.counts["successful"]
    while any(each.fix.column for cause in triage.causes for each in triage.fixes(cause)):
        triage.use(next(each.fix for cause in triage.causes for each in triage.fixes(cause) if each.fix.column))
    triage.retry()
    assert {"Email", "Birthdate"}.isdisjoint({cause.fields for cause in triage.causes})
    space = {"result": first, "pd": pd}
    with pytest.warns(UserWarning, match="have succeeded before"):
        exec(triage.code.rpartition("result = ")[0], space)
    assert space["fixed"].index.equals(triage.fixed.index)  # what the code sends is there already
