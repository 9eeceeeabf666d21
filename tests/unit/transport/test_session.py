"""The session against a far end played by `responses`: no port, no waiting."""

from __future__ import annotations

import logging
import pickle
import threading

import pytest
import requests
import responses

from sfbulk_pandas import errors
from sfbulk_pandas.auth import AccessToken, RefreshToken
from sfbulk_pandas.salesforce.job import Operation
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.retry import RetryPolicy
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire import ingest, oauth
from sfbulk_pandas.wire.http import Request, Response

ORG = "https://acme.my.salesforce.com"
PATH = "/services/data/v66.0/x"
GET = Request("GET", PATH)
DELETE = Request("DELETE", PATH)
POST = Request("POST", PATH, body=b"{}", replayable=False)
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


class FakeClock:
    def __init__(self):
        self.seconds = 1_000.0
        self.slept = []

    def now(self):
        return self.seconds

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


class Renewing:
    """Credentials that give token1, token2, ..."""

    def __init__(self):
        self.fetched = 0

    def fetch(self, send):
        self.fetched += 1
        return oauth.AccessToken(f"planted{self.fetched}", ORG, "https://login.salesforce.com/id/00D/005")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def credentials():
    return Renewing()


@pytest.fixture
def session(credentials, clock):
    with Session(credentials, clock=clock) as opened:
        yield opened


@pytest.fixture
def far_end():
    with responses.RequestsMock() as mock:
        yield mock


def sent(far_end):
    return [call.request for call in far_end.calls]


def test_send(far_end, session, credentials):
    far_end.get(ORG + PATH, json={"a": "Zürich"}, headers={"X-SFDC-Request-Id": "abc"})
    assert credentials.fetched == 0
    response = session.send(GET)
    assert (response.status_code, response.json()) == (200, {"a": "Zürich"})
    headers = sent(far_end)[0].headers
    assert headers["Authorization"] == "Bearer planted1"
    assert headers["Accept-Encoding"] == "gzip"
    assert session.calls == credentials.fetched == 1


def test_address_and_identity_come_with_the_token(session, credentials):
    assert session.instance_url == ORG
    assert session.token_id_url.endswith("/00D/005")
    assert credentials.fetched == 1
    assert session.api_version == "66.0"


def test_401_fetches_one_token_and_repeats(far_end, session, credentials):
    far_end.post(ORG + PATH, json=EXPIRED, status=401)
    far_end.post(ORG + PATH, json={"ok": 1})
    assert session.send(POST).json() == {"ok": 1}
    assert [each.headers["Authorization"] for each in sent(far_end)] == ["Bearer planted1", "Bearer planted2"]
    assert [each.body for each in sent(far_end)] == [b"{}", b"{}"]
    assert credentials.fetched == 2


def test_second_401_is_the_end(far_end, session, credentials):
    far_end.get(ORG + PATH, json=EXPIRED, status=401)
    with pytest.raises(errors.SessionExpired, match="INVALID_SESSION_ID"):
        session.send(GET)
    assert credentials.fetched == 2
    assert session.calls == 2


def test_each_request_may_renew_once(far_end, session, credentials):
    for _ in range(3):
        far_end.get(ORG + PATH, json=EXPIRED, status=401)
        far_end.get(ORG + PATH, json={})
        session.send(GET)
        far_end.reset()
    assert credentials.fetched == 4


