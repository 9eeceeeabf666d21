"""How the network is used: time-outs, repetition, proxies, certificates, connections; one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.transport.retry import RetryPolicy
from sfbulk_pandas.wire.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

CONNECTIONS = 32  # more than the parts and pages that are ever on their way at once by default
_HOSTS = 4  # for each of which connections are kept: the org, its login host, and those before they changed
_DIRECT: Mapping[str, Any] = {"http": None, "https": None, "all": None}
_SCHEMES = frozenset({"http", "https", "all", "no_proxy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Say how the network is used.

    Without any of it, proxies and certificates are those of the environment: ``HTTPS_PROXY``, ``NO_PROXY``,
    ``REQUESTS_CA_BUNDLE``. This machine itself is never asked through a proxy.

    Parameters
    ----------
    connect_seconds : float
        How long to wait for a connection.
    read_seconds : float
        How long to wait for the next bytes of an answer. First pages of large queries were seen to take 17 s, and
        result files 60 s.
    retry : RetryPolicy
        How often a request is sent again, and within which time.
    proxies : mapping of str to str, optional
        Scheme (``"https"``) to a proxy's URL, instead of the environment's; hosts under the key ``"no_proxy"``, or in
        ``NO_PROXY``, are asked directly. Not shown: it may hold a password.
    ca_bundle : path, optional
        A file of certificates (PEM), or a folder of them, that servers and proxies are trusted by.
    connections : int
        How many connections to one host are kept open; give as many as there are parts or pages on their way at once.
    session : requests.Session, optional
        To be used instead of one of our own, where adapters or hooks of yours are needed. It is yours: it is not
        closed, and its proxies and certificates are set on it. Tokens are put on each request, never on it.

    Raises
    ------
    UsageError
        For a time that is not above zero, a certificate file that is not there, a proxy that is no address, or a
        session beside what must be set on it.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 120.0
    retry: RetryPolicy = RetryPolicy()  # noqa: RUF009 - frozen
    proxies: Mapping[str, str] | None = field(default=None, repr=False)
    ca_bundle: str | PathLike[str] | None = None
    connections: int = CONNECTIONS
    session: requests.Session | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("connect_seconds", "read_seconds"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name}={getattr(self, name)} does not fit", hint="give seconds above zero")
        if self.connections < 1:
            raise UsageError(f"connections={self.connections} does not fit", hint="give at least 1")
        if self.ca_bundle is not None and not Path(self.ca_bundle).exists():
            raise UsageError(f"there is no ca_bundle at {self.ca_bundle}", hint="give a PEM file of certificates")
        _check_proxies(self.proxies or {})
        if self.session is not None and (self.proxies or self.ca_bundle or self.connections != CONNECTIONS):
            raise UsageError(
                "proxies, ca_bundle and connections go with a session of our own",
                hint="set them on the session that you give: session.proxies, session.verify, session.mount(...)",
            )

    @property
    def timeouts(self) -> tuple[float, float]:
        """Time-outs as requests takes them."""
        return self.connect_seconds, self.read_seconds

    @property
    def verify(self) -> str | None:
        """The certificates as requests takes them; None leaves them to the session and its environment."""
        return None if self.ca_bundle is None else str(self.ca_bundle)

    def proxies_for(self, url: str) -> dict[str, Any] | None:
        """Return the proxies for an address as requests takes them.

        Parameters
        ----------
        url : str

        Returns
        -------
        dict or None
            None leaves them to the session.
        """
        if is_loopback(urlsplit(url).hostname):
            return dict(_DIRECT)
        if not self.proxies:
            return None
        # requests itself looks at NO_PROXY for the environment's proxies alone.
        given = {name: address for name, address in self.proxies.items() if name != "no_proxy"}
        return dict(_DIRECT) if should_bypass_proxies(url, self.proxies.get("no_proxy")) else dict(_DIRECT) | given

    def opened(self) -> requests.Session:
        """Return the session to send with."""
        return self._new() if self.session is None else self.session

    def _new(self) -> requests.Session:
        http = requests.Session()
        http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # several come with each answer
        for scheme in ("https://", "http://"):
            http.mount(scheme, HTTPAdapter(pool_connections=_HOSTS, pool_maxsize=self.connections, max_retries=0))
        return http


def _check_proxies(proxies: Mapping[str, str]) -> None:
    for scheme, address in proxies.items():
        if scheme.partition("://")[0] not in _SCHEMES:
            raise UsageError(
                f"a proxy for {scheme!r} is for no request here", hint='name it by a scheme: {"https": "http://..."}'
            )
        if scheme != "no_proxy" and not urlsplit(address).hostname:
            raise UsageError(f"the proxy for {scheme!r} is no address", hint="it looks like http://proxy.acme.com:3128")
