"""Exploring: objects and fields as frames, templates that load, profiles that say what the rows hold."""

import datetime as dt
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import ByHand, Faults, LocalOrg
from sfbulk_pandas.local_org.describes import full_describe
from sfbulk_pandas.progress.events import PlanChosen, QueryFinished

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from html_reading import read, words

HOSTILE = "</title></svg></style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
KEYS = {"Account": "Account_Key__c", "Contact": "Contact_Key__c", "Project__c": "Project_Key__c"}
OBJECTS = ["Account", "Contact", "Lead", "Opportunity", "Case", "User", "Project__c"]


def calls(local, path):
    return [each for each in local.exchanges if each.path.endswith(path)]


# Objects


def test_the_objects_of_the_org_are_a_frame_for_one_call(local, org):
    before = len(local.exchanges)
    frame = org.sobjects()
    assert len(local.exchanges) == before + 1
    assert frame["name"].tolist() == sorted([*OBJECTS, "Organization"], key=str.lower)
    assert set(frame.dtypes.astype(str)) == {"str", "boolean"} or set(frame.dtypes.astype(str)) == {"string", "boolean"}
    own = frame[frame["custom"]]
    assert type(own) is pd.DataFrame
    assert own[["name", "label", "key_prefix"]].to_numpy().tolist() == [["Project__c", "Project", "a0P"]]
    organization = frame.set_index("name").loc["Organization"]
    assert (organization["queryable"], organization["createable"], organization["deletable"]) == (True, False, False)
    assert sfbulk.sobjects().equals(frame)
    assert sfbulk.sobjects(org=org).equals(frame)


def test_objects_are_shown_with_what_one_may_do(org):
    frame = org.sobjects()
    assert "Project__c Project a0P query, insert, update, delete custom" in words(frame._repr_html_())
    assert "8 objects, 1 of them custom" in repr(frame)


def test_an_object_of_which_the_org_says_little_is_listed_all_the_same():
    with (
        LocalOrg(describes=[full_describe({"name": "Plain__c", "fields": []}) | {"keyPrefix": None}]) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org,
    ):
        answer = {"sobjects": [{"name": "Bare"}, {"name": "Odd__c", "label": None, "queryable": None, "custom": None}]}
        local.faults.on("GET", "sobjects", fault=Faults.answer(200, json.dumps(answer)))
        frame = org.sobjects().set_index("name")
        assert frame["label"].tolist() == ["Bare", "Odd__c"]
        assert frame["key_prefix"].isna().all()
        assert frame["custom"].tolist() == [False, True]
        assert frame["queryable"].all()


# Fields


def test_the_fields_of_an_object_are_a_frame_for_one_call_once(local, org):
    frame = org.describe("contact")
    assert sfbulk.describe("Contact").equals(frame)
    assert len(calls(local, "/describe")) == 1
    assert frame.index.name == "field"
    assert frame.index.tolist()[:4] == ["Id", "IsDeleted", "AccountId", "LastName"]
    assert frame.loc["LastName", ["type", "required", "unique"]].tolist() == ["string(80)", True, False]
    assert frame.loc["Salary__c", "type"] == "currency(18,2)"
    assert frame.loc["Children__c", "type"] == "int(3)"
    assert frame.loc["AccountId", ["type", "references", "relationship"]].tolist() == [
        "reference(Account)",
        ("Account",),
        "Account",
    ]
    assert frame.loc["Contact_Key__c", ["key", "external_id", "unique"]].tolist() == [True, True, True]
    assert frame.loc["Level__c", ["allowed_values", "restricted"]].tolist() == [
        ("Primary", "Secondary", "Tertiary"),
        True,
    ]
    assert frame.loc["Newsletter__c", "default"] is False
    assert frame.loc["LastActivityDate", ["createable", "updateable"]].tolist() == [False, False]
    assert frame.index[frame["required"]].tolist() == ["LastName"]
    assert org.describe("Project__c").loc["Phase__c", "default"] == "Plan"
    with pytest.raises(sfbulk.UsageError, match="has no object 'Contract'") as caught:
        org.describe("Contract")
    assert "Contact" in caught.value.hint


def test_what_is_known_of_the_object_goes_along_and_what_is_done_with_the_frame_is_plain(org):
    frame = org.describe("Account")
    assert frame.described.get("industry").picklist_values == frame.loc["Industry", "allowed_values"]
    again = pickle.loads(pickle.dumps(frame))
    assert again.equals(frame)
    assert again.described == frame.described
    assert type(frame[frame["required"]]) is pd.DataFrame
    assert frame.describe() is not None  # pandas' own, not hidden


