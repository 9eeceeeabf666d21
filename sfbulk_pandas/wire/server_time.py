"""What time it is at Salesforce."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from sfbulk_pandas.wire.http import Request
from sfbulk_pandas.wire.paths import ACCEPT_JSON

if TYPE_CHECKING:
    from sfbulk_pandas.wire.http import Response


def build_versions() -> Request:
    """Ask for the API versions, the smallest answer there is. Source: REST API guide, "Versions"."""
    return Request("GET", "/services/data", ACCEPT_JSON)


def read_server_time(response: Response) -> datetime:
    """Return when an answer was made, by Salesforce's clock, to the second.

    Raises
    ------
    SalesforceBroken
        Where the answer does not say (RFC 9110 6.6.1 has every server with a clock say it).
    """
    text = response.headers.get("Date", "")
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        broken = response.broken(f"does not say when it was made (its Date is {text!r})")
    raise broken
