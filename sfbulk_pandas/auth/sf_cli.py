"""The login of the Salesforce CLI: whoever has signed in there need not do so again here.

Source: Salesforce CLI command reference, "org auth show-access-token" and "org display".
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import CliLoginMissing, UsageError
from sfbulk_pandas.wire.hiding import hides_secrets
from sfbulk_pandas.wire.hosts import is_trusted
from sfbulk_pandas.wire.oauth import AccessToken

if TYPE_CHECKING:
    from sfbulk_pandas.auth.base import Send

_REDACTED = "[REDACTED]"  # since May 2026 `org display` shows this in a token's place
_SECONDS = 120  # it renews its token over the network, and starts slowly


class SalesforceCli:
    """Sign in with the login that the Salesforce CLI (``sf``) keeps; the CLI renews it.

    Parameters
    ----------
    alias : str, optional
        An alias or user name that the CLI knows; its default org without it.
    executable : str
        The CLI's name or path.

    Raises
    ------
    UsageError
        For an alias that is empty or an option.

    Examples
    --------
    >>> SalesforceCli("uat")
    SalesforceCli(alias='uat')
    """

    def __init__(self, alias: str | None = None, *, executable: str = "sf") -> None:
        if alias is not None and (not alias.strip() or alias.strip().startswith("-")):
            raise UsageError(f"{alias!r} is no alias or user name", hint="see: sf org list")
        self.alias = None if alias is None else alias.strip()
        self.executable = executable

    @hides_secrets
    def fetch(self, send: Send) -> AccessToken:  # noqa: ARG002 - the CLI asks by itself
        """Ask the CLI for a token and the org's address. Costs no call that is counted here.

        Parameters
        ----------
        send : callable
            Not used: the CLI asks Salesforce itself.

        Returns
        -------
        AccessToken

        Raises
        ------
        CliLoginMissing
            Where there is no CLI, it does not know the org, or its login has expired: with the command that mends it.
        """
        shown = self._asked("org", "display") or {}
        asked = self._asked("org", "auth", "show-access-token")
        token = str((shown if asked is None else asked).get("accessToken") or "")
        if not token or token.startswith(_REDACTED):
            raise self._missing("the Salesforce CLI shows no access token", "sf update")
        address = str(shown.get("instanceUrl") or "")
        if not is_trusted(address):
            raise self._missing("the Salesforce CLI names no address of the org that is Salesforce's", self._login)
        try:
            return AccessToken(token, address)
        except UsageError as error:
            problem = str(error.args[0])
        raise self._missing(f"what the Salesforce CLI shows cannot be used: {problem}", self._login)

    def _asked(self, *command: str) -> dict[str, Any] | None:
        """Return the result of a command; None where the CLI is too old to have it."""
        target = () if self.alias is None else ("--target-org", self.alias)
        answer = self._run([*command, "--json", *target])
        if answer is None:
            return None
        result = answer.get("result")
        if answer.get("status") in (0, None) and isinstance(result, dict):
            return result
        name, message = str(answer.get("name") or ""), str(answer.get("message") or "no reason given")
        if "NotFound" in name and "command" in message.lower():
            return None
        raise self._missing(f"the Salesforce CLI says: {message}", self._login)

    def _run(self, arguments: list[str]) -> dict[str, Any] | None:
        path = shutil.which(self.executable)
        if path is None:
            raise self._missing(
                f"there is no Salesforce CLI here: {self.executable} is not found",
                "npm install --global @salesforce/cli",
            )
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and the alias is no option
                [path, *arguments], capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            done = None
        except OSError as error:
            raise self._missing(
                f"the Salesforce CLI cannot be started: {path}: {error.strerror}",
                "npm install --global @salesforce/cli",
            ) from error
        if done is None:
            raise self._missing(f"the Salesforce CLI has not answered within {_SECONDS} seconds", self._login)
        return self._read(done.stdout, done.stderr, arguments)

    def _read(self, out: bytes, err: bytes, arguments: list[str]) -> dict[str, Any] | None:
        # Warnings may stand before the JSON. What was printed is not shown: it may hold the token.
        text = out.decode("utf-8", "replace")
        try:
            answer = json.loads(text[text.index("{") :])
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return answer
        if "not a sf command" in err.decode("utf-8", "replace").lower():
            return None
        raise self._missing(f"the Salesforce CLI answers {' '.join(arguments[:2])} with no JSON", "sf update")

    @property
    def _login(self) -> str:
        return "sf org login web" + ("" if self.alias is None else f" --alias {self.alias}")

    def _missing(self, what: str, command: str) -> CliLoginMissing:
        return CliLoginMissing(what, hint=f"run: {command}")

    def __repr__(self) -> str:
        return f"SalesforceCli(alias={self.alias!r})"