def test_what_one_looks_for_stands_above_the_fields(org):
    shown = words(org.describe("Contact")._repr_html_())
    assert "required LastName keys Id, Email, Contact_Key__c" in shown
    assert "LastName Last Name string(80) required" in shown
    assert "Contact_Key__c Contact Key string(40) external id , unique" in shown.replace("id,", "id ,")
    assert "Level__c Level picklist one of 3: Primary, Secondary, Tertiary" in shown
    said = repr(org.describe("Project__c"))
    assert "required        Account__c" in said
    assert "Legacy_Number__c  double(18,0)" in said


def test_whatever_is_hostile_in_a_describe_is_text():
    values = [HOSTILE, *(f"value {at}" for at in range(200))]
    field = {"name": "Odd__c", "label": HOSTILE, "type": "picklist", "values": values, "restrictedPicklist": True}
    describe = full_describe({"name": "Odd__c", "keyPrefix": "a0X", "fields": [{"name": "Name"}, field]})
    with (
        LocalOrg(describes=[describe | {"label": HOSTILE}]) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org,
    ):
        for shown in (org.describe("Odd__c"), org.sobjects()):
            reader = read(shown._repr_html_())
            assert not {"script", "img"} & set(reader.tags)
            assert "<script>alert(1)</script>" in "".join(reader.texts)
        whole = [value for _, key, value in read(org.describe("Odd__c")._repr_html_()).attributes if key == "title"]
        assert any("value 199" in title for title in whole)
        assert "value 199" not in words(org.describe("Odd__c")._repr_html_())


# Templates


def filled(org, sobject, frame):
    """Fill a template of two rows: something that fits in every column but lookups, in place, so that dtypes stay."""
    described = org.describe(sobject).described
    for row in range(2):
        for name in frame.columns:
            field = described.get(name)
            value = fitting(field, row)
            if value is not None:
                frame.loc[row, name] = value
    return frame


def fitting(field, row):
    if field.type.value == "reference":
        return None
    if field.picklist_values:
        return field.picklist_values[row % len(field.picklist_values)]
    numbers = {"int": 3, "double": 1.0, "currency": 12.5, "percent": 7.5, "boolean": bool(row)}
    moments = {"date": dt.date(2024, 2, 29), "datetime": pd.Timestamp("2024-02-29T12:30:00Z"), "time": dt.time(9, 30)}
    texts = {"email": f"a{row}@example.org", "phone": "+49 351 1", "url": "https://example.org"}
    known = {**numbers, **moments, **texts}
    return known[field.type.value] if field.type.value in known else f"T{row}"[: field.length or 2]


@pytest.mark.parametrize("sobject", OBJECTS)
def test_a_template_that_is_filled_passes_the_check_and_loads(org, sobject):
    frame = org.describe(sobject).template(rows=2)
    empty = frame.dtypes
    frame = filled(org, sobject, frame)
    assert frame.dtypes.equals(empty)
    for name in frame.columns[frame.isna().all()]:
        field = org.describe(sobject).described.get(name)
        if field.is_required:
            parent = org.insert(pd.DataFrame({"Name": ["Parent"]}), field.reference_to[0], progress=False)
            frame[name] = parent.successful["sf__Id"].iloc[0]
    report = org.check(frame, sobject, "insert")
    assert not report["severity"].isin(["error", "row"]).any(), report
    result = org.insert(frame, sobject, progress=False)
    assert result.counts == {"rows": 2, "successful": 2, "failed": 0, "unprocessed": 0}, result.errors


@pytest.mark.parametrize("sobject", KEYS)
def test_templates_of_updates_and_upserts_load_too(org, sobject):
    described = org.describe(sobject)
    upsert = filled(org, sobject, described.template("upsert", rows=2, external_id_field=KEYS[sobject].lower()))
    assert upsert.columns[0] == KEYS[sobject]
    if sobject == "Project__c":
        account = org.insert(pd.DataFrame({"Name": ["Parent"]}), "Account", progress=False).successful
        upsert["Account__c"] = account["sf__Id"].iloc[0]
    made = org.upsert(upsert, sobject, external_id_field=KEYS[sobject], progress=False)
    assert made.counts["successful"] == 2, made.errors
    update = described.template("update", rows=2)
    assert update.columns[0] == "Id"
    update["Id"] = made.successful["sf__Id"].to_numpy()
    text = next(name for name in update.columns[1:] if described.loc[name, "type"].startswith("textarea"))
    update[text] = ["one", "two"]
    assert org.update(update, sobject, progress=False).counts["successful"] == 2


