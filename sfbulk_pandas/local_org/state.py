"""What every endpoint is handed: the org's parts, wired once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.cursors import Cursors
from sfbulk_pandas.local_org.on_demand.outcomes import OnDemand
from sfbulk_pandas.local_org.on_demand.plan import FaultPlan
from sfbulk_pandas.local_org.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfbulk_pandas.local_org.engine import Engine
    from sfbulk_pandas.local_org.jobs import Jobs
    from sfbulk_pandas.local_org.sign_in import SignIn
    from sfbulk_pandas.local_org.store import Store
    from sfbulk_pandas.local_org.switches import Switches
    from sfbulk_pandas.local_org.v1.jobs import FrameJobs


@dataclass(frozen=True)
class OrgState:
    """The parts of one local org.

    Attributes
    ----------
    store : Store
        Records and describes.
    jobs : Jobs
        Those of Bulk API 2.0, and the batches of all others.
    frames : FrameJobs
        Jobs of Bulk API 1.0.
    engine : Engine
        Moves jobs.
    switches : Switches
    sign_in : SignIn
        The app, the user, and the tokens handed out.
    clock : callable
        Seconds since the epoch, UTC; a test hands in its own.
    cursors : Cursors
        Results of REST queries with pages left to read.
    on_demand : OnDemand
        Which rows and queries are to fail.
    faults : FaultPlan
        Which requests are to go wrong.
    usage : Usage
        What is used up.
    """

    store: Store
    jobs: Jobs
    frames: FrameJobs
    engine: Engine
    switches: Switches
    sign_in: SignIn
    clock: Callable[[], float] = time.time
    cursors: Cursors = field(default_factory=Cursors)
    on_demand: OnDemand = field(default_factory=OnDemand)
    faults: FaultPlan = field(default_factory=FaultPlan)
    usage: Usage = field(default_factory=Usage)
