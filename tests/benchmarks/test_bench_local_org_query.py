"""How fast the local org runs a bulk query and streams its pages, and in how much memory. Run with -m benchmark -s."""

from __future__ import annotations

import http.client
import time

import psutil
import pytest

from sfbulk_pandas.local_org import LocalOrg

pytestmark = pytest.mark.benchmark

ROWS = 1_000_000
COLUMNS = (
    "Id, FirstName, LastName, Email, Phone, MailingStreet, MailingCity, MailingPostalCode, Salary__c, "
    "HasOptedOutOfEmail, Birthdate, Last_Contacted__c, Contact_Key__c"
)
FILL = """
    INSERT INTO "Contact" (Id, IsDeleted, FirstName, LastName, Email, Phone, MailingStreet, MailingCity,
        MailingPostalCode, Salary__c, HasOptedOutOfEmail, Birthdate, Last_Contacted__c, Contact_Key__c)
    SELECT '003' || lpad(i::VARCHAR, 15, '0'), false, 'First ' || i % 1000, 'Last name ' || i,
        'person.' || i || '@example.com', '+49 30 ' || (5550000 + i), i % 300 || ' High Street, "Rear" Building',
        'City ' || i % 500, lpad((i % 100000)::VARCHAR, 5, '0'), i * 10.25, i % 2 = 0,
        DATE '1950-01-01' + CAST(i % 20000 AS INTEGER), TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND, 'K-' || i
    FROM range(?) t(i)
"""


def read_page(org, path):
    """Read a page as fast as bytes come, and return (bytes, rows that it says it has, locator)."""
    connection = http.client.HTTPConnection("127.0.0.1", int(org.url.rpartition(":")[2]), timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {org.access_token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    size = 0
    while piece := answer.read(1 << 20):
        size += len(piece)
    connection.close()
    return size, int(answer.headers["Sforce-NumberOfRecords"]), answer.headers["Sforce-Locator"]


def make_job(org, soql):
    connection = http.client.HTTPConnection("127.0.0.1", int(org.url.rpartition(":")[2]), timeout=600)
    body = f'{{"operation": "query", "query": "{soql}"}}'
    headers = {"Authorization": f"Bearer {org.access_token}", "Content-Type": "application/json"}
    connection.request("POST", "/services/data/v66.0/jobs/query", body, headers)
    text = connection.getresponse().read().decode()
    connection.close()
    return text.partition('"id":"')[2][:18]


@pytest.mark.parametrize("page_rows", [50_000, 250_000, ROWS])
def test_bulk_query_pages(page_rows):
    with LocalOrg() as org:
        with org.state.store.cursor() as cursor:
            cursor.execute(FILL, [ROWS])
        process = psutil.Process()
        before = process.memory_info().rss
        started = time.perf_counter()
        job = make_job(org, f"SELECT {COLUMNS} FROM Contact")
        ran = time.perf_counter() - started
        after_run = process.memory_info().rss
        base = f"/services/data/v66.0/jobs/query/{job}/results?maxRecords={page_rows}"
        size = rows = pages = 0
        locator = ""
        started = time.perf_counter()
        while locator != "null":
            got, count, locator = read_page(org, base + (f"&locator={locator}" if locator else ""))
            size, rows, pages = size + got, rows + count, pages + 1
        seconds = time.perf_counter() - started
        after = process.memory_info().rss
        job_figures = f"{ran:.2f} s, {rows / ran:,.0f} rows/s, {(after_run - before) / 1e6:+.0f} MB"
        page_figures = f"{seconds:.2f} s, {size / seconds / 1e6:.0f} MB/s, {(after - after_run) / 1e6:+.0f} MB"
        print(f"\n{rows:,} rows, {size / 1e6:.0f} MB: job {job_figures}; {pages} pages {page_figures}")
        assert rows == ROWS
