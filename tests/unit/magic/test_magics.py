"""The magics in a shell, with an org that answers without a port."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.errors import JobFailed, QueryRefused, UsageError
from sfbulk_pandas.magic.commands import COMMANDS
from sfbulk_pandas.org.current import connected_org


def test_a_cell_gives_the_frame_which_the_shell_shows(run, org):
    done = run("%%soql\nSELECT Id\nFROM Contact")
    assert isinstance(done.result, pd.DataFrame)
    assert "Curie" in done.shown
    assert org.asked == [("SELECT Id\nFROM Contact", {"query_all": False})]


def test_a_line_gives_the_frame_to_a_variable(run, shell, org):
    run("name = 'O\\'Neil'\ndf = %soql SELECT Id FROM Contact WHERE LastName = {name}")
    assert shell.user_ns["df"]["Name"].tolist() == ["Curie"]
    assert org.asked[0][0] == "SELECT Id FROM Contact WHERE LastName = 'O\\'Neil'"


def test_nothing_is_pasted_by_the_shell(run, org):
    run("name = 'x'\ndf = %soql SELECT Id FROM Contact WHERE LastName = '$name' AND City = '{ name }{{name}}'")
    assert org.asked == []
    run("df = %soql SELECT Id FROM Contact WHERE LastName = '$name' AND City = {'$name {name}'}")
    assert org.asked[0][0] == "SELECT Id FROM Contact WHERE LastName = '$name' AND City = '$name {name}'"


def test_the_variables_of_a_function_are_seen(run, org):
    run("def f(keys):\n    df = %soql SELECT Id FROM X WHERE A IN {[k for k in keys]}\n    return df\n_ = f(['a'])")
    assert org.asked[0][0] == "SELECT Id FROM X WHERE A IN ('a')"


def test_to_keeps_the_frame_and_says_one_line(run, shell, org):
    done = run("%%soql --to contacts\nSELECT Id FROM Contact")
    assert done.result is None
    assert done.shown.startswith("contacts: 1 row, 2 columns; rest, 0.")
    assert done.shown.count("\n") == 1
    assert shell.user_ns["contacts"]["Name"].tolist() == ["Curie"]


def test_arrow_gives_a_table(run, shell, org):
    assert isinstance(run("%%soql --arrow\nSELECT Id FROM Contact").result, pa.Table)
    assert run("%%soql --arrow --to t\nSELECT Id FROM Contact").shown.startswith("t: 1 row, 2 columns; rest, ")
    assert isinstance(shell.user_ns["t"], pa.Table)


@pytest.mark.parametrize("word", ["contacts/", "{folder / 'contacts'}", "'contacts/'"])
def test_parquet_writes_a_folder(run, org, word):
    done = run(f"from pathlib import Path\nfolder = Path()\n%soql --parquet {word} --overwrite --to p SELECT Id FROM X")
    assert org.asked == [("SELECT Id FROM X", {"query_all": False, "overwrite": True, "path": Path("contacts")})]
    assert done.shown.startswith("p: 1,234 rows, 1 column in contacts; locator, ")


def test_a_folder_whose_expression_fails_is_named(run, org):
    done = run("%%soql --parquet {folder}\nSELECT Id FROM X")
    assert "UsageError: --parquet {folder}: NameError: name 'folder' is not defined" in done.shown
    assert org.asked == []


def test_a_named_plan_is_taken_and_all_brings_deleted_records(run, org):
    run("%%soql --plan pk_chunks --all\nSELECT Id FROM X")
    assert org.asked == [("SELECT Id FROM X", {"query_all": True, "plan": "pk_chunks"})]


def test_plan_alone_explains(run, org):
    assert run("%soql --plan SELECT Id FROM X").result == "the plan"


def test_another_org_is_taken_and_does_not_become_the_current_one(run, shell, org):
    other = shell.user_ns["other"] = type(org)()
    run("%%soql --org other\nSELECT Id FROM X")
    assert (len(other.asked), org.asked) == (1, [])
    assert connected_org() is org


@pytest.mark.parametrize("cell", ["%soql", "%soql --help", "%%soql --help", "%%soql --help\nSELECT"])
def test_the_help_is_shown(run, cell):
    done = run(cell)
    assert done.success
    assert "--parquet FOLDER" in done.shown


def test_a_cell_of_one_line_is_a_query_too(run, org):
    assert run("%%soql SELECT Id FROM X").success
    assert org.asked == [("SELECT Id FROM X", {"query_all": False})]


def test_the_other_magic_alone_tells_of_its_words(run):
    done = run("%sfbulk")
    assert [word in done.shown for word in COMMANDS] == [True] * 4


def test_the_other_magic_shows_frames(run, org, monkeypatch):
    monkeypatch.setattr("sfbulk_pandas.magic.orgs.cli_orgs", list)
    assert run("%sfbulk orgs").result["instance_url"].tolist() == [org.instance_url]
    assert run("%sfbulk jobs").result["id"].tolist() == ["750"]
    assert run("%sfbulk limits").result["name"].tolist() == ["DailyApiRequests"]


def test_loads_are_shown_without_an_org(run):
    assert run("%sfbulk loads").result.empty


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("jbos", "did you mean %sfbulk jobs?"),
        ("zzz", "say one of orgs, jobs, loads, limits"),
        ("jobs --orgg x", "--orgg is no option of %sfbulk"),
        ("jobs --org", "write --org NAME"),
        ("jobs --org a b", "--org takes one name"),
    ],
)
def test_wrong_words_get_the_right_ones(run, org, line, shown):
    done = run(f"%sfbulk {line}")
    assert isinstance(done.error_in_exec, UsageError)
    assert shown in done.shown


def test_an_error_is_short_and_the_cell_has_failed(run, org):
    org.error = JobFailed("the job failed", hint="look at it")
    done = run("%%soql\nSELECT Id FROM X")
    assert done.error_in_exec is org.error
    assert done.shown == "JobFailed: the job failed\n  -> look at it\n"


def test_tb_shows_the_whole_traceback_afterwards(run, org):
    org.error = JobFailed("the job failed")
    run("%%soql\nSELECT Id FROM X")
    shown = run("%tb").shown
    assert "Traceback (most recent call last)" in shown
    assert "run_query" in shown


def test_the_same_error_raised_without_a_magic_has_its_traceback(run, shell, org):
    org.error = shell.user_ns["error"] = JobFailed("the job failed")
    run("%%soql\nSELECT Id FROM X")
    assert "Traceback (most recent call last)" in run("raise error").shown


def test_errors_can_be_caught_by_their_class(run, shell, org):
    org.error = QueryRefused("no")
    code = (
        "import sfbulk_pandas\ntry:\n    %soql SELECT Id FROM X\nexcept sfbulk_pandas.QueryRefused as e:\n    kept = e"
    )
    assert run(code).success
    assert shell.user_ns["kept"] is org.error


def test_errors_of_the_users_own_code_keep_their_cause(run, org):
    done = run("%%soql\nSELECT Id FROM X WHERE A = {1 / 0}")
    assert done.shown.startswith("UsageError: {1 / 0} fails: ZeroDivisionError: division by zero (line 1, column 28)\n")
    assert "ZeroDivisionError" in run("%tb").shown


def test_other_errors_are_shown_as_ever(run, org):
    org.error = RuntimeError("a bug")
    assert "Traceback (most recent call last)" in run("%%soql\nSELECT Id FROM X").shown


def test_unloading_leaves_nothing_behind(run, shell):
    matchers, transforms = len(shell.Completer.custom_matchers), len(shell.input_transformers_cleanup)
    run("%reload_ext sfbulk_pandas")
    assert (len(shell.Completer.custom_matchers), len(shell.input_transformers_cleanup)) == (matchers, transforms)
    run("%unload_ext sfbulk_pandas\n%unload_ext sfbulk_pandas")
    assert (len(shell.Completer.custom_matchers), len(shell.input_transformers_cleanup)) == (
        matchers - 1,
        transforms - 1,
    )
    assert "not found" in run("%soql SELECT Id FROM X").shown
    assert "not found" in run("%sfbulk").shown
