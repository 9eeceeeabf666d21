"""Whatever is in rows, labels, names and paths: in no repr does it become markup, a command, or a flood."""

import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.display.blocks import table
from sfbulk_pandas.progress.report import FindingsView

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from html_reading import read, words

TAGS = "</style></table><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;b&gt;`x`"
TURNED = "abc\u202egnp.exe\u2066\u200f"
CONTROLS = "\x1b[31mred\x1b]0;title\x07\x00\x9b\r\n\t"
LONG = "<i>" * 40_000
MOST_CHARACTERS = 40_000  # of any repr here; the stylesheet is 5,000 of them


@pytest.fixture
def hostile():
    """Rows that Salesforce refuses, with hostile values, labels and columns that are not sent."""
    values = [TAGS, TURNED, CONTROLS.replace("\x00", ""), LONG[:1_500], "a@example.com", None]
    frame = pd.DataFrame(
        {
            "LastName": ["<b>x</b>"] * len(values),
            "Email": values,
            "Birthdate": [TAGS, "x\u202e", "y", None, "1999-01-01", "z"],
            ("tuple", TAGS): [b"<b>\xff", float("nan"), pd.NaT, [TAGS], {"a": TAGS}, None],
            TAGS: range(len(values)),
        },
        index=pd.Index([TAGS, TURNED, CONTROLS, LONG, 5, None], dtype=object, name=TAGS),
    )
    frame.columns = pd.Index(list(frame.columns), tupleize_cols=False)
    return frame


SENT = {"columns": ["LastName", "Email", "Birthdate"], "progress": False}


def everything(org, hostile, folder):
    """Yield all that shows itself, each with a name."""
    result = org.insert(hostile, "Contact", **SENT)
    yield "result", result
    yield "errors", result.errors
    yield "report", result.report
    yield "findings", FindingsView(result.report)
    yield "retried", result.retry()
    yield "check", org.check(hostile, "Contact", "insert", columns=SENT["columns"])
    yield "many findings", org.check(pd.concat([hostile] * 9), "Contact", "insert", columns=SENT["columns"])
    yield "refused", refused(sfbulk.PreflightFailed, org.insert, hostile, "Contact")
    yield "budget", refused(sfbulk.OverBudget, org.insert, hostile, "Contact", budget=1e-9, repeat=True, **SENT)
    yield "org", org
    yield "job", org.job(result.jobs[0].id)
    yield "jobs", org.jobs()
    yield "loads", org.loads()
    yield "limits", org.limits()
    yield "left behind", org.clean_up()
    soql = "SELECT Id, LastName FROM Contact WHERE LastName != {value}"
    yield "explained", org.explain(soql, value=TAGS)
    yield "query refused", refused(sfbulk.QueryRefused, org.query, f"SELECT Id, Nmae{'x' * 900} FROM Contact")
    path = folder / "a <b>&\"'>\u202e"
    yield "parquet", org.query_parquet(soql, path, value=TAGS, progress=False)
    yield "copy", org.sync("Contact", folder / "<i>copy", columns=["LastName"], progress=False)


def refused(error, call, *given, **options):
    with pytest.raises(error) as caught:
        call(*given, **options)
    return caught.value.report


def test_nothing_hostile_is_markup_in_any_repr(org, hostile, tmp_path):
    pages, texts = {}, {}
    for name, value in everything(org, hostile, tmp_path):
        pages[name], texts[name] = value._repr_html_(), repr(value)
    readers = {name: read(page) for name, page in pages.items()}  # holds each to our own tags and attributes
    assert [name for name, reader in readers.items() if len(reader.styles) != 1] == []
    assert {name for name, page in pages.items() if len(page) > MOST_CHARACTERS} == set()
    said = {name for name, reader in readers.items() if "<script>alert(1)</script>" in "".join(reader.texts)}
    assert said >= {"result", "errors", "report", "check", "refused", "explained", "parquet"}
    shown = "".join([*pages.values(), *texts.values()])
    unseen = {*map(chr, [*range(10), *range(11, 32), 0x7F, 0x9B]), "\u202e", "\u2066", "\u200f"}
    assert {name for name in pages if unseen & set(pages[name] + texts[name])} == set()
    assert {name for name, text in texts.items() if len(text.splitlines()) > 75} == set()
    assert shown.encode()


def test_long_text_is_cut_with_the_whole_on_hover(org, hostile):
    page = org.insert(hostile, "Contact", **SENT).errors._repr_html_()
    titles = [value for _, name, value in read(page).attributes if name == "title"]
    assert [title for title in titles if LONG[:1_500] in title] != []
    assert max(map(len, read(page).texts)) <= 120


def test_a_table_of_the_hostile_frame_itself(hostile):
    page = table(hostile, marks=hostile.isna(), kinds={"Email": "status", TAGS: "share"})
    reader = read(page)
    assert "".join(reader.texts).count("<script>alert(1)</script>") >= 6
    assert "(120,000 characters)" in page
    assert len(page) < 3 * MOST_CHARACTERS


def test_a_look_at_an_org_does_not_sign_in(local, org):
    org.close()
    before = len(local.exchanges)
    assert words(org._repr_html_()).startswith("Org not signed in yet API 66.0")
    assert repr(org) == "<Org not signed in yet, API 66.0>"
    assert len(local.exchanges) == before
    org.signed_in_by = "the Salesforce CLI's default org"
    assert "signed in by the Salesforce CLI's default org" in words(org._repr_html_())


def test_what_is_shown_is_true(org, tmp_path):
    frame = pd.DataFrame({"LastName": ["a", "b", "c"], "Email": ["bad", None, None]})
    result = org.insert(frame, "Contact", progress=False)
    assert "✓ 2 successful ✗ 1 failed … 0 unprocessed" in words(result._repr_html_())
    assert f"load {result.load_id} job {result.jobs[0].id}" in words(result._repr_html_())
    job = org.job(result.jobs[0].id)
    assert job == result.jobs[0]
    assert "✓ JobComplete ✓ 2 successful ✗ 1 failed" in words(job._repr_html_())
    folder = org.query_parquet("SELECT Id FROM Contact", tmp_path / "rows", progress=False)
    assert words(folder._repr_html_()).startswith(f"Parquet 2 rows folder {tmp_path / 'rows'} files 1 columns 1: Id")
    copy = org.sync("Contact", tmp_path / "copy", columns=["LastName"], progress=False)
    assert "Copy 2 rows fetched everything added 2 updated 0 deleted 0" in words(copy._repr_html_())
    told = org.explain("SELECT Id FROM Contact")
    assert "SELECT Id FROM Contact plan rest why Contact has about 2 records" in words(told._repr_html_())


def test_lists_are_frames_in_everything_else(org):
    org.insert(pd.DataFrame({"LastName": ["a"]}), "Contact", progress=False)
    for shown in (org.jobs(), org.loads(), org.limits()):
        assert type(shown.query("index == 0")) is pd.DataFrame
        assert type(shown.reset_index()) is pd.DataFrame
    created = org.jobs()["created"][0]
    assert abs(datetime.now(UTC) - created).days == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "JobComplete" in org.jobs().to_string()