def test_a_template_has_what_is_needed_first_and_nothing_that_may_not_be_written(org):
    frame = org.describe("Project__c").template()
    assert len(frame) == 0
    assert frame.columns[0] == "Account__c"
    assert not {"Id", "IsDeleted", "CreatedDate", "SystemModstamp"} & set(frame.columns)
    assert "Account__c" not in org.describe("Project__c").template("update").columns  # set once
    assert "MailingAddress" not in org.describe("Contact").template().columns
    dtypes = frame.dtypes.astype(str)
    assert dtypes["Head_Count__c"] == "Int64"
    assert dtypes["Budget__c"] == "float64"
    assert dtypes["Public__c"] == "boolean"
    assert dtypes["Start__c"] == "date32[day][pyarrow]"
    assert dtypes["Kick_Off__c"] == "datetime64[ms, UTC]"
    assert frame["Phase__c"].cat.categories.tolist() == ["Plan", "Build", "Run", "Closed"]


def test_pandas_itself_refuses_what_a_restricted_picklist_does_not_take(org):
    frame = org.describe("Contact").template(rows=1)
    with pytest.raises((TypeError, ValueError), match=r"new category|not present"):
        frame.loc[0, "Level__c"] = "Quaternary"
    frame.loc[0, "Salutation"] = "Sir"  # whose picklist takes others


def test_rows_that_are_there_take_the_template_s_dtypes(org):
    template = org.describe("Contact").template()
    rows = pd.DataFrame(
        {"LastName": ["Curie"], "Children__c": [2], "Level__c": ["Primary"], "Birthdate": ["1867-11-07"]}
    )
    rows["Birthdate"] = pd.to_datetime(rows["Birthdate"]).dt.date
    frame = rows.astype(template.dtypes[rows.columns])
    assert frame.dtypes.equals(template.dtypes[rows.columns])
    assert org.insert(frame, "Contact", progress=False).counts["successful"] == 1


@pytest.mark.parametrize(
    ("operation", "options", "match"),
    [
        ("delete", {}, "takes no template"),
        ("Insert", {}, "takes no template"),
        ("upsert", {}, "no key to upsert by"),
        ("upsert", {"external_id_field": "LastName"}, "no key to upsert by"),
        ("insert", {"external_id_field": "Contact_Key__c"}, "takes no external_id_field"),
        ("insert", {"rows": -1}, "rows=-1 does not fit"),
    ],
)
def test_a_template_that_cannot_be_is_refused(org, operation, options, match):
    with pytest.raises(sfbulk.UsageError, match=match):
        org.describe("Contact").template(operation, **options)


# Profiles


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    rows = 3_000
    return pd.DataFrame(
        {
            "LastName": [f"Name {number}" for number in rng.zipf(1.4, rows) % 400],
            "FirstName": rng.choice(["Ann", HOSTILE[:40], " Bo"], rows),
            "Email": [f"u{at}@example.org" if at % 3 else None for at in range(rows)],
            "Level__c": rng.choice(["Primary", "Secondary", "Tertiary"], rows, p=[0.7, 0.2, 0.1]),
            "Languages__c": rng.choice(["English", "English;German"], rows),
            "Salary__c": np.round(rng.lognormal(10, 1, rows), 2),
            "Children__c": pd.array(rng.poisson(1.2, rows), "Int64"),
            "Birthdate": [dt.date(1950, 1, 1) + dt.timedelta(int(day)) for day in rng.integers(0, 20_000, rows)],
            "Newsletter__c": rng.random(rows) > 0.7,
            "Last_Contacted__c": pd.Timestamp("2025-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 3_000_000, rows), "s"),
            "Notes__c": [("note " * int(size)) or None for size in rng.integers(0, 100, rows)],
        }
    )


@pytest.fixture(scope="module")
def peopled(people, tmp_path_factory):
    with (
        LocalOrg() as local,
        sfbulk.connect(
            sfbulk.JwtBearer(**local.credentials()),
            polling=sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01),
            journal=tmp_path_factory.mktemp("journal") / "journal.db",
        ) as org,
    ):
        assert org.insert(people, "Contact", progress=False).counts["successful"] == len(people)
        yield org


ALL = (
    "SELECT Id, LastName, FirstName, Email, Level__c, Languages__c, Salary__c, Children__c, Birthdate, Newsletter__c, "
)
ALL += "Last_Contacted__c, Notes__c, Account.Name FROM Contact"


