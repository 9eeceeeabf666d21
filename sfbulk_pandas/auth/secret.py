"""Secrets: held out of sight, fetched only when a token is asked for, and kept out of pickles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

SecretSource: TypeAlias = "str | Callable[[], str]"


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A secret in an environment variable: read when it is needed, so that credentials with it can be pickled.

    Attributes
    ----------
    name : str
        Of the variable.

    Examples
    --------
    >>> FromEnvironment("APP_SECRET")
    FromEnvironment(name='APP_SECRET')
    """

    name: str

    def __call__(self) -> str:
        """Return the secret.

        Raises
        ------
        UsageError
            Where there is no such variable here.
        """
        value = os.environ.get(self.name, "")
        if not value:
            raise UsageError(f"the environment has no {self.name}", hint="set it here, and wherever workers run")
        return value


@hides_secrets
def revealed(source: SecretSource, name: str) -> str:
    """Return a secret.

    Raises
    ------
    UsageError
        Where it is empty, or no text.
    """
    value = source() if callable(source) else source
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{name} is empty, or no text")
    return value.strip()


def check_source(source: SecretSource, name: str) -> None:
    """Refuse a secret that is empty already.

    Raises
    ------
    UsageError
    """
    if not callable(source):
        revealed(source, name)


def refuse_pickling(held: list[str]) -> None:
    """Refuse to pickle credentials that hold secrets, such as ``["client_secret"]``.

    Raises
    ------
    UsageError
    """
    if held:
        raise UsageError(
            f"these credentials hold a secret ({', '.join(held)}) and are not pickled",
            hint='give it as sfbulk.FromEnvironment("NAME"), as a function, or as a file that every worker can read; '
            "pickles_secrets=True puts it into the pickle all the same",
        )
