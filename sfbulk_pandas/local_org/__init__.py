"""A Salesforce org on localhost: a second, independent reading of the documents.

It shares Salesforce's words with the client (:mod:`sfbulk_pandas.salesforce`) and none of its code. Needs the extra
``local-org``.
"""

from __future__ import annotations

from .pacing import AfterPolls, AfterSeconds, ByHand, Immediate
from .server import LocalOrg
from .switches import Switches

__all__ = ["AfterPolls", "AfterSeconds", "ByHand", "Immediate", "LocalOrg", "Switches"]
