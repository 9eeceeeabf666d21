"""Every documented number that the package uses, with its source."""

from __future__ import annotations

DEFAULT_API_VERSION = "66.0"  # Spring '26
OLDEST_API_VERSION = 31  # REST API guide, "API End-of-Life Policy": 21 to 30 are retired

# App Limits cheat sheet, "Bulk API 2.0": 150 MB after base64, which makes four bytes of three; as if it added half,
# Salesforce advises 100 MB of CSV.
MAX_UPLOAD_BYTES = 150_000_000
MAX_CSV_BYTES = MAX_UPLOAD_BYTES // 4 * 3
PART_BYTES = 100_000_000
MAX_MULTIPART_CHARS = 100_000  # guide, "Create a Job", multipart
BATCH_ROWS = 10_000  # guide, "How Requests Are Processed": sub-batches of 10,000 records
CHUNK_ROWS = 200  # the same: chunks of 200, one transaction each
MAX_HEADER_CHARS = 32_000  # guide, "Prepare CSV Files"
# Guide, "Limits and Allocations": characters in a field and in a record, and fields in a record.
MAX_FIELD_CHARS = 131_072
MAX_RECORD_CHARS = 400_000
MAX_COLUMNS = 5_000

NULL_MARK = "#N/A"  # guide, "Prepare CSV Files": this exact text sets a field to null
MULTI_SELECT_SEPARATOR = ";"  # REST and SOAP guides, field type multipicklist

LIST_PAGE_ROWS = 1_000  # guide, "Get Information About All Jobs"
MAX_PK_CHUNK_ROWS = 250_000  # Bulk API guide, "PK Chunking Header"; 100,000 where nobody says
# App Limits cheat sheet, "SOQL and SOSL Limits for Search Queries": maximum length of SOQL statements. Formula fields
# count more than they are long, for Salesforce writes them out first: QUERY_TOO_COMPLICATED may come far below it.
MAX_SOQL_CHARS = 100_000
# App Limits cheat sheet, "API Requests": an address and its headers together.
MAX_URL_BYTES = 16_384
REST_PAGE_ROWS = 2_000  # REST API guide, "Query": at most 2,000 records an answer

# Bounds of our own, beyond what Salesforce is known to send: an answer that passes one is none of Salesforce's.
# A describe of 900 fields with full picklists has 5 MB, a list of 1,000 jobs 0.5 MB, an error 1 kB.
MAX_ANSWER_BYTES = 32 << 20
MAX_FAULT_BYTES = 1 << 20
MAX_REST_PAGE_BYTES = REST_PAGE_ROWS * MAX_FIELD_CHARS  # a full text field in every record: 262 MB
MAX_ROW_BYTES = (
    64 << 20
)  # 400,000 characters are 1.6 MB at most, twice that with quotes; the text areas of one object 10 MB
MAX_ANSWER_COLUMNS = MAX_SOQL_CHARS // 2  # a query of 100,000 characters names no more, a header of 32,000 fewer