def test_401_that_no_token_helps(far_end, session, credentials):
    said = [{"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}]
    far_end.get(ORG + PATH, json=said, status=401)
    with pytest.raises(errors.SessionExpired):
        session.send(GET)
    assert credentials.fetched == 1


def test_token_that_cannot_be_renewed(far_end, clock):
    far_end.get(ORG + PATH, json=EXPIRED, status=401)
    with pytest.raises(errors.SessionExpired, match="cannot be renewed") as caught:
        Session(AccessToken("planted", ORG), clock=clock).send(GET)
    assert "JwtBearer" in caught.value.hint
    assert len(far_end.calls) == 1


def test_many_threads_renew_once(credentials, clock):
    session = Session(credentials, clock=clock)
    first = session._current()
    gate = threading.Barrier(8)
    renewed = []

    def renew():
        gate.wait()
        renewed.append(session._renewed(first).token)

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert renewed == ["planted2"] * 8
    assert credentials.fetched == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_get_is_repeated_with_growing_waits(status, far_end, session, clock):
    for _ in range(3):
        far_end.get(ORG + PATH, body="<html>busy</html>", status=status)
    far_end.get(ORG + PATH, body="fine")
    assert session.send(GET).body == b"fine"
    assert [round(seconds / expected) for seconds, expected in zip(clock.slept, [0.5, 1, 2], strict=True)] == [1, 1, 1]


def test_repeating_ends_with_what_salesforce_said(far_end, session, clock):
    far_end.get(ORG + PATH, json=[{"errorCode": "SERVER_UNAVAILABLE", "message": "too busy"}], status=503)
    with pytest.raises(errors.ApiError, match="too busy") as caught:
        session.send(GET)
    assert caught.value.status_code == 503
    assert len(far_end.calls) == 5
    assert len(clock.slept) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("trouble", [429, 500, 503, requests.ConnectionError("reset"), requests.ReadTimeout("slow")])
def test_what_is_not_replayable_is_never_repeated(method, trouble, far_end, session, clock):
    answer = {"status": trouble} if isinstance(trouble, int) else {"body": trouble}
    far_end.add(method, ORG + PATH, **answer)
    with pytest.raises((errors.ApiError, errors.TransportError)) as caught:
        session.send(Request(method, PATH, body=b"x", replayable=False))
    assert len(far_end.calls) == 1
    assert clock.slept == []
    assert not isinstance(caught.value, errors.RetriesExhausted)


def test_a_post_that_was_refused_unseen_is_sent_again(far_end, session, clock):
    limit = {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests (x) Limit exceeded."}
    far_end.post(ORG + PATH, json=[limit], status=403)
    far_end.post(ORG + PATH, json={})
    assert session.send(POST).status_code == 200
    assert len(clock.slept) == 1


def test_repeating_ends_within_the_total_time_whatever_salesforce_asks(far_end, credentials, clock):
    far_end.get(ORG + PATH, status=503, headers={"Retry-After": "100"})
    session = Session(credentials, clock=clock, network=Network(retry=RetryPolicy(total_seconds=250)))
    with pytest.raises(errors.SalesforceBroken):
        session.send(GET)
    assert clock.slept == [100, 100]


def test_a_new_token_does_not_begin_the_total_time_anew(far_end, credentials, clock):
    far_end.get(ORG + PATH, status=503, headers={"Retry-After": "100"})
    far_end.get(ORG + PATH, json=EXPIRED, status=401)
    far_end.get(ORG + PATH, status=503, headers={"Retry-After": "100"})
    session = Session(credentials, clock=clock, network=Network(retry=RetryPolicy(total_seconds=150)))
    with pytest.raises(errors.SalesforceBroken):
        session.send(GET)
    assert clock.slept == [100]


def test_what_never_left_is_repeated_whatever_it_is(far_end, session):
    far_end.post(ORG + PATH, body=requests.ConnectTimeout("no"))
    far_end.post(ORG + PATH, json={})
    assert session.send(POST).status_code == 200


def test_delete_is_not_repeated_after_a_500(far_end, session):
    far_end.delete(ORG + PATH, status=500)
    with pytest.raises(errors.SalesforceBroken):
        session.send(DELETE)
    assert len(far_end.calls) == 1


def test_broken_connection_of_a_get(far_end, session, clock):
    far_end.get(ORG + PATH, body=requests.ConnectionError("reset"))
    with pytest.raises(errors.RetriesExhausted, match="5 times") as caught:
        session.send(GET)
    assert caught.value.attempts == len(far_end.calls) == 5


@pytest.mark.parametrize(("value", "waited"), [("7", 7), ("Thu, 01 Jan 1970 00:17:00 GMT", 20)])
def test_retry_after(value, waited, far_end, session, clock):
    far_end.get(ORG + PATH, status=503, headers={"Retry-After": value})
    far_end.get(ORG + PATH, body="fine")
    session.send(GET)
    assert clock.slept == [waited]


def test_retry_after_too_long_is_not_waited_for(far_end, session, clock):
    far_end.get(ORG + PATH, status=503, headers={"Retry-After": "86400"})
    with pytest.raises(errors.SalesforceBroken) as caught:
        session.send(GET)
    assert caught.value.retry_after == "86400"
    assert clock.slept == []


def test_daily_limit_is_not_repeated_but_concurrency_is(far_end, session, clock):
    limit = {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests (x) Limit exceeded."}
    far_end.get(ORG + PATH, json=[limit], status=403)
    far_end.get(ORG + PATH, json=[limit | {"message": "TotalRequests Limit exceeded."}], status=403)
    with pytest.raises(errors.RequestLimitExceeded, match="Total"):
        session.send(GET)
    assert len(clock.slept) == 1


def test_cut_body_of_a_get_is_fetched_again(far_end, session):
    far_end.get(ORG + PATH, body="shor", headers={"Content-Length": "5"}, auto_calculate_content_length=False)
    far_end.get(ORG + PATH, body="whole")
    assert session.send(GET).body == b"whole"


def test_policy_is_settable(far_end, credentials, clock):
    far_end.get(ORG + PATH, status=503)
    with pytest.raises(errors.SalesforceBroken):
        Session(credentials, clock=clock, network=Network(retry=RetryPolicy(attempts=1))).send(GET)
    assert len(far_end.calls) == 1


def test_stream(far_end, session):
    far_end.get(ORG + PATH, body="a,b\n1,2\n", headers={"Sforce-Locator": "null"})
    with session.stream(GET) as answer:
        assert (answer.status_code, answer.headers["sforce-locator"]) == (200, "null")
        assert answer.raw.read(4) == b"a,b\n"
        assert answer.raw.read() == b"1,2\n"
    assert answer.raw.closed


def test_stream_raises_before_it_opens(far_end, session, credentials):
    far_end.get(ORG + PATH, json=EXPIRED, status=401)
    far_end.get(ORG + PATH, status=503)
    far_end.get(ORG + PATH, json=[{"errorCode": "NOT_FOUND", "message": "gone"}], status=404)
    with pytest.raises(errors.NotFound), session.stream(GET):
        raise AssertionError
    assert credentials.fetched == 2


def test_token_goes_to_its_own_org_only(far_end, session):
    with pytest.raises(errors.UsageError, match="not the org"):
        session.send(Request("GET", "https://evil.example.com/services"))
    far_end.get(ORG + PATH, body="own")
    assert session.send(Request("GET", ORG + PATH)).body == b"own"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [GET, POST, DELETE], ids=str)
def test_redirects_are_not_followed_and_take_no_token_along(status, request_, far_end, session):
    far_end.add(request_.method, ORG + PATH, status=status, headers={"Location": "https://evil.example.com/?sid=x"})
    with pytest.raises(errors.ApiError, match=r"evil\.example\.com"):
        session.send(request_)
    assert [each.url for each in sent(far_end)] == [ORG + PATH]


def test_the_token_endpoint_is_not_followed_elsewhere_either(far_end, clock):
    far_end.post(
        "https://login.salesforce.com/services/oauth2/token",
        status=307,
        headers={"Location": "https://evil.example.com/services/oauth2/token"},
    )
    credentials = RefreshToken("key", "planted", client_secret="planted")
    with pytest.raises(errors.ApiError, match=r"redirect.*evil\.example\.com"):
        Session(credentials, clock=clock).send(GET)
    assert len(far_end.calls) == 1


@pytest.mark.parametrize("where", ["the header", "the body"])
@pytest.mark.parametrize("request_", [GET, DELETE, POST], ids=str)
def test_a_web_page_is_no_answer_not_even_where_nothing_is_read(where, request_, far_end, session):
    kind = "text/html; charset=UTF-8" if where == "the header" else "text/plain"
    far_end.add(request_.method, ORG + PATH, body="\n<!DOCTYPE html><title>Log in</title>", content_type=kind)
    with pytest.raises(errors.SalesforceBroken, match="is a web page") as caught:
        session.send(request_)
    assert "Log in" in caught.value.body_start


def test_a_page_of_results_that_is_a_web_page_is_no_answer(far_end, session):
    far_end.get(ORG + PATH, body="<html>Log in</html>", content_type="text/html")
    with pytest.raises(errors.SalesforceBroken, match="Log in"), session.stream(GET):
        pass


@pytest.mark.parametrize("status", [201, 204])
def test_an_empty_answer_may_say_that_it_is_a_page(status, far_end, session):
    far_end.delete(ORG + PATH, status=status, body=b"", content_type="text/html", auto_calculate_content_length=True)
    assert session.send(DELETE).body == b""


def test_the_own_session_is_used_and_stays_open(far_end, credentials, clock, monkeypatch):
    own = requests.Session()
    own.headers["X-Own"] = "yes"
    monkeypatch.setattr(own, "close", lambda: pytest.fail("it was closed"))
    far_end.get(ORG + PATH)
    with Session(credentials, clock=clock, network=Network(session=own)) as session:
        session.send(GET)
    assert sent(far_end)[0].headers["X-Own"] == "yes"
    assert "Authorization" not in own.headers


def test_netrc_and_other_headers_do_not_replace_the_token(far_end, session, monkeypatch):
    monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda url: ("me", "secret"))
    far_end.get(ORG + PATH)
    session.send(Request("GET", PATH, {"authorization": "Basic x"}))
    assert sent(far_end)[0].headers["Authorization"] == "Bearer planted1"


def test_cookies_are_not_kept(far_end, session):
    far_end.get(ORG + PATH, headers={"Set-Cookie": "sid=planted; Path=/"})
    session.send(GET)
    session.send(GET)
    assert "Cookie" not in sent(far_end)[1].headers


@pytest.mark.parametrize(
    ("base", "proxied"), [("http://127.0.0.1:9", False), ("http://localhost:9", False), (ORG, True)]
)
def test_proxies_of_the_environment_are_left_out_for_this_machine(base, proxied, far_end, clock, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example.com:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    far_end.get(base + PATH)
    Session(AccessToken("tok", base), clock=clock, network=Network(connect_seconds=1, read_seconds=2)).send(GET)
    request = far_end.calls[0].request
    assert bool({key for key, value in request.req_kwargs["proxies"].items() if value}) == proxied
    assert request.req_kwargs["timeout"] == (1, 2)
    assert request.headers["Accept-Encoding"] == ("gzip" if proxied else "identity")


class Pieces:
    """A body that tells how often it was walked."""

    walks = 0

    def __len__(self):
        return 5

    def __iter__(self):
        self.walks += 1
        yield memoryview(b"ab")
        yield b"cde"


def test_body_in_pieces_goes_with_its_length_and_is_walked_again(far_end, session):
    got = []

    def take(request):
        got.append((request.headers["Content-Length"], b"".join(bytes(each) for each in request.body)))
        return (401, {}, "") if len(got) == 1 else (201, {}, "")

    far_end.add_callback(responses.PUT, f"{ORG}/services/data/v66.0/jobs/ingest/750/batches", take)
    pieces = Pieces()
    assert session.send(ingest.build_upload("66.0", "750", pieces)).status_code == 201
    assert got == [("5", b"abcde")] * 2
    assert pieces.walks == 2


def test_answer_of_the_token_endpoint_reaches_the_credentials_whatever_it_is(far_end, clock):
    seen = []

    class Asking:
        def fetch(self, send):
            seen.append(send(Request("POST", "https://login.salesforce.com/t", body=b"x=1")))
            return oauth.AccessToken("tok", ORG)

    far_end.post("https://login.salesforce.com/t", status=503)
    far_end.post("https://login.salesforce.com/t", json={"error": "invalid_grant"}, status=400)
    session = Session(Asking(), clock=clock)
    assert session.instance_url == ORG
    assert isinstance(seen[0], Response)
    assert seen[0].status_code == 400
    assert len(clock.slept) == 1
    assert "Authorization" not in far_end.calls[0].request.headers


@pytest.mark.parametrize("operation", [Operation.INSERT])
def test_one_line_of_log_a_request(operation, far_end, session, caplog):
    far_end.post(f"{ORG}/services/data/v66.0/jobs/ingest", body="{}", headers={"X-SFDC-Request-Id": "req1"})
    far_end.get(ORG + PATH, body=requests.ReadTimeout("x"))
    with caplog.at_level(logging.DEBUG, logger="sfbulk_pandas"):
        session.send(ingest.build_create_job("66.0", ingest.IngestJob("Lead", operation)))
        with pytest.raises(errors.RetriesExhausted):
            session.send(Request("GET", f"{PATH}?sid=planted"))
    lines = [record.getMessage() for record in caplog.records if record.name == "sfbulk_pandas"]
    assert len(lines) == session.calls == 6
    assert lines[0].startswith("POST /services/data/v66.0/jobs/ingest 200 in 0 ms, ")
    assert lines[0].endswith("2 down, request id req1")
    assert lines[1].startswith(f"GET {PATH} ReadTimedOut")
    assert "planted" not in caplog.text


def test_session_shows_no_secret_and_is_not_pickled(session):
    assert repr(session) == "Session(not signed in yet, api_version='66.0')"
    assert session.instance_url in repr(session)
    assert "planted" not in repr(session)
    with pytest.raises(errors.UsageError, match="not pickled"):
        pickle.dumps(session)
    session.close()
    session.close()


def test_a_caller_may_pause_in_its_own_way_and_end_a_request_so(session, clock, far_end):
    far_end.get(ORG + PATH, status=503)
    paused = []

    def ended(seconds):
        paused.append(seconds)
        raise InterruptedError

    with pytest.raises(InterruptedError), session.pausing(ended):
        session.send(GET)
    assert (len(paused), len(sent(far_end)), clock.slept) == (1, 1, [])


def test_a_pause_of_ones_own_is_for_one_thread_and_ends_with_its_context(session, clock, far_end):
    paused = []
    with session.pausing(paused.append):
        with session.pausing(clock.sleep):
            pass
        far_end.get(ORG + PATH, status=503)
        far_end.get(ORG + PATH, status=200)
        other = threading.Thread(target=session.send, args=(GET,))
        other.start()
        other.join()
        assert (len(paused), len(clock.slept)) == (0, 1)
        far_end.get(ORG + PATH, status=503)
        far_end.get(ORG + PATH, status=200)
        session.send(GET)
        assert (len(paused), len(clock.slept)) == (1, 1)
    far_end.get(ORG + PATH, status=503)
    far_end.get(ORG + PATH, status=200)
    session.send(GET)
    assert (len(paused), len(clock.slept)) == (1, 2)