@pytest.mark.parametrize(
    "options",
    [{}, {"plan": "locator", "page_rows": 700}, {"plan": "id_ranges", "chunk_rows": 900}, {"plan": "rest"}],
    ids=["auto", "locator", "id_ranges", "rest"],
)
def test_a_profile_says_what_pandas_says_of_the_same_rows(peopled, options):
    profile = peopled.profile(ALL, progress=False, **options)
    frame = peopled.query(ALL, progress=False)
    assert profile.index.tolist() == list(frame.columns)
    assert set(profile["rows"]) == {len(frame)} == {profile.attrs["sfbulk"]["rows"]}
    assert profile["filled"].tolist() == frame.notna().sum().tolist()
    assert profile["fill_rate"].tolist() == pytest.approx(frame.notna().mean().tolist())
    assert profile["exact"].all()
    assert profile["distinct"].tolist() == frame.nunique().tolist()
    assert profile.loc["Salary__c", ["min", "max"]].tolist() == [frame["Salary__c"].min(), frame["Salary__c"].max()]
    assert profile.loc["Salary__c", "mean"] == pytest.approx(frame["Salary__c"].mean())
    assert profile.loc["Children__c", "mean"] == pytest.approx(frame["Children__c"].mean())
    assert profile.loc["Birthdate", ["min", "max"]].tolist() == [min(frame["Birthdate"]), max(frame["Birthdate"])]
    stamps = frame["Last_Contacted__c"]
    assert profile.loc["Last_Contacted__c", "max"] == stamps.max()
    assert abs(profile.loc["Last_Contacted__c", "mean"] - stamps.mean()) < pd.Timedelta("2ms")
    assert profile.loc["Notes__c", "max_length"] == frame["Notes__c"].str.len().max()
    levels = frame["Level__c"].value_counts()
    assert dict(profile.loc["Level__c", "top"]) == levels.to_dict()
    top = profile.top("Level__c")
    assert top["count"].tolist() == top["count_at_most"].tolist() == levels.tolist()
    assert top["share"].sum() == pytest.approx(1)
    spread = profile.histogram("Birthdate")
    assert spread["count"].sum() == len(frame)
    assert spread["left"].iloc[0] <= frame["Birthdate"].min() < spread["right"].iloc[0]
    assert profile.loc["Account.Name", ["filled", "distinct", "min"]].tolist() == [0, 0, None]
    assert profile["type"].tolist()[:7] == [
        *("id", "string(80)", "string(40)", "email(80)", "picklist", "multipicklist", "currency(18,2)"),
    ]


def test_a_profile_takes_every_field_and_values_to_bind(peopled):
    profile = sfbulk.profile(
        "SELECT * FROM Contact WHERE Level__c = {level}", level="Tertiary", org=peopled, progress=False
    )
    assert profile.loc["Level__c", "top"] == (("Tertiary", profile.loc["Level__c", "rows"]),)
    assert len(profile) > 40
    assert profile.loc["CreatedDate", "type"] == "datetime"


def test_values_of_other_types_are_profiled_too(peopled):
    options = {"decimals": True, "categories": True, "lists": True, "progress": False}
    profile = peopled.profile("SELECT Salary__c, Level__c, Languages__c FROM Contact", **options)
    plain = peopled.profile("SELECT Salary__c, Level__c, Languages__c FROM Contact", progress=False)
    assert profile["distinct"].tolist() == plain["distinct"].tolist()
    assert profile["top"].tolist()[1:] == plain["top"].tolist()[1:]
    assert float(profile.loc["Salary__c", "max"]) == plain.loc["Salary__c", "max"]


def test_groups_are_profiled_and_no_rows_too(peopled):
    grouped = peopled.profile("SELECT Level__c, COUNT(Id) n, MAX(Salary__c) most FROM Contact GROUP BY Level__c")
    assert grouped["type"].tolist() == ["picklist", "int", "currency(18,2)"]
    assert grouped.loc["n", "rows"] == 3
    none = peopled.profile("SELECT Id, Salary__c, Birthdate FROM Contact WHERE LastName = 'nobody'", progress=False)
    assert none["rows"].tolist() == [0, 0, 0]
    assert none["fill_rate"].isna().all()
    assert none.histogram("Salary__c").empty
    assert none.top("Id").empty
    assert none.dtypes.equals(grouped.dtypes)
    assert "0 rows, 3 columns" in words(none._repr_html_())


def test_progress_is_told_as_of_any_extract(peopled):
    events = []
    peopled.profile("SELECT Id FROM Contact", plan="locator", progress=events.append)
    assert isinstance(events[0], PlanChosen)
    assert events[-1] == QueryFinished(3_000)


