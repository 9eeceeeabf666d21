"""A Salesforce org on localhost: a second, independent reading of the documents.

It shares Salesforce's words with the client (:mod:`sfbulk_pandas.salesforce`) and none of its code. Needs the extra
``local-org``.
"""

from __future__ import annotations

from sfbulk_pandas.local_org.pacing import AfterPolls, AfterSeconds, ByHand, Immediate
from sfbulk_pandas.local_org.server import LocalOrg
from sfbulk_pandas.local_org.switches import Switches

__all__ = ["AfterPolls", "AfterSeconds", "ByHand", "Immediate", "LocalOrg", "Switches"]
