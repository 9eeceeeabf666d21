"""Which org and which user a session acts for: what a journal must know to tell one org from another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfbulk_pandas.journal.records import LoadRecord
    from sfbulk_pandas.transport.session import Session

# The identity URL ends in the Ids of org and user. Source: Salesforce Help, "Identity URLs".
_IDENTITY = re.compile(r"/id/(00D[0-9A-Za-z]{12,15})/(005[0-9A-Za-z]{12,15})/?$")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts, and where.

    Attributes
    ----------
    org_id : str
        The org's Id; its address, where the token came without an identity URL.
    user_id : str or None
    instance_url : str
    """

    org_id: str
    user_id: str | None
    instance_url: str


def identity_of(session: Session) -> Identity:
    """Return whom the session's token stands for; signs in where that has not happened yet."""
    found = _IDENTITY.search(session.token_id_url or "")
    if found is None:
        return Identity(session.instance_url, None, session.instance_url)
    return Identity(found[1], found[2], session.instance_url)


def is_of(load: LoadRecord, who: Identity) -> bool:
    """Whether a load went to this org; by its address, where a token of either came without the org's Id."""
    is_nameless = who.instance_url in {load.org_id, who.org_id}
    return load.org_id == who.org_id or (is_nameless and load.instance_url == who.instance_url)
