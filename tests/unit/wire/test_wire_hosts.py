"""Addresses: repaired where people slip, refused where a token would leak."""

from __future__ import annotations

import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hosts import audience, base_url, is_loopback


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("  HTTPS://Acme.My.Salesforce.com:443/x?y#z ", "https://acme.my.salesforce.com"),
        ("https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com"),
        ("https://acme--uat.sandbox.lightning.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme.my.salesforce-setup.com/lightning", "https://acme.my.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_base_url(address, base):
    assert base_url(address) == base


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.my.salesforce.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://acme.my.salesforce.com",
        "file:///etc/passwd",
        "https://user:planted@acme.my.salesforce.com",
        "https://",
        "",
        "https://acme:port",
        "https://[broken",
    ],
)
def test_refused(address):
    with pytest.raises(UsageError) as caught:
        base_url(address)
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [("LOCALHOST", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("x.com", False), (None, False)],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("https://login.salesforce.com/", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme-dev-ed.develop.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.my.salesforce.com", "https://test.salesforce.com"),
        ("https://fun-city-1234.scratch.my.salesforce.com", "https://test.salesforce.com"),
        ("https://help.acme.com", "https://help.acme.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_audience(login_url, expected):
    assert audience(login_url) == expected
