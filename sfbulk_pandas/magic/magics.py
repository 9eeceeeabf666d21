"""The magics themselves: ``%%soql``, ``%soql`` and ``%sfbulk``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, needs_local_scope, no_var_expand

from sfbulk_pandas.errors import SfBulkError
from sfbulk_pandas.magic.binding import BoundQuery, bind_expressions
from sfbulk_pandas.magic.commands import COMMANDS_HELP, read_command, run_command
from sfbulk_pandas.magic.options import HELP, read_call
from sfbulk_pandas.magic.orgs import Orgs
from sfbulk_pandas.magic.run import Watch, run_query
from sfbulk_pandas.magic.shown import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Subject:
    """The query that is worked on, as soon as it is known."""

    query: BoundQuery | None = None


@magics_class
class SfBulkMagics(Magics):
    """The magics of one shell.

    Attributes
    ----------
    orgs : Orgs
        What ``--org`` may name.
    """

    shell: Any  # which Magics has as one that may be None

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.orgs = Orgs()

    # IPython would paste variables into the line; ours are quoted instead.
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def soql(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Run a SOQL query; ``%soql --help`` tells of the options.

        Parameters
        ----------
        line : str
            Options, and on one line the query too.
        cell : str, optional
            The query.
        local_ns : mapping, optional
            The variables where the magic stands.
        """
        with self._short_errors() as subject:
            if cell is None and not line.strip():
                return self._say(HELP)
            call = read_call(line, cell)
            if call.helps:
                return self._say(HELP)
            watch = Watch()
            names = {**self.shell.user_ns, **(local_ns or {})}
            subject.query = bind_expressions(call.soql, names)
            result = run_query(call, self.orgs.find(call.org, names), subject.query, names)
            if call.to is None:
                return result
            self.shell.push({call.to: result})
            return self._say(watch.line(call.to, result))

    @no_var_expand
    @line_magic
    def sfbulk(self, line: str) -> Any:
        """Show orgs, jobs, loads or limits; ``%sfbulk`` alone tells of them.

        Parameters
        ----------
        line : str
            The word, and ``--org NAME``.
        """
        with self._short_errors():
            command = read_command(line)
            if command is None:
                return self._say(COMMANDS_HELP)
            return run_command(command, self.orgs, self.shell.user_ns)

    def _say(self, text: str) -> None:
        print(text)

    @contextmanager
    def _short_errors(self) -> Iterator[_Subject]:
        subject = _Subject()
        try:
            yield subject
        except SfBulkError as error:
            shorten(error, self.shell, subject.query)
            raise
