"""Which rows of a load are sent again by themselves."""

import numpy as np
import pyarrow as pa
import pytest

from sfbulk_pandas.jobs import run

LOCKED, BUSY, LONG = "UNABLE_TO_LOCK_ROW:locked:--", "SERVER_UNAVAILABLE:busy:--", "STRING_TOO_LONG:too long:Name --"
PASSES = {
    LOCKED: True,
    LOCKED + BUSY: True,
    LONG: False,
    LOCKED + LONG: False,
    LONG + LOCKED: False,
    "": False,
    "no code": False,
    None: False,
}


@pytest.mark.parametrize("looked_at_rows", [1, 3, 100])
@pytest.mark.parametrize("rows", [range(16), range(0, 16, 3), []])
def test_a_row_passes_where_all_its_errors_do(monkeypatch, looked_at_rows, rows):
    monkeypatch.setattr(run, "_LOOKED_AT_ROWS", looked_at_rows)
    texts = [*PASSES] * 2
    errors = pa.chunked_array([texts[:5], texts[5:]], pa.large_string())
    passes = run._passes(errors, np.array(rows, np.int64))
    assert passes.tolist() == [PASSES[texts[row]] for row in rows]
