"""Addresses as people copy them from the browser: repaired, and said so."""

from __future__ import annotations

import logging

from sfbulk_pandas.wire.hosts import base_url, is_repaired

log = logging.getLogger("sfbulk_pandas")
_TOLD: set[str] = set()


def org_address(address: str) -> str:
    """Return scheme and host of an address; where another host takes the calls, say so in the log, once a host.

    Parameters
    ----------
    address : str
        An instance URL or login URL, as a user gives it.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        As :func:`sfbulk_pandas.wire.hosts.base_url`.
    """
    base = base_url(address)
    if is_repaired(address) and base not in _TOLD:
        _TOLD.add(base)
        log.warning("the address given is for browsers and takes no API calls: %s is used in its place", base)
    return base
