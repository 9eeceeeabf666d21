"""Client credentials and refresh tokens: what is asked of which host, and what is refused before."""

from urllib.parse import parse_qs

import pytest

from sfbulk_pandas.auth import ClientCredentials, FromEnvironment, RefreshToken
from sfbulk_pandas.errors import SalesforceBroken, TokenRefused, UsageError
from sfbulk_pandas.wire.http import Response

GOOD = b'{"access_token":"tok","instance_url":"https://acme.my.salesforce.com"}'
ROTATED = b'{"access_token":"tok","instance_url":"https://acme.my.salesforce.com","refresh_token":"next"}'


class FarEnd:
    def __init__(self, *bodies, status=200):
        self.answers = [Response(status, {}, body) for body in bodies]
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        return self.answers.pop(0)

    @property
    def form(self):
        return {name: value for name, (value,) in parse_qs(self.requests[-1].body.decode()).items()}


def test_client_credentials_go_to_my_domain():
    far_end = FarEnd(GOOD)
    ClientCredentials("key", " s&cret ", login_url="acme.lightning.force.com").fetch(far_end)
    assert far_end.requests[0].path == "https://acme.my.salesforce.com/services/oauth2/token"
    assert far_end.form == {"grant_type": "client_credentials", "client_id": "key", "client_secret": "s&cret"}
    assert far_end.requests[0].replayable


@pytest.mark.parametrize("host", ["https://login.salesforce.com", "test.salesforce.com"])
def test_client_credentials_are_refused_at_other_hosts_before_anything_is_sent(host):
    with pytest.raises(UsageError, match="are not taken at") as caught:
        ClientCredentials("key", "secret", login_url=host)
    assert "My Domain" in caught.value.hint


@pytest.mark.parametrize(
    "make",
    [
        lambda: ClientCredentials(" ", "secret", login_url="acme.my.salesforce.com"),
        lambda: ClientCredentials("key", " ", login_url="acme.my.salesforce.com"),
        lambda: ClientCredentials("key", lambda: "", login_url="acme.my.salesforce.com").fetch(None),
        lambda: ClientCredentials("key", FromEnvironment("NOT_THERE"), login_url="acme.my.salesforce.com").fetch(None),
        lambda: RefreshToken("", "token"),
        lambda: RefreshToken("key", ""),
        lambda: RefreshToken("key", "token", client_secret=""),
        lambda: RefreshToken("key", "token", login_url="http://acme.my.salesforce.com"),
    ],
)
def test_what_is_empty_is_refused(make):
    with pytest.raises(UsageError, match=r"empty|has no NOT_THERE|is not https"):
        make()


def test_a_refresh_token_is_sent_with_the_secret_where_there_is_one():
    far_end = FarEnd(GOOD, GOOD)
    RefreshToken("key", "token").fetch(far_end)
    assert far_end.form == {"grant_type": "refresh_token", "client_id": "key", "refresh_token": "token"}
    assert not far_end.requests[0].replayable  # where tokens rotate, the first arrival uses it up
    RefreshToken("key", "token", client_secret=lambda: "secret", login_url="test.salesforce.com").fetch(far_end)
    assert far_end.form["client_secret"] == "secret"
    assert far_end.requests[1].path == "https://test.salesforce.com/services/oauth2/token"


def test_a_token_that_rotates_is_handed_over_and_used_from_then_on():
    told = []
    far_end = FarEnd(ROTATED, ROTATED)
    credentials = RefreshToken("key", "first", on_rotated=told.append)
    credentials.fetch(far_end)
    credentials.fetch(far_end)
    assert told == ["next"]  # the same once more is no news
    assert far_end.form["refresh_token"] == "next"


def test_what_the_caller_cannot_keep_stops_the_sign_in():
    def fails(token):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        RefreshToken("key", "first", on_rotated=fails).fetch(FarEnd(ROTATED))


def test_refusals_say_what_to_do():
    refused = FarEnd(b'{"error":"invalid_grant","error_description":"expired access/refresh token"}', status=400)
    with pytest.raises(TokenRefused, match="revoked or has expired"):
        RefreshToken("key", "token").fetch(refused)


@pytest.mark.parametrize(
    "address", ["https://evil.example.com", "https://salesforce.com.evil.example", "http://10.0.0.1"]
)
def test_a_token_for_an_address_that_is_not_salesforces_is_refused(address):
    answer = f'{{"access_token":"tok","instance_url":"{address}"}}'.encode()
    with pytest.raises(SalesforceBroken, match=r"not Salesforce's|cannot be used"):
        RefreshToken("key", "token").fetch(FarEnd(answer))


def test_an_address_that_the_caller_has_named_is_taken():
    answer = b'{"access_token":"tok","instance_url":"https://proxy.acme.example"}'
    token = RefreshToken("key", "token", login_url="https://proxy.acme.example").fetch(FarEnd(answer))
    assert token.instance_url == "https://proxy.acme.example"
