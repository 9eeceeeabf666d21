"""The port through which work is spread over threads; this room starts none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")


class Mapper(Protocol):
    """Apply a function to items and yield what it returns, in order: ``map``, or what a pool of threads offers."""

    def __call__(self, fn: Callable[[T], R], items: Iterable[T], /) -> Iterable[R]:
        """Call ``fn`` with each item, perhaps some items ahead."""
        ...
