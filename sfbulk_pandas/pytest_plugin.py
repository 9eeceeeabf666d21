"""Fixtures for tests of your own pipelines, there as soon as the package is installed beside pytest.

Nothing of the local org, which needs the extra ``local-org``, is imported before a test asks for a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.org.current import connected_org, make_current

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfbulk_pandas.local_org import LocalOrg

_POLLING = sfbulk.Polling(interval_seconds=0.01, cap_seconds=0.1)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "local_org(**options): options of LocalOrg, for the fixture local_org")


@pytest.fixture
def local_org(request: pytest.FixtureRequest) -> Iterator[LocalOrg]:
    """Start a Salesforce org on localhost, empty, for one test.

    ``@pytest.mark.local_org(describes=[...], pacing=AfterPolls(2))`` gives options of :class:`LocalOrg`. What is to go
    wrong is told to ``local_org.faults``, and what is stored read from ``local_org.records("Contact")``.
    """
    from sfbulk_pandas.local_org import LocalOrg  # noqa: PLC0415 - only where it is asked for

    marker = request.node.get_closest_marker("local_org")
    with LocalOrg(**(marker.kwargs if marker else {})) as org:
        yield org


@pytest.fixture
def sfbulk_org(local_org: LocalOrg, tmp_path: Path) -> Iterator[sfbulk.Org]:
    """Connect to ``local_org``, with a journal of the test's own; ``df.sfbulk`` and ``sfbulk.query`` act on it.

    Jobs are asked for every few milliseconds. After the test, the org that was connected before it is so again.
    """
    before = connected_org()
    login = sfbulk.JwtBearer(**local_org.credentials())
    try:
        with sfbulk.connect(login, polling=_POLLING, journal=tmp_path / "sfbulk-journal.db") as org:
            yield org
    finally:
        make_current(before)
