"""What pages of results may look like, over the wire and through the client: no value changes, no row is lost."""

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import Faults, LocalOrg, Switches
from sfbulk_pandas.progress.events import PageRead

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)
PLANS = ["auto", "locator", "result_pages", "id_ranges", "pk_chunks", "rest"]
TEXTS = {
    "na": "NA",
    "null": "null",
    "none": "None",
    "nan": "nan",
    "mark": "N/A",
    "dash": "-",
    "zeros": "00123",
    "number": "1E5",
    "day": "2024-01-02",
    "truth": "true",
    "quotes": 'he said "yes", then "no"',
    "breaks": 'one\n"two",\n\nthree\n',
    "letters": "é ß 漢字 😀",
    "comma": ",",
    "empty": None,
}


def connected(local):
    return sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST)


def filled(org, rows):
    frame = pd.DataFrame({"LastName": [f"N{n:03}" for n in range(rows)], "FirstName": [f"é {n}" for n in range(rows)]})
    assert org.insert(frame, "Contact").failed.empty


@pytest.fixture(scope="module")
def texts():
    with LocalOrg() as local, connected(local) as org:
        frame = pd.DataFrame({"LastName": list(TEXTS), "Description": list(TEXTS.values())})
        assert org.insert(frame, "Contact").failed.empty
        yield org


@pytest.mark.parametrize("plan", PLANS)
def test_texts_come_as_they_are(texts, plan):
    table = texts.query_arrow("SELECT LastName, Description FROM Contact", plan=plan)
    assert dict(zip(*(column.to_pylist() for column in table.columns), strict=True)) == TEXTS
    frame = texts.query("SELECT LastName, Description FROM Contact", plan=plan).set_index("LastName")["Description"]
    assert frame.isna().sum() == 1
    assert pd.isna(frame["empty"])


@pytest.mark.parametrize("said", [None, "text/csv", "text/csv; charset=ISO-8859-1"])
def test_letters_are_utf8_whatever_the_answer_says_of_them(local, org, said):
    filled(org, 1)
    body = 'Id,FirstName\n003000000000001AAA,"Zoé \0\nß"\n'
    headers = {} if said is None else {"Content_Type": said}
    answer = Faults.answer(200, body, Sforce_NumberOfRecords="1", Sforce_Locator="null", **headers)
    local.faults.on("GET", "results", fault=answer)
    assert org.query("SELECT Id, FirstName FROM Contact", plan="locator")["FirstName"].tolist() == ["Zoé \0\nß"]


@pytest.mark.parametrize("plan", ["locator", "result_pages", "id_ranges"])
@pytest.mark.parametrize("how", ["alphabetical", "as written"])
def test_later_pages_may_name_and_order_their_columns_otherwise(plan, how):
    with LocalOrg(switches=Switches(later_pages=how)) as local, connected(local) as org:
        filled(org, 25)
        table = org.query_arrow("select lastname, ID, firstname from contact", plan=plan, page_rows=10)
        assert table.column_names == ["LastName", "Id", "FirstName"]
        rows = table.sort_by("LastName").to_pydict()
        assert rows["LastName"] == [f"N{n:03}" for n in range(25)]
        assert rows["FirstName"] == [f"é {n}" for n in range(25)]
        assert all(each.startswith("003") for each in rows["Id"])


@pytest.mark.parametrize("plan", ["locator", "result_pages", "id_ranges"])
@pytest.mark.parametrize("last", ["null", "", None])
def test_the_last_page_may_say_so_in_three_ways(plan, last):
    with LocalOrg(switches=Switches(last_locator=last, query_page_rows=10)) as local, connected(local) as org:
        filled(org, 25)
        pages = []
        table = org.query_arrow(
            "SELECT LastName FROM Contact",
            plan=plan,
            page_rows=10,
            progress=lambda event: pages.append(event) if isinstance(event, PageRead) else None,
        )
        assert sorted(table["LastName"].to_pylist()) == [f"N{n:03}" for n in range(25)]
        assert len(pages) == 3


@pytest.mark.parametrize("plan", PLANS)
def test_pages_may_be_smaller_than_asked_for(plan):
    switches = Switches(vary_page_rows=True, query_page_rows=100)
    with LocalOrg(switches=switches) as local, connected(local) as org:
        filled(org, 450)
        table = org.query_arrow("SELECT LastName FROM Contact", plan=plan, page_rows=100, chunk_rows=200)
        assert sorted(table["LastName"].to_pylist()) == [f"N{n:03}" for n in range(450)]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("switches", [Switches(empty_query_header=False, query_sentence=False), Switches()])
def test_no_rows_come_with_a_header_line_a_sentence_or_nothing(plan, switches):
    with LocalOrg(switches=switches) as local, connected(local) as org:
        filled(org, 1)
        table = org.query_arrow("SELECT Id, Children__c FROM Contact WHERE LastName = 'nobody'", plan=plan)
        assert (table.num_rows, [str(each) for each in table.schema.types]) == (0, ["string", "int64"])


@pytest.mark.parametrize("plan", ["locator", "pk_chunks", "rest"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_answers_may_be_gzip_or_plain(plan, is_packed):
    with LocalOrg(switches=Switches(gzip_answers=is_packed)) as local, connected(local) as org:
        filled(org, 25)
        table = org.query_arrow("SELECT FirstName FROM Contact", plan=plan, page_rows=10)
        assert sorted(table["FirstName"].to_pylist()) == sorted(f"é {n}" for n in range(25))