def test_a_query_that_cannot_be_right_and_a_column_that_is_not_there_are_refused(peopled):
    with pytest.raises(sfbulk.QueryRefused, match="Nope__c"):
        peopled.profile("SELECT Nope__c FROM Contact")
    profile = peopled.profile("SELECT Id, LastName FROM Contact", progress=False)
    with pytest.raises(sfbulk.UsageError, match="no column 'Lastname'") as caught:
        profile.top("Lastname")
    assert "LastName" in caught.value.hint
    with pytest.raises(sfbulk.UsageError, match="spread over no numbers"):
        profile.histogram("LastName")


def test_bad_cells_are_told_counted_and_kept(local, org):
    org.insert(pd.DataFrame({"LastName": ["a", "b"], "Children__c": [1, 2]}), "Contact", progress=False)
    body = '"Id","Children__c"\n"003000000000001AAA","many"\n"003000000000002AAA","7"\n'
    answer = Faults.answer(200, body, Sforce_NumberOfRecords="2", Sforce_Locator="null")
    local.faults.on("GET", "results", fault=answer)
    with pytest.warns(UserWarning, match="1 cell"):
        profile = org.profile("SELECT Id, Children__c FROM Contact", plan="locator", progress=False)
    assert profile.loc["Children__c", ["rows", "filled", "bad"]].tolist() == [2, 1, 1]
    assert sfbulk.bad_cells(profile)["text"].tolist() == ["many"]
    assert "1 of them bad cells" in words(profile._repr_html_())


def test_a_profile_whose_job_still_runs_is_gone_on_with():
    with (
        LocalOrg(pacing=ByHand()) as local,
        sfbulk.connect(
            sfbulk.JwtBearer(**local.credentials()), polling=sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
        ) as org,
    ):
        with pytest.raises(sfbulk.StillRunning) as caught:
            org.profile("SELECT Id, Name FROM User", plan="locator", wait_seconds=0, on_stop="leave", progress=False)
        local.advance()
        local.advance()
        profile = caught.value.resume(30)
        assert profile["rows"].tolist() == [local.records("User").num_rows] * 2
        assert (
            len([each for each in local.exchanges if each.method == "POST" and each.path.endswith("jobs/query")]) == 1
        )


def test_a_spool_lets_the_same_call_go_on(peopled, tmp_path):
    profile = peopled.profile(ALL, plan="locator", page_rows=700, spool=tmp_path / "spool", progress=False)
    assert set(profile["rows"]) == {3_000}


def test_a_profile_is_shown_with_charts_and_nothing_of_its_values_is_markup(peopled):
    profile = peopled.profile(ALL, progress=False)
    reader = read(profile._repr_html_())
    assert not {"script", "img"} & set(reader.tags)
    assert HOSTILE[:20] in "".join(reader.texts)
    assert reader.tags.count("svg") == 4
    shown = words(profile._repr_html_())
    assert "3,000 rows, 13 columns" in shown
    assert "␣Bo" in shown
    assert "3,000, all of them" in shown
    assert "1,000 missing" in shown
    said = repr(profile)
    assert "<script" not in said.partition("FROM Contact")[0]
    assert "Level__c" in said
    assert type(profile[profile["fill_rate"] < 1]) is pd.DataFrame
    again = pickle.loads(pickle.dumps(profile))
    assert again.equals(profile)
    assert again._repr_html_() == profile._repr_html_()


def test_estimates_are_marked_as_such(peopled, monkeypatch):
    from sfbulk_pandas.profiling import counts

    monkeypatch.setattr(counts.ValueCounts.__init__, "__defaults__", (100, 1_000_000))
    profile = peopled.profile("SELECT Id, LastName, Level__c FROM Contact", progress=False)
    assert profile["exact"].tolist() == [False, False, True]
    assert profile.loc["Id", "distinct"] == pytest.approx(3_000, rel=0.04)
    assert profile.loc["Id", "distinct"] <= 3_000
    assert profile.loc["Id", "top"] == ()
    shown = words(profile._repr_html_())
    assert "± 1.6%" in shown
    assert "nearly all" in shown
    assert "≈ is an estimate" in shown
    top = profile.top("LastName")
    assert (top["count"] > profile.loc["LastName", "top_error"]).all()
    frame = peopled.query("SELECT LastName FROM Contact", progress=False)["LastName"].value_counts()
    true = top["value"].map(frame)
    assert (top["count"] <= true).all()
    assert (true <= top["count_at_most"]).all()
