"""Answers of an org: asked for once, beside the work, and not waited for long."""

import threading

import pytest

from sfbulk_pandas.errors import ConnectionFailed
from sfbulk_pandas.magic import answers as module
from sfbulk_pandas.magic.answers import Answers, Describer


def test_an_answer_is_asked_for_once():
    asked = []
    answers = Answers()
    ask = lambda: asked.append(1) or "answer"  # noqa: E731
    assert [answers.get("key", ask), answers.get("key", ask), answers.get("other", ask)] == ["answer"] * 3
    assert len(asked) == 2


def test_a_slow_answer_is_not_waited_for_and_is_there_later():
    asked, goes_on = [], threading.Event()

    def ask():
        asked.append(1)
        assert goes_on.wait(10)
        return "answer"

    answers = Answers(wait_seconds=0.01)
    assert answers.get("key", ask) is None
    assert answers.get("key", ask) is None
    goes_on.set()
    answers._wait_seconds = 10
    assert answers.get("key", ask) == "answer"
    assert len(asked) == 1


def test_a_failure_is_nothing_and_asked_for_again_after_a_while():
    now, asked = [0.0], []

    def ask():
        asked.append(1)
        raise ConnectionFailed("no connection")

    answers = Answers(now=lambda: now[0])
    assert answers.get("key", ask) is None
    assert answers.get("key", ask) is None
    assert len(asked) == 1
    now[0] = 61.0
    assert answers.get("key", lambda: "answer") == "answer"


def test_an_error_of_our_own_making_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        Answers().get("key", lambda: 1 / 0)


@pytest.fixture
def describer(monkeypatch):
    monkeypatch.setattr(module, "sobject_names", lambda org: ("Account", "Contact", "Name", "Ghost"))
    return Describer()


def test_a_describe_costs_one_call_in_any_case(describer, org):
    assert [describer.describe(org, name).name for name in ("contact", "Contact", "CONTACT")] == ["Contact"] * 3
    assert org.asked == [("describe", "Contact")]


@pytest.mark.parametrize("name", ["Contct", "", "Ghost"])
def test_an_object_that_is_not_there_has_no_describe(describer, org, name):
    assert describer.describe(org, name) is None
    assert org.asked == ([("describe", "Ghost")] if name == "Ghost" else [])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ((), "Contact"),
        (("account",), "Account"),
        (("Account", "Parent"), "Account"),
        (("Owner",), "Name"),
        (("X",), None),
    ],
)
def test_relationships_are_followed(describer, org, path, name):
    describe = describer.behind(org, "Contact", path)
    assert (describe and describe.name) == name


def test_each_org_has_answers_of_its_own(describer, org):
    other = type(org)()
    assert describer.describe(org, "Account").name == describer.describe(other, "Account").name == "Account"
    assert org.asked == other.asked == [("describe", "Account")]
