"""Uploaded files: whatever a CSV writer writes is taken as it is, and can be cut at any row."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfbulk_pandas.local_org import csv_check
from sfbulk_pandas.local_org.csv_check import CsvForm, check_structure, offset_of_row
from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.ingest_run import read_slices
from sfbulk_pandas.salesforce.job import ColumnDelimiter, LineEnding

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=6)
NASTY = st.text('",;\n ax', max_size=5)
ROWS = st.lists(st.tuples(st.one_of(TEXT, NASTY), NASTY), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("csv") / "upload.csv"


def written(rows, form, *, quoting=csv.QUOTE_MINIMAL):
    end = "\r\n" if form.line_ending is LineEnding.CRLF else "\n"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter.char, lineterminator=end, quoting=quoting)
    writer.writerows([("A", "B"), *([cell.replace("\n", end) for cell in row] for row in rows)])
    return text.getvalue().encode()


@given(
    rows=ROWS,
    form=st.builds(CsvForm, st.sampled_from(ColumnDelimiter), st.sampled_from(LineEnding)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    step=st.sampled_from([200, 10_000]),
)
def test_what_a_writer_writes_is_read_and_cut_anywhere(path, rows, form, quoting, step):
    path.write_bytes(written(rows, form, quoting=quoting))
    file = check_structure(path, form)
    assert file.names == ("A", "B")
    slices = [list(zip(*(column.to_pylist() for column in each), strict=True)) for each in read_slices(file, step)]
    end = "\r\n" if form.line_ending is LineEnding.CRLF else "\n"
    assert [row for each in slices for row in each] == [tuple(cell.replace("\n", end) for cell in row) for row in rows]
    data = path.read_bytes()
    head = written([], form, quoting=quoting)
    for place in range(len(rows) + 1):
        rest = head + data[offset_of_row(file.path, place) :]
        assert rest == written(rows[place:], form, quoting=quoting)


@given(st.text('",\nax', max_size=12))
def test_quotes_are_judged_as_a_strict_reader_does(path, text):
    path.write_bytes(b"A\n" + text.encode())
    try:
        list(csv.reader(io.StringIO("A\n" + text, newline=""), strict=True))
        sound = not bare_quote(text)
    except csv.Error:
        sound = False
    try:
        check_structure(path, CsvForm())
    except JobFailure:
        assert not sound
    else:
        assert sound


def bare_quote(text):
    """Tell whether a quote stands inside a value that does not begin with one, which Python's reader lets pass."""
    inside, start = False, True
    for char in text:
        if inside:
            inside = char != '"'
            start = False
            closed = not inside
        elif char == '"':
            if not start and not closed:
                return True
            inside, closed = True, False
        else:
            start, closed = char in ",\n", False
    return False


def test_windows_meet_without_a_seam(path, monkeypatch):
    rows = [('x"y\nz', "plain"), ("", '""'), ("a,b", "c")] * 50
    path.write_bytes(written(rows, CsvForm()))
    whole = [offset_of_row(check_structure(path, CsvForm()).path, place) for place in range(len(rows))]
    for window in (1, 2, 3, 7):
        monkeypatch.setattr(csv_check, "_WINDOW", window)
        file = check_structure(path, CsvForm())
        assert [offset_of_row(file.path, place) for place in range(len(rows))] == whole


def test_a_long_header_is_refused(path):
    path.write_bytes(b"A" * 32_001 + b"\nx\n")
    with pytest.raises(JobFailure, match="longer than 32000"):
        check_structure(path, CsvForm())
