"""Answers of an org: asked for once, beside the work, and not waited for long."""

import threading
import time

import pytest

from sfbulk_pandas.auth.sf_orgs import CliOrg
from sfbulk_pandas.errors import CliLoginMissing, ConnectionFailed
from sfbulk_pandas.magic import answers as module
from sfbulk_pandas.magic.answers import Answers, Describer

SOON = 10.0


def test_an_answer_is_asked_for_once():
    asked = []
    answers = Answers(now=lambda: 0.0)
    ask = lambda: asked.append(1) or "answer"  # noqa: E731
    assert [answers.get(key, ask, SOON) for key in ("key", "key", "other")] == ["answer"] * 3
    assert len(asked) == 2


def test_a_slow_answer_is_not_waited_for_and_is_there_later():
    asked, goes_on = [], threading.Event()

    def ask():
        asked.append(1)
        assert goes_on.wait(10)
        return "answer"

    answers = Answers(now=lambda: 0.0)
    assert answers.get("key", ask, 0.01) is None
    assert answers.get("key", ask, -1.0) is None
    goes_on.set()
    assert answers.get("key", ask, SOON) == "answer"
    assert len(asked) == 1


def test_a_failure_is_nothing_and_asked_for_again_after_a_while():
    now, asked = [0.0], []

    def ask():
        asked.append(1)
        raise ConnectionFailed("no connection")

    answers = Answers(now=lambda: now[0])
    assert answers.get("key", ask, SOON) is None
    assert answers.get("key", ask, SOON) is None
    assert len(asked) == 1
    now[0] = 61.0
    assert answers.get("key", lambda: "answer", 61.0 + SOON) == "answer"


def test_an_error_of_our_own_making_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        Answers(now=lambda: 0.0).get("key", lambda: 1 / 0, SOON)


@pytest.fixture
def describer(monkeypatch):
    monkeypatch.setattr(module, "sobject_names", lambda org: ("Account", "Contact", "Name", "Ghost"))
    return Describer(wait_seconds=10)


def test_a_describe_costs_one_call_in_any_case(describer, org):
    names = [describer.look(org).describe(name).name for name in ("contact", "Contact", "CONTACT")]
    assert names == ["Contact"] * 3
    assert org.asked == [("describe", "Contact")]


@pytest.mark.parametrize("name", ["Contct", "", "Ghost"])
def test_an_object_that_is_not_there_has_no_describe(describer, org, name):
    assert describer.look(org).describe(name) is None
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
    describe = describer.look(org).behind("Contact", path)
    assert (describe and describe.name) == name


def test_each_org_has_answers_of_its_own(describer, org):
    other = type(org)()
    assert [describer.look(each).describe("Account").name for each in (org, other)] == ["Account", "Account"]
    assert org.asked == other.asked == [("describe", "Account")]


def test_a_look_waits_no_longer_than_its_time_for_all_of_it(monkeypatch, org):
    goes_on = threading.Event()
    monkeypatch.setattr(module, "sobject_names", lambda org: goes_on.wait(10) and ("Account",))
    describer = Describer(wait_seconds=0.05)
    began = time.monotonic()
    assert describer.look(org).behind("Contact", ("Account", "Parent")) is None
    assert time.monotonic() - began < 5
    goes_on.set()


def test_the_aliases_of_the_cli_are_asked_for_once(monkeypatch, describer):
    asked = []
    found = [CliOrg("uat", "u", "", is_default=True), CliOrg("", "me@acme.com", "", is_default=False)]
    monkeypatch.setattr(module, "cli_orgs", lambda: asked.append(1) or found)
    assert describer.aliases() == describer.aliases() == ["uat", "me@acme.com"]
    assert asked == [1]


def test_a_cli_that_fails_has_no_aliases(monkeypatch, describer):
    def fails():
        raise CliLoginMissing("broken")

    monkeypatch.setattr(module, "cli_orgs", fails)
    assert describer.aliases() == []
