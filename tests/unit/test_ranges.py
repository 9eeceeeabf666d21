"""Ids are numbers of base 62, and ranges of them leave none out."""

import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.ranges import IdRange, Segment, cut_ranges, id_at, id_number, last_of_segment
from sfbulk_pandas.salesforce.soql import add_condition, parse


@pytest.mark.parametrize(
    ("added", "text"),
    [
        (0, "001300000000000"),
        (250_000, "00130000000132G"),
        (500_000, "00130000000264W"),
        (750_000, "00130000000396m"),
        (9_750_000, "00130000000euQ4"),
        (10_000_000, "00130000000fxSK"),
    ],
)
def test_ids_count_as_in_the_guide(added, text):
    start = id_number("001300000000000")
    assert id_at(start + added) == text
    assert id_number(text) == start + added


def test_an_id_of_18_characters_is_the_same_number():
    assert id_number("70130000001tcyIAAQ") == id_number("70130000001tcyI")


def test_ranges_are_cut_evenly_by_rows():
    ranges = cut_ranges([Segment("001300000000000", "00130000000fxSJ", 10_000_000)], 250_000)
    assert len(ranges) == 40
    assert ranges[0] == IdRange(None, "00130000000132G")
    assert ranges[1] == IdRange("00130000000132G", "00130000000264W")
    assert ranges[-1] == IdRange("00130000000euQ4", None)


def test_gaps_between_instances_make_no_ranges():
    segments = [
        Segment("001j00000000001", "001j00000000zzz", 100_000),
        Segment("0010a0000000001AAA", "0010a00000zzzzzAAA"[:15], 300_000),
    ]
    ranges = cut_ranges(segments, 100_000)
    assert len(ranges) == 4
    assert ranges[-1] == IdRange("001j00000000001", None)


def test_small_segments_share_a_range():
    segments = [Segment(f"001{letter}00000000001", f"001{letter}00000000009", 40) for letter in "ABCDE"]
    assert [each.start for each in cut_ranges(segments, 100)] == [None, "001C00000000001", "001E00000000001"]


def test_a_piece_left_over_takes_the_next_small_segment_in():
    segments = [Segment("001A00000000000", "001A00000000999", 150), Segment("001B00000000001", "001B00000000009", 20)]
    assert len(cut_ranges(segments, 100)) == 2


def test_no_records_are_one_range_without_a_condition():
    assert cut_ranges([], 100) == (IdRange(None, None),)
    assert cut_ranges([Segment("001A00000000001", "001A00000000009", 0)], 100) == (IdRange(None, None),)
    assert IdRange(None, None).condition is None


def test_there_are_no_more_ranges_than_ids():
    assert len(cut_ranges([Segment("001A00000000001", "001A00000000003", 1_000)], 1)) == 3


def test_conditions_join_a_query():
    query = parse("SELECT Id FROM Account WHERE A = 1 OR B = 2")
    first, last = cut_ranges([Segment("001300000000000", "00130000000264V", 100)], 50)
    assert add_condition(query, first.condition).soql.endswith("WHERE (A = 1 OR B = 2) AND (Id < '00130000000132G')")
    assert add_condition(query, last.condition).filters_id
    assert (
        IdRange("001A00000000001", "001A00000000002").condition == "Id >= '001A00000000001' AND Id < '001A00000000002'"
    )


def test_the_next_segment_begins_behind_the_last_of_this_one():
    assert last_of_segment("001j00000000001AAA") == "001j00zzzzzzzzz"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("001A00000000002", "001A00000000001"),
        ("001A00000000001", "001B00000000001"),
        ("001A0000000000", "001A00000000001"),
        ("001A00000000001", "x' OR Name != '"),
    ],
)
def test_what_is_no_segment_is_refused(first, last):
    with pytest.raises(UsageError):
        Segment(first, last, 1)


def test_segments_that_overlap_are_refused():
    with pytest.raises(UsageError, match="overlap"):
        cut_ranges(
            [Segment("001A00000000001", "001A00000000009", 1), Segment("001A00000000009", "001A0000000000a", 1)], 1
        )


def test_a_range_holds_at_least_a_row():
    with pytest.raises(UsageError, match="at least 1 row"):
        cut_ranges([], 0)
