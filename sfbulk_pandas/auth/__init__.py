"""Who we are: ways to come by a token."""

from sfbulk_pandas.auth.access_token import AccessToken
from sfbulk_pandas.auth.base import Credentials
from sfbulk_pandas.auth.client_credentials import ClientCredentials
from sfbulk_pandas.auth.jwt_bearer import JwtBearer
from sfbulk_pandas.auth.refresh_token import RefreshToken
from sfbulk_pandas.auth.secret import FromEnvironment
from sfbulk_pandas.auth.sf_cli import SalesforceCli

__all__ = [
    "AccessToken",
    "ClientCredentials",
    "Credentials",
    "FromEnvironment",
    "JwtBearer",
    "RefreshToken",
    "SalesforceCli",
]
