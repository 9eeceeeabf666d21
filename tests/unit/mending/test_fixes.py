"""Each kind of fix: what it mends, and what it leaves alone."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from sfbulk_pandas.mending import find_fixes
from sfbulk_pandas.salesforce.job import Operation

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file
from failed_rows import describe, failed

NAMES = {"LastName": "Curie"}


def fixes_of(column, cells, **options):
    """Return fix -> (certain, the cells after it alone and those above it) of a column of cells."""
    rows = failed(pd.DataFrame(({} if options.get("sobject") else NAMES) | {column: cells}), **options)
    found, frame = {}, rows.frame
    for tried in find_fixes(rows):
        if tried.fix.column == column:
            frame = tried.fix.run(frame)
            cells = frame[column].astype(object)
            found[tried.fix.fix] = (tried.fix.certain, cells.where(cells.notna(), None).tolist())
    return found


@pytest.mark.parametrize(
    ("column", "fix", "before", "after"),
    [
        ("Birthdate", "trim", "1867-11-07 ", "1867-11-07"),
        ("LeadSource", "trim", "Web\u00a0", "Web"),
        ("LeadSource", "picklist case", "web", "Web"),
        ("LeadSource", "picklist case", " phone  INQUIRY", "Phone Inquiry"),
        ("Birthdate", "date", "07.11.1867", "1867-11-07"),
        ("Birthdate", "date", "November 7, 1867", "1867-11-07"),
        ("Birthdate", "date", "7 Nov 1867", "1867-11-07"),
        ("Birthdate", "date", "1867/11/7", "1867-11-07"),
        ("Birthdate", "date", "1867-11-07 00:00:00", "1867-11-07"),
        ("Birthdate", "date", "13/11/1867", "1867-11-13"),
        ("Birthdate", "date", "11/13/1867", "1867-11-13"),
        ("HasOptedOutOfEmail", "yes and no", "Yes", "true"),
        ("HasOptedOutOfEmail", "yes and no", " N ", "false"),
        ("Email", "e-mail blanks", "a@ b.example", "a@b.example"),
        ("Email", "e-mail blanks", "Ada <mailto:a@b.example>", "a@b.example"),
        ("Email", "e-mail blanks", "mailto:a@b.example;", "a@b.example"),
    ],
)
def test_a_certain_fix_mends_what_leaves_no_doubt(column, fix, before, after):
    found = fixes_of(column, [before])
    assert found[fix][0] is True
    assert after in [cells[0] for _, cells in found.values()]


@pytest.mark.parametrize("cell", [" a@b.example\u00a0", "\u200ba@b.example\ufeff"])
def test_blanks_that_salesforce_leaves_are_trimmed(cell):
    found = fixes_of("Email", [cell], said=["INVALID_EMAIL_ADDRESS:no address:Email --"])
    assert found == {"trim": (True, ["a@b.example"])}


@pytest.mark.parametrize(
    ("before", "after", "sobject", "column"),
    [
        ("21,375,000", "21375000", "Account", "AnnualRevenue"),
        ("$ 1,234.50", "1234.50", "Account", "AnnualRevenue"),
        ("1.234.567,89 €", "1234567.89", "Account", "AnnualRevenue"),
        ("1 234 567", "1234567", "Account", "AnnualRevenue"),
        ("1'234", "1234", "Account", "AnnualRevenue"),
        ("EUR 12", "12", "Account", "AnnualRevenue"),
        ("2,950", "2950", "Account", "NumberOfEmployees"),
        ("2950.0", "2950", "Account", "NumberOfEmployees"),
        ("1,234.00", "1234", "Account", "NumberOfEmployees"),
    ],
)
def test_numbers_lose_separators_and_signs(before, after, sobject, column):
    found = fixes_of(column, [before], sobject=sobject)
    assert found["number"] == (True, [after])


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Birthdate", "03/04/1990"),  # third of April, or fourth of March?
        ("Birthdate", "7.11.67"),  # of which century?
        ("Birthdate", "31.02.1990"),
        ("Birthdate", "1990-01-02 10:00:00"),  # there is a time that would be lost
        ("Email", "see anna@b.example"),
        ("Email", "a@b.example, c@d.example"),
        ("HasOptedOutOfEmail", "x"),
        ("LeadSource", "Trade Show"),
    ],
)
def test_what_is_not_plain_gets_no_certain_fix(column, cell):
    assert [fix for fix, (certain, _) in fixes_of(column, [cell]).items() if certain] == []


@pytest.mark.parametrize("cell", ["1,234", "$ 1,234", "1.234 €", "ca. 1200", "1.2.3"])
def test_a_number_that_reads_in_two_ways_is_left_alone(cell):
    assert "number" not in fixes_of("AnnualRevenue", [cell], sobject="Account")


def test_a_separator_that_reads_in_two_ways_is_settled_by_the_other_cells():
    english = fixes_of("AnnualRevenue", ["1,234", "21,375,000"], sobject="Account")
    assert english["number"] == (True, ["1234", "21375000"])
    german = fixes_of("AnnualRevenue", ["1.234 €", "12,50 €"], sobject="Account")
    assert german["number"] == (True, ["1234", "12.50"])
    both = fixes_of("AnnualRevenue", ["1,234", "21,375,000", "12,5"], sobject="Account")
    assert "number" not in both


def test_which_of_day_and_month_comes_first_is_settled_by_the_other_cells():
    assert fixes_of("Birthdate", ["03/04/1990", "13/04/1990"])["date"][1] == ["1990-04-03", "1990-04-13"]
    assert fixes_of("Birthdate", ["03/04/1990", "04/13/1990"])["date"][1] == ["1990-03-04", "1990-04-13"]
    assert "date" not in fixes_of("Birthdate", ["03/04/1990", "13/04/1990", "04/13/1990"])


@pytest.mark.parametrize("word", ["n/a", "N/A", "unknown", " - ", "NULL"])
def test_a_word_for_no_value_leaves_a_typed_cell_blank(word):
    assert fixes_of("Birthdate", [word])["no value"] == (True, [None])


def test_a_word_may_be_a_name():
    assert fixes_of("LastName", ["Null"], said=["UNKNOWN_THING:no:LastName --"]) == {}


def test_the_nearest_value_of_a_picklist_is_for_a_person_to_decide():
    found = fixes_of("LeadSource", ["Webb", "Phone Enquiry", "Trade Show"])
    assert found["nearest value"] == (False, ["Web", "Phone Inquiry", "Trade Show"])
    assert found["drop cell"] == (False, ["Web", "Phone Inquiry", None])


def test_each_value_of_a_multi_select_picklist_is_mended():
    changed = {"type": "multipicklist", "restrictedPicklist": True, "length": 4099}
    found = fixes_of("LeadSource", ["web; Other", "Webb;web", "Web;Fair"], terms=describe(LeadSource=changed))
    assert found["picklist case"] == (True, ["Web;Other", "Webb;web", "Web;Fair"])
    assert found["nearest value"] == (False, ["Web;Other", "Web", "Web;Fair"])


def test_the_signs_of_an_address_are_for_a_person_to_decide():
    found = fixes_of("Email", ["a,b@c,example", "a@@b.example", "a at b.example", "a(at)b.example"])
    assert found["e-mail signs"] == (False, ["a.b@c.example", "a@b.example", "a@b.example", "a@b.example"])


def test_a_text_is_cut_to_what_the_field_takes():
    assert fixes_of("Phone", ["  " + "1" * 41 + " ", "2" * 40])["cut to length"] == (False, ["1" * 40, "2" * 40])


def test_a_key_is_never_cut_and_never_dropped():
    found = fixes_of("Contact_Key__c", ["k" * 300], operation=Operation.UPSERT, external_id_field="Contact_Key__c")
    assert found == {}


def test_a_required_field_is_never_dropped():
    assert list(fixes_of("LastName", ["x" * 81], said=["STRING_TOO_LONG:long:LastName --"])) == ["cut to length"]


def test_a_datetime_gets_its_t():
    rows = ["2024-01-31 10:00:00+01:00", "2024-01-31 10:00:00"]
    changed = {"type": "datetime"}
    found = fixes_of("Birthdate", rows, terms=describe(Birthdate=changed))
    assert found["datetime"] == (True, ["2024-01-31T10:00:00+01:00", "2024-01-31 10:00:00"])


@pytest.mark.parametrize(("nulls", "words"), [("ignore", "keeps what it holds"), ("clear", 'nulls="clear"')])
def test_a_dropped_cell_says_what_becomes_of_its_field(nulls, words):
    rows = failed(pd.DataFrame({"Email": ["none of yours"], **NAMES}), nulls=nulls)
    (drop,) = [tried.fix for tried in find_fixes(rows) if tried.fix.fix == "drop cell"]
    assert words in drop.what
    assert words in drop.code


def test_a_field_that_cannot_be_empty_is_not_dropped_where_that_would_clear_it():
    terms = describe(Email={"nillable": False, "defaultedOnCreate": True})
    assert "drop cell" in fixes_of("Email", ["no"], terms=terms)
    assert "drop cell" not in fixes_of("Email", ["no"], terms=terms, nulls="clear")


def test_many_bad_values_are_dropped_by_the_form_of_the_field():
    cells = [f"{number} days ago" for number in range(40)] + ["1990-02-31", "1990-02-28", "", None]
    rows = failed(pd.DataFrame({"Birthdate": cells, "LastName": "x"}), terms=describe(LastName={"length": 80}))
    (tried,) = find_fixes(rows)
    assert (tried.fix.fix, tried.rows, tried.before, tried.after) == ("drop cell", 41, 41, 0)
    left = tried.fix.run(rows.frame)["Birthdate"]
    assert left[left.notna()].tolist() == ["1990-02-28", ""]
    assert "days ago" not in tried.fix.code


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Email", [f"person {number}" for number in range(40)]),
        ("LeadSource", [f"Fair {number}" for number in range(40)]),
        ("HasOptedOutOfEmail", [f"mostly {number}" for number in range(40)]),
        ("Phone", [f"{number:050}" for number in range(40)]),
        ("AccountId", [f"number {number}" for number in range(40)]),
    ],
)
def test_many_bad_values_of_any_type_are_dropped(column, cells):
    rows = failed(pd.DataFrame({column: cells, "LastName": "x"}))
    tried = [each for each in find_fixes(rows) if each.fix.fix == "drop cell"]
    left = tried[0].fix.run(rows.frame)[column] if tried else rows.frame[column]
    cut = [each for each in find_fixes(rows) if each.fix.fix == "cut to length"]
    assert left.isna().all() or cut


def test_numbers_that_are_too_large_are_dropped_from_a_column_of_numbers():
    frame = pd.DataFrame({"NumberOfEmployees": [1, 123_456_789_012], "Name": "x"})
    (tried,) = find_fixes(failed(frame, sobject="Account"))
    fixed = tried.fix.run(failed(frame, sobject="Account").frame)
    assert fixed["NumberOfEmployees"].tolist() == [1, pd.NA]
    assert str(fixed["NumberOfEmployees"].dtype) == "Int64"


def test_what_only_the_answer_tells_is_dropped_where_the_answer_names_it():
    said = ["INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:AccountId --", "UNABLE_TO_LOCK_ROW:busy:--", None]
    rows = failed(pd.DataFrame({"AccountId": ["001000000000001AAA"] * 3, "LastName": "x"}), said=said)
    (tried,) = find_fixes(rows)
    assert (tried.fix.fix, tried.fix.certain, tried.rows, tried.after) == ("drop named cell", False, 1, 0)
    assert tried.fix.run(rows.frame)["AccountId"].isna().tolist() == [True, False, False]


def test_a_parent_that_was_not_found_is_known_by_its_key_in_the_message():
    text = "INVALID_FIELD:Foreign key external ID: {} not found for field Account_Key__c in entity Account:--"
    cells = ["A-1", "A-2", "", None]
    frame = pd.DataFrame({"Account.Account_Key__c": cells, "LastName": "x"})
    rows = failed(frame, said=[text.format("a-1"), text.format("a-9"), text.format("a-9"), text.format("a-9")])
    tried, out = find_fixes(rows)
    assert (tried.fix.fix, tried.rows) == ("drop named cell", 1)
    assert tried.fix.run(rows.frame)["Account.Account_Key__c"].isna().tolist() == [True, False, False, True]
    assert (out.fix.fix, out.rows) == ("leave out", 4)


def test_rows_that_nothing_mends_can_be_left_out():
    frame = pd.DataFrame({"LastName": ["", "x", "y", "z"]}, index=list("abcd"))
    said = ["REQUIRED_FIELD_MISSING:gone:LastName --", "DELETE_FAILED:held:--", "UNABLE_TO_LOCK_ROW:busy:--", None]
    rows = failed(frame, said=said)
    found = {tried.fix.fix + tried.fix.field: tried.fix for tried in find_fixes(rows)}
    assert found["leave outLastName"].run(rows.frame).index.tolist() == ["b", "c", "d"]
    assert found["leave out"].run(rows.frame).index.tolist() == ["a", "c", "d"]
    assert len(found) == 2  # a lock passes by itself, and what was not processed has no error


def test_the_frame_that_a_fix_is_run_on_stays_as_it_is():
    rows = failed(pd.DataFrame({"Birthdate": [" 1867-11-07"], **NAMES}))
    before = rows.frame.copy()
    find_fixes(rows)[0].fix.run(rows.frame)
    pd.testing.assert_frame_equal(rows.frame, before)


def test_figures_count_on_top_of_the_fixes_above():
    rows = failed(pd.DataFrame({"Birthdate": ["7.11.1867", "unknown", "some day"], "LastName": "x"}))
    steps = [(tried.fix.fix, tried.rows, tried.before, tried.after) for tried in find_fixes(rows)]
    assert steps == [("no value", 1, 3, 2), ("date", 1, 2, 1), ("drop cell", 1, 1, 0)]


def test_a_fix_that_helps_nothing_is_not_offered():
    rows = failed(pd.DataFrame({"LastName": [" Curie"]}), said=["DUPLICATES_DETECTED:known:--"])
    assert [tried.fix.fix for tried in find_fixes(rows)] == ["leave out"]
