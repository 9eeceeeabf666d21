"""``%sfbulk orgs|jobs|loads|limits``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.org.front import loads
from sfbulk_pandas.preflight import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sfbulk_pandas.magic.orgs import Orgs

COMMANDS = {
    "orgs": "the orgs connected here, and those of the Salesforce CLI",
    "jobs": "the org's bulk jobs of the last days, and which are ours",
    "loads": "the loads made on this machine, and what became of them",
    "limits": "what the org may use, and what it has left",
}
COMMANDS_HELP = (
    "\n".join(f"%sfbulk {word:<8}{text}" for word, text in COMMANDS.items())
    + "\n\n--org NAME names another org than the one last connected; %soql --help tells of queries."
)


@dataclass(frozen=True, slots=True)
class Command:
    """What ``%sfbulk`` is asked for: a word of :data:`COMMANDS`, and of which org."""

    word: str
    org: str | None


def read_command(line: str) -> Command | None:
    """Read what stands behind ``%sfbulk``; None where the help is wanted.

    Raises
    ------
    UsageError
        For a word or an option that is none, with the nearest.
    """
    words = line.split()
    if not words or "--help" in words:
        return None
    word, *options = words
    if word not in COMMANDS:
        near = nearest(word, COMMANDS)
        raise UsageError(
            f"%sfbulk {word} is none of its words",
            hint=f"did you mean %sfbulk {near}?" if near else f"say one of {', '.join(COMMANDS)}",
        )
    return Command(word, _org(options))


def _org(options: list[str]) -> str | None:
    match [part for option in options for part in option.split("=", 1)]:
        case []:
            return None
        case ["--org", name] if name:
            return name
        case ["--org", *_]:
            raise UsageError("--org takes one name", hint="write --org NAME")
    raise UsageError(f"{options[0]} is no option of %sfbulk", hint="write --org NAME")


def run_command(command: Command, orgs: Orgs, variables: Mapping[str, Any]) -> pd.DataFrame:
    """Return the frame that a command shows."""
    if command.word == "orgs":
        return orgs.table(variables)
    if command.word == "loads":  # which are written down here, whatever org is connected
        return loads(org=None if command.org is None else orgs.find(command.org, variables))
    org = orgs.find(command.org, variables)
    return org.jobs() if command.word == "jobs" else org.limits()
