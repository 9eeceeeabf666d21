"""Ranges of Ids cover everything and are disjoint."""

from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from sfbulk_pandas.ranges import Segment, cut_ranges, id_at, id_number, last_of_segment
from sfbulk_pandas.salesforce.ids import ALPHABET, to_18

PREFIXES = st.text(st.sampled_from("0aZz"), min_size=3, max_size=3).map(lambda pod: f"001{pod}")
TAILS = st.one_of(
    st.text(st.sampled_from(ALPHABET), min_size=9, max_size=9),
    st.integers(0, 3_000).map(lambda number: id_at(number)[-9:]),
)
IDS = st.one_of(st.builds(str.__add__, PREFIXES, TAILS), st.text(st.sampled_from(ALPHABET), min_size=15, max_size=15))
ROWS = st.one_of(st.integers(0, 500), st.integers(0, 10**9))


@st.composite
def segments(draw):
    held = []
    for prefix in draw(st.lists(PREFIXES, unique=True, max_size=5)):
        first, last = sorted([draw(TAILS), draw(TAILS)])
        held.append(Segment(prefix + first, to_18(prefix + last), draw(ROWS)))
    return held


@st.composite
def cuttings(draw):
    held = draw(segments())
    total = sum(each.rows for each in held)
    return held, draw(st.integers(max(1, total // 20), max(1, total // 20) * 30))


@given(cuttings(), IDS)
def test_any_id_falls_into_exactly_one_range(cutting, text):
    held, target_rows = cutting
    ranges = cut_ranges(held, target_rows)
    edges = [edge for each in ranges for edge in (each.start, each.stop) if edge]
    near = [id_at(max(0, id_number(edge) - 1)) for edge in edges]
    for each in [text, *edges, *near, *(end for seg in held for end in (seg.first, seg.last))]:
        assert sum(held_by.holds(each) for held_by in ranges) == 1
        assert sum(held_by.holds(to_18(each)) for held_by in ranges) == 1


@given(cuttings())
def test_ranges_follow_one_another_without_a_gap(cutting):
    held, target_rows = cutting
    ranges = cut_ranges(held, target_rows)
    assert (ranges[0].start, ranges[-1].stop) == (None, None)
    for before, after in pairwise(ranges):
        assert before.stop == after.start
    starts = [each.start for each in ranges[1:]]
    assert starts == sorted(set(starts))


@given(cuttings())
def test_there_are_about_as_many_ranges_as_the_rows_need(cutting):
    held, target_rows = cutting
    total = sum(each.rows for each in held)
    assert len(cut_ranges(held, target_rows)) <= total / target_rows + max(len(held), 1)


@given(st.integers(2, 40), st.integers(1, 1_000))
def test_dense_ids_are_cut_into_ranges_of_the_size_asked_for(pieces, target_rows):
    first = id_number("001A00000000000")
    rows = pieces * target_rows
    ranges = cut_ranges([Segment(id_at(first), id_at(first + rows - 1), rows)], target_rows)
    assert len(ranges) == pieces
    bounds = [id_number(each.start or id_at(first)) for each in ranges] + [first + rows]
    assert {after - before for before, after in pairwise(bounds)} == {target_rows}


@given(IDS, IDS)
def test_ids_sort_as_their_numbers(one, other):
    assert id_at(id_number(one)) == one
    assert (one < other) == (id_number(one) < id_number(other))
    assert (other > last_of_segment(one)) == (other[:6] > one[:6])
