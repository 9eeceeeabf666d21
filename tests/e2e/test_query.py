"""Queries come back typed, whole, and bound safely."""

import datetime as dt
import threading

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.codec import decode
from sfbulk_pandas.jobs import query
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches
from sfbulk_pandas.progress.events import PageRead

SOQL = (
    "SELECT Id, LastName, Birthdate, Children__c, Salary__c, Newsletter__c, CreatedDate, MailingPostalCode, "
    "MailingCountry, Account.Name, Account.AnnualRevenue, Owner.IsActive FROM Contact"
)


@pytest.fixture
def filled(org):
    org.insert(pd.DataFrame({"Account_Key__c": ["A1"], "Name": ["Acme"], "AnnualRevenue": [2.5e9]}), "Account")
    frame = pd.DataFrame(
        {
            "LastName": ["O'Neil", "null", "NA"],
            "Birthdate": [dt.date(1990, 1, 2), None, None],
            "Children__c": pd.array([2, None, None], dtype="Int64"),
            "Salary__c": [12_345_678.5, None, None],
            "Newsletter__c": pd.array([True, False, None], dtype="boolean"),
            "MailingPostalCode": ["01067", None, "00123"],
            "MailingCountry": ["NA", "NA", None],
            "Account.Account_Key__c": ["A1", None, None],
        }
    )
    assert org.insert(frame, "Contact").failed.empty
    return org


def test_types_come_from_the_describe(filled):
    frame = filled.query(SOQL).set_index("LastName")
    assert frame.loc["O'Neil", "Birthdate"] == dt.date(1990, 1, 2)
    assert frame["Children__c"].dtype == "Int64"
    assert frame["Newsletter__c"].dtype == "boolean"
    assert frame.loc["O'Neil", "Account.AnnualRevenue"] == 2.5e9
    assert frame.loc["O'Neil", "Account.Name"] == "Acme"
    assert frame["Owner.IsActive"].dtype == "boolean"
    assert frame["CreatedDate"].dtype.tz is not None
    assert set(frame["MailingPostalCode"].dropna()) == {"01067", "00123"}
    assert set(frame.index) == {"O'Neil", "null", "NA"}
    assert frame.loc["O'Neil", "MailingCountry"] == "NA"
    assert frame["Id"].str.len().eq(18).all()


@pytest.mark.parametrize("plan", ["locator", "result_pages", "pk_chunks", "id_ranges"])
def test_pages_and_result_files_are_parsed_in_threads_of_their_own_which_end(filled, monkeypatch, plan):
    parsers = []

    def typed(*arguments):
        parsers.append(threading.current_thread().name)
        return parse(*arguments)

    parse = decode._Parse.typed
    monkeypatch.setattr(decode._Parse, "typed", typed)
    assert len(filled.query("SELECT Id, LastName FROM Contact", plan=plan)) == 3
    job_id = filled.insert(pd.DataFrame({"LastName": ["Somebody"]}), "Contact").jobs[0].id
    assert len(filled.results(job_id).successful) == 1
    assert len(parsers) >= 2
    assert all(name.startswith("sfbulk_") for name in parsers)
    assert not [each.name for each in threading.enumerate() if each.name.startswith("sfbulk")]


@pytest.mark.parametrize("plan", ["locator", "result_pages", "pk_chunks", "id_ranges"])
def test_rows_that_are_kept_are_parsed_in_larger_blocks_than_those_that_are_handed_on(filled, monkeypatch, plan):
    monkeypatch.setattr(query, "BLOCK_BYTES", 64)
    monkeypatch.setattr(query, "KEPT_BLOCK_BYTES", 1 << 20)
    soql = "SELECT Id, LastName, MailingCity, Email FROM Contact"
    assert filled.query_arrow(soql, plan=plan).column("Id").num_chunks == 1
    assert len(list(filled.query_batches(soql, plan=plan))) == 3


