"""REST queries: ``query``, ``queryAll`` and their next pages; of Tooling API, queries of sandboxes.

Sources: REST API guide, "Query", "QueryAll", "Query More Results"; Tooling API guide, "REST Resources",
"SandboxProcess".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.column_metadata import column_metadata
from sfbulk_pandas.local_org.cursors import Rows
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.http import Answer, json_answer
from sfbulk_pandas.local_org.page_rows import varied
from sfbulk_pandas.local_org.records_json import RecordWriter
from sfbulk_pandas.local_org.soql.compile import Settings, compile_soql
from sfbulk_pandas.local_org.soql.messages import malformed, no_such_object
from sfbulk_pandas.local_org.soql.parse import parse
from sfbulk_pandas.local_org.store import to_table
from sfbulk_pandas.salesforce.limits import REST_PAGE_ROWS

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.state import OrgState

_MIN_PAGE_ROWS = 200  # REST API guide, "Query Options Header": 200 to 2,000
_SANDBOXES = {each.lower(): each for each in ("SandboxInfo", "SandboxProcess")}
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def get_query(org: OrgState, call: Call) -> Answer:
    """Answer the first page of a query."""
    return _first_page(org, call, all_rows=False)


def get_query_all(org: OrgState, call: Call) -> Answer:
    """Answer the first page of a query that sees deleted records too."""
    return _first_page(org, call, all_rows=True)


def get_more(org: OrgState, call: Call) -> Answer:
    """Answer a further page of a query."""
    cursor_id, _, start = call.segments[1].rpartition("-")
    rows = org.cursors.get(cursor_id)
    if rows is None or not start.isdecimal() or int(start) >= rows.table.num_rows:
        raise Fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return json_answer(_page(org, call, rows, cursor_id, int(start)))


def get_tooling_query(_org: OrgState, call: Call) -> Answer:
    """Answer a query of Tooling API: it knows of sandboxes alone, and the org has none."""
    soql = _soql(call)
    asked = parse(soql).sobject
    name = _SANDBOXES.get(asked.text.lower())
    if name is None:
        raise no_such_object(soql, asked.at, asked.text)
    empty: dict[str, Any] = {
        "size": 0,
        "totalSize": 0,
        "done": True,
        "queryLocator": None,
        "entityTypeName": name,
        "records": [],
    }
    return json_answer(empty)


def _soql(call: Call) -> str:
    soql = call.param("q")
    if not soql:
        raise malformed("SOQL statement cannot be empty")
    return soql


def _first_page(org: OrgState, call: Call, *, all_rows: bool) -> Answer:
    soql = _soql(call)
    today = datetime.fromtimestamp(org.clock(), UTC).date()
    compiled = compile_soql(org.store, soql, Settings(today, all_rows))
    if call.param("columns") == "true":
        return json_answer(column_metadata(org.store, compiled))
    if failure := org.on_demand.take_query_failure(soql):
        code, _, message = failure.error.partition(":")
        raise Fault(400, code.strip(), message.strip())
    with org.store.cursor() as cursor:
        table = to_table(cursor, compiled.sql)
    if compiled.is_count:
        return json_answer({"totalSize": table.column(0)[0].as_py(), "done": True, "records": []})
    rows = Rows(compiled, table)
    cursor_id = org.cursors.keep(rows) if table.num_rows > _page_rows(org, call, 0) else ""
    return json_answer(_page(org, call, rows, cursor_id, 0))


def _page(org: OrgState, call: Call, rows: Rows, cursor_id: str, start: int) -> dict[str, Any]:
    stop = start + _page_rows(org, call, start)
    total = rows.table.num_rows
    records = RecordWriter(org.store, call.version).records(rows.compiled, rows.table.slice(start, stop - start))
    if stop >= total:
        return {"totalSize": total, "done": True, "records": records}
    following = f"/services/data/v{call.version}/query/{cursor_id}-{stop}"
    return {"totalSize": total, "done": False, "nextRecordsUrl": following, "records": records}


def _page_rows(org: OrgState, call: Call, start: int) -> int:
    match = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    rows = min(max(int(match[1]), _MIN_PAGE_ROWS), REST_PAGE_ROWS) if match else REST_PAGE_ROWS
    return varied(rows, str(start)) if org.switches.vary_page_rows else rows
