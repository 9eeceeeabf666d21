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
        HTTP status of an upload above 150 MB in base64.
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
    shuffle_query_rows : bool
        Whether the rows of a query without ORDER BY come in another order than they were written.
    query_page_rows : int
        Rows of a page of query results where the caller does not say how many; the guide leaves it to the server.
    vary_page_rows : bool
        Whether pages of query results, and of REST queries, are smaller than asked for, each by another measure.
    last_locator : str or None
        ``Sforce-Locator`` of the last page: ``"null"`` as documented, ``""`` or None (no such header) as mocks send it.
    later_pages : str
        Columns of every page but the first: the ``"same"``, ``"alphabetical"``, or ``"as written"`` in the query.
    result_pages_key : str
        What ``resultPages`` calls the address of its next answer; the guide's table and its example differ.
    query_batch_counts : bool
        Whether a Bulk API 1.0 batch of a query counts its records; otherwise 0, as recorded once.
    query_sentence : bool
        Whether a Bulk API 1.0 query without rows answers a sentence, as reported, rather than its header line.
    result_file_rows : int or None
        Rows of one of the result files of a Bulk API 1.0 query batch, which Salesforce cuts at 1 GB; None for one file.
    chunks_per_step : int or None
        How many chunk batches appear at each step of the batch that is cut; None for all at once.
    any_token : bool
        Whether every access token that begins with the org's own 15-character Id and ``!`` is good until
        ``expire_tokens()``, rather than those alone that the org has given: for a test that knows no other.
    pods : tuple of str
        Characters 4 to 6 of records' Ids; several, where an org was moved, share the records in blocks of 200.
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
    shuffle_query_rows: bool = False
    query_page_rows: int = 100_000
    vary_page_rows: bool = False
    last_locator: str | None = "null"
    later_pages: Literal["same", "alphabetical", "as written"] = "same"
    result_pages_key: Literal["nextRecordsUrl", "nextRecordUrl"] = "nextRecordsUrl"
    query_batch_counts: bool = True
    query_sentence: bool = True
    result_file_rows: int | None = None
    chunks_per_step: int | None = None
    any_token: bool = False
    pods: tuple[str, ...] = ("5g0",)
