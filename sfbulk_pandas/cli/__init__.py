"""The command line: it sees both the client and the local org, as does the pytest plugin."""

from sfbulk_pandas.cli.main import main

__all__ = ["main"]
