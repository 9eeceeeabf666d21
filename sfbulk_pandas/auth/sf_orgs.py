"""The orgs that the Salesforce CLI knows, without their secrets.

Source: Salesforce CLI command reference, "org list".
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.auth.sf_cli import SalesforceCli
from sfbulk_pandas.wire.hiding import hides_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class CliOrg:
    """An org that the CLI has a login for.

    Attributes
    ----------
    alias, username, instance_url : str
        Empty where the CLI says none.
    is_default : bool
        Whether ``sf`` takes it where no org is named.
    """

    alias: str
    username: str
    instance_url: str
    is_default: bool

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CliOrg:
        """Read an entry; of it all, only what is no secret."""
        alias, username, address = (str(data.get(name) or "") for name in ("alias", "username", "instanceUrl"))
        return cls(alias, username, address, bool(data.get("isDefaultUsername")))


@hides_secrets
def cli_orgs(*, executable: str = "sf") -> list[CliOrg]:
    """Ask the Salesforce CLI for the orgs it knows; none where there is no CLI.

    It looks at its own files; no org is asked, and nobody signs in.

    Raises
    ------
    CliLoginMissing
        Where it answers with an error.
    """
    if shutil.which(executable) is None:
        return []
    answer = SalesforceCli(executable=executable)._asked("org", "list", "--skip-connection-status")  # noqa: SLF001 - its own room
    found = {org.username: org for org in map(CliOrg.from_json, _entries(answer or {}))}
    return list(found.values())


def _entries(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of each kind of org; one may be in several lists."""
    for group in answer.values():
        if isinstance(group, list):
            yield from (each for each in group if isinstance(each, dict))
