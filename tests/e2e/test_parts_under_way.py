"""Parts of a load go up side by side, each encoded once, while the one before it travels."""

import threading
from collections import Counter
from contextlib import contextmanager

import pandas as pd
import pytest

from sfbulk_pandas.codec import encode
from sfbulk_pandas.jobs.cargo import Cargo
from sfbulk_pandas.jobs.ingest import Ingest

LONG_SECONDS = 60  # more than anything takes that happens at all
A_WHILE_SECONDS = 0.1  # is given to what must not happen


def contacts(rows):
    return pd.DataFrame({"LastName": [f"Name {n}" for n in range(rows)]})


class Uploads:
    """Let uploads go on in groups that are under way at the same time, and count them."""

    def __init__(self, together):
        self.most = self._now = 0
        self._together = together
        self._lock = threading.Lock()
        self._meeting = threading.Barrier(together)
        self._one_too_many = threading.Event()

    @contextmanager
    def one(self):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now > self._together:
                self._one_too_many.set()
        self._meeting.wait(LONG_SECONDS)
        self._one_too_many.wait(A_WHILE_SECONDS)
        yield
        self._meeting.wait(LONG_SECONDS)
        with self._lock:
            self._now -= 1


@pytest.mark.parametrize(
    ("together", "options"), [(2, {}), (1, {"parallel_parts": 1}), (3, {"parallel_parts": 3})], ids=["default", 1, 3]
)
def test_as_many_parts_as_asked_for_go_up_at_the_same_time(org, monkeypatch, together, options):
    uploads, upload = Uploads(together), Ingest.upload

    def counted(self, job, body):
        with uploads.one():
            upload(self, job, body)

    monkeypatch.setattr(Ingest, "upload", counted)
    result = org.insert(contacts(6 * together), "Contact", part_rows=2, **options)
    assert (len(result.jobs), result.counts["successful"]) == (3 * together, 6 * together)
    assert uploads.most == together


def test_each_part_is_encoded_while_the_one_before_it_travels(org, monkeypatch):
    last, parts, upload = 5, Cargo.parts, Ingest.upload
    leaving, encoded = ({number: threading.Event() for number in range(1, last + 1)} for _ in range(2))

    def encode_when_the_one_before_has_left(self, *args):
        rest = parts(self, *args)
        for number in leaving:
            assert number == 1 or leaving[number - 1].wait(LONG_SECONDS)
            part = next(rest)
            encoded[number].set()
            yield part
        assert next(rest, None) is None

    def upload_until_the_next_is_encoded(self, job, body):
        number = 1 + sum(each.is_set() for each in leaving.values())
        leaving[number].set()
        assert number == last or encoded[number + 1].wait(LONG_SECONDS)
        upload(self, job, body)

    monkeypatch.setattr(Cargo, "parts", encode_when_the_one_before_has_left)
    monkeypatch.setattr(Ingest, "upload", upload_until_the_next_is_encoded)
    result = org.insert(contacts(2 * last), "Contact", part_rows=2)
    assert (len(result.jobs), result.counts["successful"]) == (last, 2 * last)


@pytest.mark.parametrize("limits", [{"part_rows": 700}, {"part_bytes": 9_000}], ids=["rows", "bytes"])
def test_a_plain_insert_encodes_each_row_once(org, monkeypatch, limits):
    org.insert(contacts(2_500), "Contact")
    frame, given, encode_rows = contacts(3_000), Counter(), encode.encode_rows

    def counted(table):
        given.update(table.column("LastName").to_pylist())
        return encode_rows(table)

    monkeypatch.setattr(encode, "encode_rows", counted)
    result = org.insert(frame, "Contact", **limits)
    assert len(result.jobs) > 3
    assert result.counts["successful"] == len(frame)
    assert given == Counter(frame["LastName"])
