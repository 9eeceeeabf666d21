"""The rows that a caller gives, as a frame of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.writing.held import PLAIN

if TYPE_CHECKING:
    import pyarrow as pa

    from sfbulk_pandas.spool import Spool


def frame_of(data: Any, spool: Spool) -> pd.DataFrame:
    """Return the rows to send as a frame of our own: a snapshot, or one that lies on disk.

    Views of texts and bytes become plain texts and bytes: pandas can take no rows of views.
    """
    return _snapshot(data) if isinstance(data, pd.DataFrame) else spool.frame_of(data)


def _snapshot(frame: pd.DataFrame) -> pd.DataFrame:
    # So that later changes of the caller do not reach the result. With Copy-on-Write this copies nothing.
    lazy = int(pd.__version__.split(".")[0]) >= 3 or pd.get_option("mode.copy_on_write") is True  # noqa: PLR2004
    snapshot = frame.copy(deep=not lazy)
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.ArrowDtype) and dtype.pyarrow_dtype in PLAIN:
            views: pa.ChunkedArray = frame.iloc[:, place].array.__arrow_array__()  # a copy of it may end Arrow 20
            plain = pd.arrays.ArrowExtensionArray(views.cast(PLAIN[dtype.pyarrow_dtype]))
            snapshot.isetitem(place, plain)
    return snapshot
