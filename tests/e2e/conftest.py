"""A client on a fresh local org; nothing waits."""

import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg

FAST = sfbulk.Polling(interval_seconds=0.001, cap_seconds=0.01)


@pytest.fixture
def local():
    with LocalOrg() as org:
        yield org


@pytest.fixture
def org(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), polling=FAST) as client:
        yield client
