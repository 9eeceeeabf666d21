"""What stands behind the magics."""

import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.magic.options import HELP, PLANS, TAKES, SoqlCall, read_call


@pytest.mark.parametrize(
    ("line", "cell", "call"),
    [
        ("", "SELECT Id\nFROM X\n", SoqlCall("SELECT Id\nFROM X")),
        ("  --to df ", "SELECT 1", SoqlCall("SELECT 1", to="df")),
        ("--to=df --all", "SELECT 1", SoqlCall("SELECT 1", to="df", query_all=True)),
        ("SELECT Id --to df", None, SoqlCall("SELECT Id --to df")),
        ("--plan rest SELECT Id FROM X", None, SoqlCall("SELECT Id FROM X", plan="rest")),
        ("--plan SELECT Id FROM X", None, SoqlCall("SELECT Id FROM X", explains=True)),
        ("--plan=rest select Id", None, SoqlCall("select Id", plan="rest")),
        ("--plan --all", "SELECT 1", SoqlCall("SELECT 1", explains=True, query_all=True)),
        ("--arrow SELECT Id", "FROM X", SoqlCall("SELECT Id\nFROM X", arrow=True)),
        ("--parquet 'my folder' --overwrite", "SELECT 1", SoqlCall("SELECT 1", parquet="my folder", overwrite=True)),
        (
            "--parquet {folder / 'x y'} --all",
            "SELECT 1",
            SoqlCall("SELECT 1", parquet="{folder / 'x y'}", query_all=True),
        ),
        ("--org uat // which\nSELECT 1", None, SoqlCall("// which\nSELECT 1", org="uat")),
        ("--help", None, SoqlCall("", helps=True)),
    ],
)
def test_options_stand_before_the_query(line, cell, call):
    assert read_call(line, cell) == call


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("--parkuet x", "--parkuet is no option", "did you mean --parquet?"),
        ("-all", "-all is no option", "did you mean --all?"),
        ("--xyz", "--xyz is no option", "--to, --arrow"),
        ("--to", "--to lacks its value", "write --to NAME"),
        ("--to --all", "--to lacks its value", "write --to NAME"),
        ("--to 1x", "'1x' cannot be the name of a variable", ""),
        ("--to class", "'class' cannot be the name of a variable", ""),
        ("--all=yes", "--all takes no value", "write --all alone"),
        ("--all --all", "--all stands there twice", ""),
        ("--plan id_rangs", "'id_rangs' is no plan", "did you mean id_ranges?"),
        ("--plan zzz", "'zzz' is no plan", "auto, result_pages"),
        ("df", "'df' is no option, and no beginning of a query", "--help"),
        ("--arrow --parquet x", "do not go together", "leave one"),
        ("--overwrite", "--overwrite is for --parquet", "leave it out"),
        ("--plan --to x", "fetches nothing", "name a plan"),
        ("--parquet {x", "has no end", ""),
    ],
)
def test_wrong_words_are_refused_with_what_to_write(line, message, hint):
    with pytest.raises(UsageError) as caught:
        read_call(line, "SELECT Id FROM X")
    assert message in str(caught.value.args[0])
    assert hint in caught.value.hint


@pytest.mark.parametrize(("line", "cell"), [("--all", None), ("", "\n  \n")])
def test_a_magic_without_a_query_is_refused(line, cell):
    with pytest.raises(UsageError, match="there is no query"):
        read_call(line, cell)


@pytest.mark.parametrize("word", [*TAKES, *PLANS])
def test_the_help_tells_of_each_option_and_plan(word):
    assert word in HELP
