"""Steps on columns of text and of days: the quick ways give what the plain ones do, in any slice."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import example, given
from hypothesis import strategies as st

from sfbulk_pandas.writing.moments import dates_text
from sfbulk_pandas.writing.texts import TEXT, is_unicode, lowered

LETTERS = "é漢😀".encode()
PIECES = st.builds(lambda start, size: LETTERS[start : start + size], st.integers(0, 9), st.integers(0, 3))
CELLS = st.lists(st.one_of(st.binary(max_size=3), st.text(max_size=2).map(str.encode), PIECES), max_size=6)
FEW = st.dates() | st.dates(dt.date(2024, 1, 1), dt.date(2026, 1, 1)) | st.sampled_from([dt.date.min, dt.date.max])


def decodes(cell):
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(CELLS, st.integers(0, 6))
@example([b"\xc3", b"\xa9"], 0)  # together they are a letter
@example([b"", b"a\xc3", b"", b"\xa9", b""], 0)
@example(["é".encode(), b"", b""], 0)
def test_texts_are_unicode_where_each_of_them_is(cells, start):
    places = np.cumsum([0, *map(len, cells)], dtype=np.int64)
    buffers = [None, pa.py_buffer(places), pa.py_buffer(b"".join(cells))]
    texts = pa.Array.from_buffers(TEXT, len(cells), buffers).slice(min(start, len(cells)))
    assert is_unicode(texts) is all(map(decodes, cells[start:]))


@given(st.lists(st.none() | st.text(max_size=5) | st.text("ABcz09 ", max_size=5), max_size=6), st.integers(0, 6))
def test_small_letters_are_those_of_unicode(values, start):
    sliced = pa.array(values, pa.string()).slice(min(start, len(values)))
    for texts in (sliced.cast(TEXT), pa.array(values, TEXT).slice(min(start, len(values)))):
        small = lowered(texts)
        small.validate(full=True)
        assert small.equals(pc.utf8_lower(texts))


@given(st.lists(st.none() | FEW, max_size=8), st.integers(0, 8))
def test_days_are_written_alone_as_beside_days_of_all_times(values, start):
    days = pa.array(values, pa.date32()).slice(min(start, len(values)))
    text = dates_text(days)
    text.validate(full=True)
    assert text.type == TEXT
    assert text.to_pylist() == [each and each.isoformat() for each in values[start:]]
