"""Who we are: ways to come by a token."""

from sfbulk_pandas.auth.access_token import AccessToken
from sfbulk_pandas.auth.base import Credentials
from sfbulk_pandas.auth.jwt_bearer import JwtBearer

__all__ = ["AccessToken", "Credentials", "JwtBearer"]
