"""Which credentials to take where none are given: ``SFBULK_*`` variables, else the Salesforce CLI's default org."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfbulk_pandas.auth.access_token import AccessToken
from sfbulk_pandas.auth.client_credentials import ClientCredentials
from sfbulk_pandas.auth.jwt_bearer import JwtBearer
from sfbulk_pandas.auth.private_key import is_pem
from sfbulk_pandas.auth.refresh_token import RefreshToken
from sfbulk_pandas.auth.secret import FromEnvironment
from sfbulk_pandas.auth.sf_cli import SalesforceCli
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import PRODUCTION_LOGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfbulk_pandas.auth.base import Credentials

_PREFIX = "SFBULK_"


@dataclass(frozen=True, slots=True)
class _Flow:
    """The variables of one flow, without their prefix: the first of them says that it is meant."""

    needs: tuple[str, ...]
    may: tuple[str, ...]
    make: Callable[[Mapping[str, str]], Credentials]


def _secret(name: str, given: Mapping[str, str]) -> FromEnvironment | None:
    return FromEnvironment(_PREFIX + name) if name in given else None


def _jwt_bearer(given: Mapping[str, str]) -> Credentials:
    return JwtBearer(
        given["CLIENT_ID"],
        given["USERNAME"],
        private_key=FromEnvironment(_PREFIX + "PRIVATE_KEY") if is_pem(given["PRIVATE_KEY"]) else given["PRIVATE_KEY"],
        login_url=given.get("LOGIN_URL", PRODUCTION_LOGIN),
        passphrase=_secret("PASSPHRASE", given),
    )


def _client_credentials(given: Mapping[str, str]) -> Credentials:
    secret = FromEnvironment(_PREFIX + "CLIENT_SECRET")
    return ClientCredentials(given["CLIENT_ID"], secret, login_url=given["LOGIN_URL"])


def _refresh_token(given: Mapping[str, str]) -> Credentials:
    return RefreshToken(
        given["CLIENT_ID"],
        FromEnvironment(_PREFIX + "REFRESH_TOKEN"),
        client_secret=_secret("CLIENT_SECRET", given),
        login_url=given.get("LOGIN_URL", PRODUCTION_LOGIN),
    )


# In this order: a client secret goes with a refresh token too.
_FLOWS = (
    _Flow(("ORG",), (), lambda given: SalesforceCli(given["ORG"])),
    _Flow(
        ("ACCESS_TOKEN", "INSTANCE_URL"), (), lambda given: AccessToken(given["ACCESS_TOKEN"], given["INSTANCE_URL"])
    ),
    _Flow(("PRIVATE_KEY", "CLIENT_ID", "USERNAME"), ("PASSPHRASE", "LOGIN_URL"), _jwt_bearer),
    _Flow(("REFRESH_TOKEN", "CLIENT_ID"), ("CLIENT_SECRET", "LOGIN_URL"), _refresh_token),
    _Flow(("CLIENT_SECRET", "CLIENT_ID", "LOGIN_URL"), (), _client_credentials),
)
_NAMES = tuple(dict.fromkeys(name for flow in _FLOWS for name in (*flow.needs, *flow.may)))


@hides_secrets
def found_credentials() -> tuple[Credentials, str]:
    """Return credentials, and where they are from, in words.

    Raises
    ------
    UsageError
        Where the variables are of no flow, of two, or of a part of one.
    """
    given = {name: value for name in _NAMES if (value := os.environ.get(_PREFIX + name, "").strip())}
    if not given:
        return SalesforceCli(), "the Salesforce CLI's default org"
    flow = next((each for each in _FLOWS if each.needs[0] in given), None)
    shown = ", ".join(_PREFIX + name for name in given)
    if flow is None:
        sets = "; ".join(" + ".join(_PREFIX + name for name in each.needs) for each in _FLOWS)
        raise UsageError(f"{shown} alone are not enough to sign in", hint=f"set one of: {sets}")
    missing = [_PREFIX + name for name in flow.needs if name not in given]
    if missing:
        raise UsageError(f"{', '.join(missing)} is missing beside {shown}", hint="set it, or unset the others")
    strange = [_PREFIX + name for name in given if name not in (*flow.needs, *flow.may)]
    if strange:
        raise UsageError(
            f"{', '.join(strange)} does not go with {' + '.join(_PREFIX + name for name in flow.needs)}",
            hint="set the variables of one way to sign in, and unset the others",
        )
    return flow.make(given), shown
