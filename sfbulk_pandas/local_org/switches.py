"""What no document settles: each question a switch, with the answer the local org gives by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Switches:
    """Choose how the local org behaves where Salesforce's documents are silent or disagree.

    Attributes
    ----------
    jwt_cap_seconds : int or None
        How far ahead a JWT's ``exp`` may lie; None for any distance.
    close_without_upload : bool
        Whether closing a job without a file ends it complete with no rows, rather than 400 INVALIDJOBSTATE.
    oversize_status : int
        HTTP status of an upload above 150 MB.
    early_results : bool
        Whether an ingest job's result files answer a header line before the job ends, rather than 400 INVALIDJOBSTATE.
    empty_query_header : bool
        Whether a query without rows answers its header line, rather than nothing.
    query_datetime_zone : str
        What a datetime in query results ends with.
    canonical_query_header : bool
        Whether query results spell columns as the describe does, rather than as the query did.
    duplicate_columns_fail : bool
        Whether a file with a column twice fails as a whole; otherwise the last one counts.
    java_numbers : bool
        Whether result files carry doubles as Java writes them (``9.12260031E8``), rather than as sent.
    last_pages_url_null : bool
        Whether the last answer of ``resultPages`` has ``nextRecordsUrl: null``, rather than no such key.
    gzip_uploads : bool
        Whether an upload may be gzip; otherwise 415.
    gzip_answers : bool
        Whether answers are gzip for a client whose ``Accept-Encoding`` names it.
    failed_row_ids : bool
        Whether ``sf__Id`` is filled on failed updates and deletes, as documented since version 53.
    shuffle_results : bool
        Whether the rows of result files come in another order than uploaded, which Salesforce allows itself.
    alphabetical_results : bool
        Whether the columns of successful and failed results stand in alphabetical order, as seen once with version 49,
        rather than as uploaded.
    duplicate_in_chunk_fails : bool
        Whether a key that comes twice within a chunk of 200 rows fails the later row, rather than updating the
        record again. In another chunk it updates, as chunks are calls of their own.
    hard_delete_allowed : bool
        Whether the user has the permission "Bulk API Hard Delete"; otherwise 400 FEATURENOTENABLED.
    """

    jwt_cap_seconds: int | None = None
    close_without_upload: bool = True
    oversize_status: int = 413
    early_results: bool = True
    empty_query_header: bool = True
    query_datetime_zone: Literal["Z", "+0000"] = "Z"
    canonical_query_header: bool = True
    duplicate_columns_fail: bool = True
    java_numbers: bool = True
    last_pages_url_null: bool = True
    gzip_uploads: bool = False
    gzip_answers: bool = False
    failed_row_ids: bool = True
    shuffle_results: bool = True
    alphabetical_results: bool = False
    duplicate_in_chunk_fails: bool = True
    hard_delete_allowed: bool = True
