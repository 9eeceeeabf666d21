"""The org: what a user holds, and the module's functions on the one last connected."""

from __future__ import annotations

from sfbulk_pandas.org.current import connect, current_org
from sfbulk_pandas.org.org import Org

__all__ = ["Org", "connect", "current_org"]
