"""A Salesforce org on localhost: a second, independent reading of the documents.

It shares Salesforce's words with the client (:mod:`sfbulk_pandas.salesforce`) and none of its code. Needs the extra
``local-org``.
"""

from __future__ import annotations

try:
    from sfbulk_pandas.local_org.on_demand.kinds import Faults
    from sfbulk_pandas.local_org.pacing import AfterPolls, AfterSeconds, ByHand, Immediate
    from sfbulk_pandas.local_org.server import LocalOrg
    from sfbulk_pandas.local_org.switches import Switches
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"duckdb", "lark", "werkzeug"}:
        raise
    message = f"the local org needs {error.name}: pip install 'sfbulk_pandas[local-org]'"
    raise ModuleNotFoundError(message, name=error.name) from None

__all__ = ["AfterPolls", "AfterSeconds", "ByHand", "Faults", "Immediate", "LocalOrg", "Switches"]
