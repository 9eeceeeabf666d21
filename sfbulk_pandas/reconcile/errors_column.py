"""Split a column of ``sf__Error`` texts; a million failed rows share a handful of texts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sfbulk_pandas.salesforce.row_error import summarise_row_errors

TEXT = pa.large_string()


def split_errors(errors: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return code, message and fields of each error; null where there was no error.

    Parameters
    ----------
    errors : pyarrow.Array or ChunkedArray
        n texts of ``sf__Error``.

    Returns
    -------
    tuple of three pyarrow.LargeStringArray
        Each of length n; several fields are separated by a comma and a blank.
    """
    if isinstance(errors, pa.ChunkedArray):
        errors = errors.combine_chunks()
    encoded = pc.dictionary_encode(pc.cast(errors, TEXT))
    parts = [summarise_row_errors(text or "") for text in encoded.dictionary.to_pylist()]
    code, message, fields = (pa.array([each[which] for each in parts], TEXT) for which in range(3))
    return pc.take(code, encoded.indices), pc.take(message, encoded.indices), pc.take(fields, encoded.indices)
