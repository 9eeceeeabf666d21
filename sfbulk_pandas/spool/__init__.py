"""Where rows lie on disk while they are worked on: written once, block by block, and read from a memory map."""

from sfbulk_pandas.spool.store import Spool

__all__ = ["Spool"]
