"""Which load sent the rows of which again."""

from sfbulk_pandas.journal.lineage import lineage


def test_a_retry_of_a_retry_leads_to_the_first_load():
    assert list(lineage("c", {"a": None, "b": "a", "c": "b", "x": "a"})) == ["c", "b", "a"]


def test_a_load_that_was_forgotten_still_has_its_place():
    assert list(lineage("b", {"b": "a"})) == ["b", "a"]


def test_loads_that_name_each_other_are_each_told_once():
    assert list(lineage("a", {"a": "b", "b": "a"})) == ["a", "b"]