def test_an_empty_result_is_typed_the_same(filled):
    full = filled.query(SOQL)
    empty = filled.query(SOQL + " WHERE LastName = {name}", name="nobody")
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_values_are_bound_not_pasted(filled):
    soql = "SELECT LastName FROM Contact WHERE LastName = {name}"
    assert filled.query(soql, name="O'Neil")["LastName"].tolist() == ["O'Neil"]
    assert filled.query(soql, name="' OR LastName != '").empty
    many = filled.query("SELECT LastName FROM Contact WHERE LastName IN {names}", names=pd.Series(["NA", "null", "x"]))
    assert set(many["LastName"]) == {"NA", "null"}
    since = pd.Timestamp.now("UTC") - pd.Timedelta("1h")
    assert len(filled.query("SELECT Id FROM Contact WHERE CreatedDate > {since}", since=since)) == 3
    assert len(filled.query("SELECT Id FROM Contact WHERE Birthdate = {day}", day=dt.date(1990, 1, 2))) == 1
    assert len(filled.query("SELECT Id FROM Contact WHERE AccountId = {none}", none=pd.NA)) == 2
    assert len(filled.query("SELECT Id FROM Contact WHERE Newsletter__c = {yes}", yes=True)) == 1


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_dtype_backends(filled, backend):
    frame = filled.query(SOQL, dtype_backend=backend)
    assert all(("pyarrow" in str(kind) or "[" in str(kind)) for kind in frame.dtypes) or backend == "numpy_nullable"
    assert frame["Children__c"].dtype == ("Int64" if backend == "numpy_nullable" else "int64[pyarrow]")


def test_arrow(filled):
    table = filled.query_arrow("SELECT Id, Children__c, CreatedDate FROM Contact")
    assert [str(kind) for kind in table.schema.types] == ["string", "int64", "timestamp[ms, tz=UTC]"]


def test_the_module_functions_act_on_the_org_last_connected(filled):
    assert len(sfbulk.query("SELECT Id FROM Contact")) == 3
    assert sfbulk.query_arrow("SELECT Id FROM Account", org=filled).num_rows == 1


@pytest.mark.parametrize(
    ("soql", "line", "column", "said"),
    [
        ("SELECT Emial FROM Contact", 1, 8, "Contact has no field Emial; did you mean Email"),
        ("SELECT Id\nFROM Contact WHERE Acount.Name = 'x'", 2, 20, "no relationship Acount; did you mean Account?"),
        ("SELECT COUNT(Id) FROM Contact", 1, 8, 'bulk queries take no aggregate functions; plan="rest"'),
        ("SELECT MailingAddress FROM Contact", 1, 8, "select its components: MailingStreet, MailingCity"),
        ("SELECT Id FROM Contct", 1, 16, "did you mean 'Contact'"),
        ("SELECT Id FRM Contact", 1, 11, "expected FROM, found 'FRM'"),
    ],
)
def test_a_query_that_cannot_be_right_is_refused_with_its_places_and_no_job(filled, local, soql, line, column, said):
    with pytest.raises(sfbulk.QueryRefused, match=said) as caught:
        filled.query(soql, plan="result_pages")
    assert caught.value.report[["line", "column"]].to_numpy().tolist() == [[line, column]]
    assert not [each for each in local.exchanges if "/jobs/query" in each.path]


def test_what_salesforce_alone_knows_it_refuses(filled):
    with pytest.raises(sfbulk.InvalidQuery, match="Description"):
        filled.query("SELECT Id FROM Contact WHERE Description = 'x'")
    with pytest.raises(sfbulk.UsageError, match="no value was given"):
        filled.query("SELECT Id FROM Contact WHERE Id = {id}")


def test_every_field_comes_with_a_star(filled):
    frame = filled.query("SELECT *, Account.Name FROM Contact ORDER BY LastName")
    assert frame.columns[0] == "Id"
    assert frame.columns[-1] == "Account.Name"
    assert {"LastName", "Salary__c", "MailingPostalCode", "SystemModstamp"} <= set(frame.columns)
    assert "MailingAddress" not in frame.columns
    custom = filled.query("SELECT FIELDS(CUSTOM), Id FROM Contact WHERE LastName = {name}", name="O'Neil")
    assert all(name.endswith("__c") for name in custom.columns[:-1])
    assert custom.loc[0, "Salary__c"] == 12_345_678.5


