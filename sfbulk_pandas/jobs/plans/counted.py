"""About how many records an object has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfbulk_pandas.errors import ApiError, TransportError
from sfbulk_pandas.wire.limits import build_record_count, read_record_count

if TYPE_CHECKING:
    from sfbulk_pandas.transport.session import Session


def record_count(session: Session, sobject: str) -> int | None:
    """Return about how many records an object has; None where Salesforce does not say. Costs one API call.

    Salesforce counts at its leisure, leaves deleted records out, and counts some objects never.
    """
    try:
        return read_record_count(session.send(build_record_count(session.api_version, sobject)))
    except (ApiError, TransportError):  # a count is a help, not a need: the query itself tells what is wrong
        return None
