"""The magics against a local org: values come back as they were asked for, and errors show their place."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg

# What would end a literal, begin an expression, or be taken for one of Python's or SOQL's own marks.
HOSTILE = [
    "O'Neil",
    "' OR Name != '",
    "\\' OR Name != \\'",
    "x' OR Id IN (SELECT Id FROM Contact) //",
    "{keys}",
    "{{keys}}",
    "'{keys}'",
    "$keys",
    "%soql",
    "*/ x /*",
    "a\\",
    "\\n",
    'a"b',
    "-- x",
    ":keys",
    "\u2019\u2028",
    "NULL",
    "%",
    "_",
]


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as started:
        yield started


@pytest.fixture(scope="module")
def shell(local, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setattr("IPython.core.history.HistoryManager.enabled", False)
        made = InteractiveShell.instance(colors="nocolor")
        made.run_line_magic("load_ext", "sfbulk_pandas")
        with sfbulk.connect(
            sfbulk.JwtBearer(**local.credentials()), journal=tmp_path_factory.mktemp("journal") / "journal.db"
        ) as org:
            rows = pd.DataFrame({"LastName": HOSTILE, "Description": [str(each) for each in range(len(HOSTILE))]})
            org.insert(rows, "Contact", progress=False)
            made.user_ns["uat"] = org
            yield made
        made.run_line_magic("unload_ext", "sfbulk_pandas")
        InteractiveShell.clear_instance()


@pytest.fixture
def run(shell):
    def cell(code):
        with capture_output(display=False) as shown:
            done = shell.run_cell(code, store_history=True)
        done.shown = shown.stdout + shown.stderr
        return done

    return cell


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_finds_its_own_record_and_no_other(run, shell, text):
    shell.user_ns.update(text=text, keys=["no", "such"])
    found = run(
        "%%soql --plan rest --org uat\nSELECT LastName, Description FROM Contact WHERE LastName = {text}"
    ).result
    assert found["Description"].tolist() == [str(HOSTILE.index(text))]
    assert found["LastName"].tolist() == [text]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    others=st.lists(
        st.one_of(st.sampled_from(HOSTILE), st.text(st.sampled_from("'\\{}()%_\"/*-:\n$x "), max_size=12)), max_size=4
    ),
    wanted=st.sampled_from(HOSTILE),
)
def test_no_list_of_texts_brings_a_record_that_is_not_in_it(run, shell, wanted, others):
    texts = [wanted, *others]
    shell.user_ns.update(texts=texts, empty={"x": "' OR LastName != '"})
    cell = "%%soql --plan rest --org uat\nSELECT LastName FROM Contact\nWHERE LastName IN {texts}\n"
    done = run(cell + "AND LastName != {empty['x'] + '}'} // {texts}")
    assert sorted(done.result["LastName"]) == sorted({each for each in HOSTILE if each in texts})


def test_a_frame_comes_with_its_facts(run):
    done = run("df = %soql --org uat SELECT Id, Account.Name FROM Contact LIMIT 3\ndf.attrs['sfbulk']['plan'], len(df)")
    assert done.result == ("rest", 3)


def test_a_folder_is_written_and_replaced_only_when_told_so(run, shell, tmp_path):
    shell.user_ns["folder"] = tmp_path / "contacts"
    cell = "%soql --org uat --parquet {folder} --plan locator SELECT Id, LastName FROM Contact"
    assert run(cell).result.dataset().count_rows() == len(HOSTILE)
    assert "name another folder, or say --overwrite" in run(cell).shown
    assert run(cell.replace("--parquet", "--overwrite --to p --parquet")).shown.startswith(f"p: {len(HOSTILE)} rows, 2")


@pytest.mark.parametrize(
    ("soql", "shown"),
    [
        (
            "SELECT Id, Emial\nFROM Contact\nWHERE LastName IN {keys}",
            (
                "QueryRefused: Contact has no field Emial (line 1, column 12)\n"
                "    SELECT Id, Emial\n               ^\n  -> did you mean Email?\n"
            ),
        ),
        (
            "SELECT Id\nFROM Contact\nWHERE LastName IN {keys} AND Naem = 1",
            (
                "QueryRefused: Contact has no field Naem (line 3, column 30)\n"
                "    WHERE LastName IN {keys} AND Naem = 1\n                                 ^\n"
            ),
        ),
        (
            "SELECT Id\nFROM Contact\nWHERE LastName IN {keys} AND Description = 'x'",
            (
                "InvalidQuery: field 'Description' can not be filtered in a query call (HTTP 400) (line 3, column 30)\n"
                "    WHERE LastName IN {keys} AND Description = 'x'\n                                 ^\n"
            ),
        ),
        ("SELECT Id FROM Contct", "QueryRefused: the org has no object 'Contct' (line 1, column 16)\n"),
    ],
)
def test_errors_show_their_place_in_the_query_as_it_was_written(run, shell, soql, shown):
    shell.user_ns["keys"] = HOSTILE
    done = run(f"%%soql --org uat\n{soql}")
    assert done.shown.startswith(shown)
    assert "Traceback" not in done.shown
    assert isinstance(done.error_in_exec, sfbulk.SfBulkError)


def test_the_frames_of_the_other_magic_are_those_of_the_org(run):
    assert "DailyApiRequests" in run("%sfbulk limits --org uat").result["name"].tolist()
    assert run("%sfbulk jobs --org uat").result["object"].tolist()[-1] == "Contact"
    assert run("%sfbulk loads --org uat").result["rows"].tolist() == [len(HOSTILE)]
    assert "name" in run("%sfbulk orgs").result