@pytest.mark.parametrize(
    "switches",
    [
        Switches(query_datetime_zone="+0000"),
        Switches(empty_query_header=False),
        Switches(canonical_query_header=False),
        Switches(gzip_answers=True),
        Switches(java_numbers=False, shuffle_results=False),
    ],
)
def test_every_answer_the_documents_leave_open(switches):
    polling = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
    with (
        LocalOrg(switches=switches) as local,
        sfbulk.connect(sfbulk.AccessToken(local.access_token, local.url), polling=polling) as org,
    ):
        assert (
            org.query("select lastname, createddate from contact", plan="locator")
            .dtypes.astype(str)
            .tolist()[1]
            .startswith("datetime64")
        )
        org.insert(pd.DataFrame({"LastName": ["Z"], "Salary__c": [10.0]}), "Contact")
        frame = org.query("select lastname, createddate, salary__c from contact", plan="locator")
        assert frame.iloc[0, 0] == "Z"
        assert frame.iloc[0, 1].tzinfo is not None
        assert frame.iloc[0, 2] == 10.0


# Cells that have no value of their type


@pytest.fixture
def odd(local, org):
    """Make an org answer pages with cells that fit no type."""
    org.insert(pd.DataFrame({"LastName": ["a", "b"], "Children__c": [1, 2]}), "Contact")
    body = '"Id","Children__c","Birthdate"\n"003000000000001AAA","5.5","1990-01-02"\n"003000000000002AAA","7","soon"\n'
    answer = Faults.answer(200, body, Sforce_NumberOfRecords="2", Sforce_Locator="null")
    return lambda: local.faults.on("GET", "results", fault=answer)


ODD = "SELECT Id, Children__c, Birthdate FROM Contact"


def test_a_bad_cell_is_kept_beside_the_rows_and_warned_of(odd, org):
    odd()
    with pytest.warns(UserWarning, match=r"1 cell\(s\) are no value of their field's type .* Birthdate 'soon'"):
        frame = org.query(ODD, plan="locator")
    assert frame["Children__c"].tolist() == [5.5, 7.0]  # in memory, the whole column becomes double
    assert frame["Birthdate"].isna().tolist() == [False, True]
    assert sfbulk.bad_cells(frame).to_dict("records") == [
        {"row": 1, "Id": "003000000000002AAA", "column": "Birthdate", "text": "soon"}
    ]
    odd()
    with pytest.warns(UserWarning, match="1 cell"):
        table = org.query_arrow(ODD, plan="locator")
    assert sfbulk.bad_cells(table)["text"].tolist() == ["soon"]


def test_a_stream_keeps_its_schema_and_tells_of_every_bad_cell(odd, org):
    odd()
    with pytest.warns(UserWarning, match="2 cell"), org.query_batches(ODD, plan="locator") as stream:
        table = stream.read_all()
    assert table["Children__c"].to_pylist() == [None, 7]
    assert sorted(sfbulk.bad_cells(stream)["text"]) == ["5.5", "soon"]


@pytest.mark.parametrize("plan", ["locator", "result_pages", "id_ranges"])
def test_a_bad_cell_is_told_with_the_number_of_its_page(plan):
    """Pages are counted from 1, whether each is named by the one before or all are listed."""
    body = '"Id","Children__c"\n"003000000000001AAA","many"\n'
    read = []

    def answer(event):
        if isinstance(event, PageRead):
            read.append(event)
            if len(read) == 1:
                answer = Faults.answer(200, body, Sforce_NumberOfRecords="1", Sforce_Locator="null")
                local.faults.on("GET", "results", fault=answer)

    options = {"plan": plan, "page_rows": 1, "parallel_pages": 1, "on_bad_value": "raise", "progress": answer}
    with (
        LocalOrg(switches=Switches(query_page_rows=1)) as local,
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org,
    ):
        org.insert(pd.DataFrame({"LastName": ["a", "b", "c"], "Children__c": [1, 2, 3]}), "Contact")
        with pytest.raises(
            sfbulk.DecodeError, match=r"^750\w{15}: page 2, row 0 from 0: column 'Children__c'"
        ) as caught:
            org.query("SELECT Id, Children__c FROM Contact", **options)
    assert caught.value.page.endswith(": page 2")
    assert ": page 2 did not come whole" in caught.value.__notes__[0]


def test_a_bad_cell_can_be_an_error(odd, org):
    odd()
    with pytest.raises(sfbulk.DecodeError, match="holds"):
        org.query(ODD, plan="locator", on_bad_value="raise")
    with pytest.raises(sfbulk.UsageError, match="no result of a query"):
        sfbulk.bad_cells(3)
