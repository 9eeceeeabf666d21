"""What our own listeners are: callables that are told of the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from sfbulk_pandas.progress.events import Event


@runtime_checkable
class OwnListener(Protocol):
    """A listener that wants to know when nothing more comes, and why."""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        ...

    def end(self, error: BaseException | None) -> None:
        """Say that nothing more comes.

        Parameters
        ----------
        error : BaseException or None
            What has ended it early.
        """
        ...
