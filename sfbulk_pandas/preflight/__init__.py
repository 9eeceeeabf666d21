"""Find what makes a frame or a query impossible to send, and rows that will be refused, before anything is sent."""

from __future__ import annotations

from sfbulk_pandas.preflight.call import LoadCall
from sfbulk_pandas.preflight.check import Checked, check_frame
from sfbulk_pandas.preflight.findings import Finding, nearest
from sfbulk_pandas.preflight.mapping import read_sdl
from sfbulk_pandas.preflight.plan import LoadPlan, blank_cells, plan_rows
from sfbulk_pandas.preflight.problems import report_frame
from sfbulk_pandas.preflight.query_bulk import bulk_problems
from sfbulk_pandas.preflight.query_check import check_query
from sfbulk_pandas.preflight.query_columns import column_groups, expand_select, has_expansion, selectable_fields
from sfbulk_pandas.preflight.query_report import CheckedQuery, QueryProblem
from sfbulk_pandas.preflight.resolve import settle_columns
from sfbulk_pandas.preflight.siblings import sibling_order

__all__ = [
    "Checked",
    "CheckedQuery",
    "Finding",
    "LoadCall",
    "LoadPlan",
    "QueryProblem",
    "blank_cells",
    "bulk_problems",
    "check_frame",
    "check_query",
    "column_groups",
    "expand_select",
    "has_expansion",
    "nearest",
    "plan_rows",
    "read_sdl",
    "report_frame",
    "selectable_fields",
    "settle_columns",
    "sibling_order",
]
