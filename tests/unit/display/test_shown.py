"""A ShownFrame is a frame in everything but how it is shown."""

import copy
import pickle
import sys
from pathlib import Path

import pandas as pd
import pytest

from sfbulk_pandas.display.shown import ShownFrame

sys.path.insert(0, str(Path(__file__).parents[2]))  # test modules are imported each by its file

from html_reading import words

PLAIN = pd.DataFrame({"state": ["Failed", "Open"], "share": [0.5, 0.25], "n": pd.array([1, None], dtype="Int64")})


@pytest.fixture
def shown():
    return ShownFrame(PLAIN, "Jobs of <acme>", note="go on with `x`", kinds={"state": "status", "share": "share"})


def test_it_is_shown_with_title_table_and_note(shown):
    assert (
        words(shown._repr_html_()) == "Jobs of <acme> 2 rows state share n ✗ Failed 50.0% 1 … Open 25.0% — go on with x"
    )
    lines = repr(shown).splitlines()
    assert lines[0] == "Jobs of <acme>, 2 rows"
    assert lines[2] == "✗ Failed  █████·····  50.0%  1"
    assert lines[-1] == "go on with x"


def test_it_equals_the_plain_frame(shown):
    assert shown.equals(PLAIN)
    assert PLAIN.equals(shown)
    pd.testing.assert_frame_equal(shown, PLAIN)
    assert shown.dtypes.tolist() == PLAIN.dtypes.tolist()


@pytest.mark.parametrize(
    "operation",
    [
        lambda frame: frame.copy(),
        lambda frame: frame[frame["share"] > 0],
        lambda frame: frame.head(1),
        lambda frame: frame[["n"]],
        lambda frame: frame.assign(x=1),
        lambda frame: frame.merge(frame),
        lambda frame: frame.astype({"n": "string"}),
        lambda frame: frame.sort_values("share"),
        lambda frame: frame.T,
        lambda frame: pd.concat([frame, frame]),
        lambda frame: frame.iloc[:1],
        lambda frame: frame.groupby("state").sum(),
    ],
)
def test_what_is_made_of_it_is_a_plain_frame(shown, operation):
    made = operation(shown)
    assert type(made) is pd.DataFrame
    pd.testing.assert_frame_equal(made, operation(PLAIN))
    assert type(shown["n"]) is pd.Series


def test_it_can_be_pickled_and_keeps_how_it_is_shown(shown):
    back = pickle.loads(pickle.dumps(shown))
    assert isinstance(back, ShownFrame)
    assert repr(back) == repr(shown)
    assert back._repr_html_() == shown._repr_html_()
    pd.testing.assert_frame_equal(back, PLAIN)


def test_copies_do_not_change_it(shown):
    for made in (copy.copy(shown), copy.deepcopy(shown), shown.copy()):
        made.loc[0, "state"] = "x"
        assert shown["state"].tolist() == ["Failed", "Open"]


def test_it_can_be_written_to_as_any_frame(shown):
    shown["new"] = 1
    shown.loc[0, "state"] = "JobComplete"
    assert "✓ JobComplete" in repr(shown)
    assert "new" in repr(shown)
    del shown["state"]
    assert "JobComplete" not in repr(shown)


def test_its_kinds_are_no_attribute_that_warns_or_travels(shown):
    assert shown.attrs == {}
    assert not hasattr(shown.copy(), "shown_title")


def test_whoever_turned_html_off_gets_none(shown):
    with pd.option_context("display.notebook_repr_html", *[False]):
        assert shown._repr_html_() is None
