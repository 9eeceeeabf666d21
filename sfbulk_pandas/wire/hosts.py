"""Addresses of orgs and login hosts: which are allowed, and how people's spellings are repaired."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from sfbulk_pandas.errors import UsageError

PRODUCTION_LOGIN = "https://login.salesforce.com"
SANDBOX_LOGIN = "https://test.salesforce.com"
# Salesforce Help, "Allow the Required Domains"; Government Cloud; Salesforce on Alibaba Cloud.
_SALESFORCE = (
    ".salesforce.com",
    ".force.com",
    ".salesforce.mil",
    ".cloudforce.com",
    ".database.com",
    ".sfcrmproducts.cn",
)
_LIGHTNING = ".lightning.force.com"
_MY_DOMAIN = ".my.salesforce.com"
_SETUP = ".my.salesforce-setup.com"


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine's own.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("acme.my.salesforce.com")
    (True, True, False)
    """
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_trusted(address: str) -> bool:
    """Whether an address is Salesforce's or this machine's own.

    Examples
    --------
    >>> is_trusted("https://acme.my.salesforce.com"), is_trusted("https://acme.example.com")
    (True, False)
    """
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:  # such as [ without ]
        return False
    return is_loopback(host) or host.endswith(_SALESFORCE)


def base_url(address: str) -> str:
    """Return scheme and host of an address, checked and repaired.

    ``acme.lightning.force.com``, which people copy from the browser, takes no API calls and
    becomes ``acme.my.salesforce.com``; a path is dropped; a missing scheme is https.

    Parameters
    ----------
    address : str
        An instance URL or login URL.

    Returns
    -------
    str
        Such as ``"https://acme.my.salesforce.com"``.

    Raises
    ------
    UsageError
        For plain http to another machine, a user or password inside the address, or no host.

    Examples
    --------
    >>> base_url("https://acme--uat.sandbox.lightning.force.com/lightning/page/home")
    'https://acme--uat.sandbox.my.salesforce.com'
    """
    parts = _split(address)
    if parts.username is not None or parts.password is not None:
        raise UsageError("an address may not carry a user or password", hint="give the host alone")
    host = _repaired(parts.hostname or "")
    if not host:
        raise UsageError(f"{address!r} is no address of an org", hint="it looks like https://acme.my.salesforce.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise UsageError(
            f"{parts.scheme}://{host} is not https", hint="a token goes over https only, except to this machine itself"
        )
    return f"{parts.scheme}://{_bracketed(host)}{_port(parts)}"


def is_repaired(address: str) -> bool:
    """Whether :func:`base_url` puts another host in the place of an address's own.

    Examples
    --------
    >>> is_repaired("acme.lightning.force.com"), is_repaired("acme.my.salesforce.com")
    (True, False)
    """
    host = _split(address).hostname or ""
    return _repaired(host) != host


def audience(login_url: str) -> str:
    """Return the ``aud`` of a JWT for a login host.

    Production My Domains are addressed as login.salesforce.com, sandboxes and scratch orgs as
    test.salesforce.com; an Experience Cloud site or this machine is its own audience.
    Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration".

    Examples
    --------
    >>> audience("https://acme.my.salesforce.com"), audience("https://acme--uat.sandbox.my.salesforce.com")
    ('https://login.salesforce.com', 'https://test.salesforce.com')
    """
    base = base_url(login_url)
    host = urlsplit(base).hostname or ""
    if not host.endswith(_MY_DOMAIN):
        return base
    name = host.removesuffix(_MY_DOMAIN)
    is_sandbox = "--" in name or name.endswith((".sandbox", ".scratch"))
    return SANDBOX_LOGIN if is_sandbox else PRODUCTION_LOGIN


def _split(address: str) -> SplitResult:
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        _ = parts.port  # read once here: it raises for a port that is no number
    except ValueError:
        bad = UsageError("the address of the org cannot be read", hint="it looks like https://acme.my.salesforce.com")
    else:
        return parts
    raise bad


def _repaired(host: str) -> str:
    for suffix in (_LIGHTNING, _SETUP):
        if host.endswith(suffix):
            return host.removesuffix(suffix) + _MY_DOMAIN
    return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(parts: SplitResult) -> str:
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return "" if parts.port in {None, default} else f":{parts.port}"
