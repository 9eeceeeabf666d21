"""Which org a magic acts on, and which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.auth.sf_orgs import cli_orgs
from sfbulk_pandas.display.shown import ShownFrame
from sfbulk_pandas.errors import CliLoginMissing, UsageError
from sfbulk_pandas.org import Org, connect
from sfbulk_pandas.org.current import connected_org, make_current
from sfbulk_pandas.org.known import is_signed_in
from sfbulk_pandas.preflight import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfbulk_pandas.auth.sf_orgs import CliOrg

COLUMNS = ("name", "instance_url", "username", "known_by", "connected", "current")


class Orgs:
    """The orgs that the magics of one shell know: those in its variables, and those they have connected to."""

    def __init__(self) -> None:
        self._by_alias: dict[str, Org] = {}

    def find(self, name: str | None, variables: Mapping[str, Any]) -> Org:
        """Return the org of a name: a variable's, else an alias or user name of the Salesforce CLI's.

        Without a name, the org last connected. Which org that is, is not changed.

        Raises
        ------
        UsageError
            Where no org is connected, or the variable holds none.
        CliLoginMissing, TokenRefused
            Where the CLI has no login of that name, or it is not let in.
        """
        if name is None:
            return self._current()
        held = variables.get(name)
        if isinstance(held, Org):
            return held
        if held is not None and name not in self._by_alias:
            raise UsageError(
                f"--org {name}: this variable holds a {type(held).__name__}, not an Org",
                hint="name another, or an alias of the Salesforce CLI",
            )
        if name not in self._by_alias:
            self._by_alias[name] = self._connected(name, variables)
        return self._by_alias[name]

    def connected(self, name: str | None, variables: Mapping[str, Any]) -> Org | None:
        """Return the same where it is signed in by now, else None; nobody signs in."""
        held = connected_org() if name is None else variables.get(name, self._by_alias.get(name))
        return held if isinstance(held, Org) and is_signed_in(held) else None

    def names(self, variables: Mapping[str, Any]) -> list[str]:
        """Return the names by which an org can be taken without a new login."""
        return [*_held(variables), *self._by_alias]

    def table(self, variables: Mapping[str, Any]) -> ShownFrame:
        """Return a row an org, those connected first; where the CLI does not list its own, the note says why."""
        rows = [_row(name, org, "a variable") for name, org in _held(variables).items()]
        rows += [_row(name, org, "an alias") for name, org in self._by_alias.items()]
        current = connected_org()
        if current is not None and not any(each["current"] for each in rows):
            rows.insert(0, _row("", current, "connect()"))
        note = ""
        try:
            rows += [_cli_row(each) for each in cli_orgs()]
        except CliLoginMissing as error:
            note = str(error)
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"connected": bool, "current": bool})
        return ShownFrame(frame, "Orgs", note=note)

    def _current(self) -> Org:
        org = connected_org()
        if org is None:
            raise UsageError("no org is connected", hint="call sfbulk.connect(...) first, or name one by --org")
        return org

    def _connected(self, alias: str, variables: Mapping[str, Any]) -> Org:
        before = connected_org()
        try:
            return connect(alias)
        except CliLoginMissing as error:
            near = nearest(alias, self.names(variables))
            hint = f"did you mean {near}?" if near else error.hint
            raise CliLoginMissing(f"no variable {alias} holds an Org, and {error.args[0]}", hint=hint) from error
        finally:
            make_current(before)


def _held(variables: Mapping[str, Any]) -> dict[str, Org]:
    """Return the variables that hold an org; those that IPython makes for its outputs are left out."""
    found = {name: value for name, value in list(variables.items()) if isinstance(value, Org)}
    return {name: org for name, org in found.items() if not name.startswith("_")}


def _row(name: str, org: Org, known_by: str) -> dict[str, Any]:
    return {
        "name": name,
        "instance_url": org.instance_url if is_signed_in(org) else "",
        "username": "",
        "known_by": known_by,
        "connected": is_signed_in(org),
        "current": org is connected_org(),
    }


def _cli_row(org: CliOrg) -> dict[str, Any]:
    return {
        "name": org.alias,
        "instance_url": org.instance_url,
        "username": org.username,
        "known_by": "Salesforce CLI" + (", its default" if org.is_default else ""),
        "connected": False,
        "current": False,
    }
