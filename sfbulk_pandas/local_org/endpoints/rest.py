"""What the org is: versions, resources, describes, limits, counts.

Source: REST API guide, "Versions", "Resources by Version", "Describe Global", "sObject Describe", "Limits",
"Record Count".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.local_org import faults
from sfbulk_pandas.local_org.http import Answer, json_answer
from sfbulk_pandas.local_org.record_ids import USER_ID
from sfbulk_pandas.local_org.store import to_table
from sfbulk_pandas.local_org.usage import MAXIMA
from sfbulk_pandas.salesforce.limits import DEFAULT_API_VERSION, OLDEST_API_VERSION

if TYPE_CHECKING:
    from sfbulk_pandas.local_org.http import Call
    from sfbulk_pandas.local_org.state import OrgState
    from sfbulk_pandas.local_org.store import Described

_NEWEST, _NEWEST_YEAR = 66, 26  # Spring '26; three releases a year
_SEASONS = {0: ("Spring", 0), 2: ("Winter", 0), 1: ("Summer", 1)}
_MAX_BATCH = 200
# REST API guide, "Describe Global": the 28 keys of an entry; also the head of "sObject Basic Information".
_GLOBAL_KEYS = (
    "activateable", "associateEntityType", "associateParentEntity", "createable", "custom", "customSetting",
    "deepCloneable", "deletable", "deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isInterface", "isSubtype",
    "keyPrefix", "label", "labelPlural", "layoutable", "mergeable", "mruEnabled", "name", "queryable", "replicateable",
    "retrieveable", "searchable", "triggerable", "undeletable", "updateable",
)  # fmt: skip


def get_versions(_org: OrgState, _call: Call) -> Answer:
    """Answer the API versions, oldest first; no token is needed."""
    return json_answer([_version(number) for number in range(OLDEST_API_VERSION, _NEWEST + 1)])


def _version(number: int) -> dict[str, str]:
    season, earlier = _SEASONS[number % 3]
    year = _NEWEST_YEAR - (_NEWEST - number) // 3 - earlier
    return {"label": f"{season} '{year}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def get_resources(org: OrgState, call: Call) -> Answer:
    """Answer what a version has to offer."""
    base = f"/services/data/v{call.version}"
    resources = {name: f"{base}/{name}" for name in ("jobs", "limits", "query", "queryAll", "sobjects")}
    return json_answer({**resources, "identity": f"https://login.salesforce.com/id/{org.sign_in.org_id}/{USER_ID}"})


def get_sobjects(org: OrgState, call: Call) -> Answer:
    """Answer every object in short."""
    sobjects = [_short(each, call.version) for _, each in sorted(org.store.describes.items())]
    return json_answer({"encoding": "UTF-8", "maxBatchSize": _MAX_BATCH, "sobjects": sobjects})


def get_sobject(org: OrgState, call: Call) -> Answer:
    """Answer one object in short."""
    described = find_sobject(org, call.segments[1])
    return json_answer({"objectDescribe": _short(described, call.version), "recentItems": []})


def get_describe(org: OrgState, call: Call) -> Answer:
    """Answer an object's full describe."""
    described = find_sobject(org, call.segments[1])
    urls = {
        name: str(url).replace(f"/v{DEFAULT_API_VERSION}/", f"/v{call.version}/")
        for name, url in (described.json.get("urls") or {}).items()
    }
    return json_answer({**described.json, "urls": urls})


def find_sobject(org: OrgState, name: str) -> Described:
    """Return the object of a name, in any case.

    Raises
    ------
    Fault
        404 NOT_FOUND.
    """
    described = org.store.describe(name)
    if described is None:
        raise faults.not_found()
    return described


def _short(described: Described, version: str) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{described.name}"
    urls = {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base}
    return {**{key: described.json.get(key) for key in _GLOBAL_KEYS}, "urls": urls}


def get_limits(org: OrgState, _call: Call) -> Answer:
    """Answer the org's limits, and what is left of them."""
    left = org.usage.remaining(org.jobs)
    return json_answer({name: {"Max": most, "Remaining": left[name]} for name, most in MAXIMA.items()})


def get_record_count(org: OrgState, call: Call) -> Answer:
    """Answer how many records objects have; unknown objects are left out."""
    asked = call.param("sObjects")
    names = asked.split(",") if asked else sorted(org.store.describes)
    found = [each for name in names if (each := org.store.describe(name.strip()))]
    return json_answer({"sObjects": [{"count": _count(org, each.name), "name": each.name} for each in found]})


def _count(org: OrgState, sobject: str) -> int:
    sql = f"SELECT count(*) FROM {org.store.table(sobject)} WHERE NOT IsDeleted"  # noqa: S608 - a quoted name
    with org.store.cursor() as cursor:
        count: int = to_table(cursor, sql).column(0)[0].as_py()
    return count
