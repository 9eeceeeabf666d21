"""What callers of Bulk API 1.0 send: a job, or a change of its state, in XML or JSON.

Source: Bulk API guide, "JobInfo", "Content Type Header".
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org.http import read_json
from sfbulk_pandas.local_org.v1 import faults
from sfbulk_pandas.local_org.v1.words import NAMESPACE

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Call

CONTENT_TYPES = ("CSV", "JSON", "XML")
JSON_SINCE = 36.0  # Bulk API guide, "Prepare JSON Files"


def is_json(call: Call) -> bool:
    """Whether a call speaks JSON."""
    return call.headers.get("content-type", "").lower().startswith("application/json")


def is_xml(call: Call) -> bool:
    """Whether a call speaks XML."""
    return "xml" in call.headers.get("content-type", "").lower()


def read_job_info(call: Call) -> dict[str, Any]:
    """Read a ``jobInfo``: its properties by name.

    Parameters
    ----------
    call : Call

    Returns
    -------
    dict

    Raises
    ------
    Fault
        400 InvalidXml or ClientInputError for a body that is none.
    """
    return _from_json(call) if is_json(call) else _from_xml(call)


def _from_json(call: Call) -> dict[str, Any]:
    try:
        given = read_json(call.body())
    except ValueError as error:
        raise faults.wrong_input(f"The JSON cannot be read: {error}") from None
    if not isinstance(given, dict):
        raise faults.wrong_input("The JSON is no object")
    return given


def _from_xml(call: Call) -> dict[str, Any]:
    try:
        root = ET.fromstring(call.body())  # noqa: S314 - from this machine, and expat bounds entities
    except (ET.ParseError, ValueError, LookupError) as error:  # the last two, for an encoding that is none
        raise faults.invalid_xml(f"The XML cannot be read: {error}") from None
    if root.tag != f"{{{NAMESPACE}}}jobInfo":
        raise faults.invalid_xml(f"Expected jobInfo in the namespace {NAMESPACE}, found {root.tag}")
    return {each.tag.removeprefix(f"{{{NAMESPACE}}}"): (each.text or "").strip() for each in root}
