"""What the use cases need of an org."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.describes import Describes
    from sfbulk_pandas.jobs.options import Polling
    from sfbulk_pandas.journal import Journal
    from sfbulk_pandas.transport.session import Session


@dataclass(frozen=True, slots=True)
class Loading:
    """What loads and queries need of the org."""

    session: Session
    describes: Describes
    polling: Polling
    journal: Journal
