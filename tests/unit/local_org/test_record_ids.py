import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.local_org.record_ids import normal_ids, number_ids
from sfbulk_pandas.salesforce.ids import from_number, is_id, to_18

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(st.integers(0, 10**12), st.integers(1, 70))
def test_numbers_become_the_ids_of_the_plain_rule(first, count):
    made = number_ids("001", first, count).to_pylist()
    assert made == [from_number("001", number) for number in range(first, first + count)]


@given(st.lists(st.one_of(st.none(), st.text(CHARACTERS, min_size=14, max_size=18), st.text(max_size=3))))
def test_normal_ids_agree_with_the_plain_rule(texts):
    expected = [to_18(text) if text is not None and is_id(text) else None for text in texts]
    assert normal_ids(pa.array(texts, pa.string())).to_pylist() == expected


def test_slices_begin_at_their_own_first_row():
    ids = number_ids("003", 5, 10)
    assert normal_ids(ids.slice(3, 4)).to_pylist() == ids.to_pylist()[3:7]
