"""Secrets planted in every flow; whatever comes out is searched, at debug log level."""

from __future__ import annotations

import io
import json
import logging
import pickle
import sys
import traceback
import warnings
from pathlib import Path
from urllib.parse import parse_qs

import pandas as pd
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import sfbulk_pandas as sfbulk
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

HOST = "https://acme.my.salesforce.com"
TOKEN_URL = f"{HOST}/services/oauth2/token"
PASSPHRASE = "plantedPassphrase"
PEM = rsa.generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
)
SECRETS = {
    "token": "plantedAccessToken",
    "client secret": "plantedClientSecret",
    "refresh token": "plantedRefreshToken",
    "rotated token": "plantedRotatedToken",
    "passphrase": PASSPHRASE,
    "key": PEM.decode().splitlines()[3],
}


def chain(error):
    """Yield an error and all that hang on it."""
    todo, seen = [error], set()
    while todo:
        each = todo.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            todo += [each.__cause__, each.__context__]


def shown_of(error):
    """Return all that an error shows, locals of every frame but the tests' among it."""
    pieces = []
    for each in chain(error):
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(each.__traceback__)
            if "/tests/" not in frame.f_code.co_filename and "/responses/" not in frame.f_code.co_filename
        ]
        assert frames or each is not error
        pieces += traceback.StackSummary.extract(frames, capture_locals=True).format()
        pieces += [repr(each), str(each), repr(vars(each)), *getattr(each, "__notes__", [])]
        try:
            pieces.append(pickle.dumps(each).decode("latin-1"))
        except (TypeError, AttributeError, pickle.PicklingError) as refused:
            pieces.append(str(refused))
    return "\n".join(pieces)


def found_in(text, secrets=None):
    return [name for name, secret in (secrets or SECRETS).items() if secret in text]


class Watch:
    """All that comes out while it is open: log at debug of everyone, warnings, both streams."""

    def __init__(self, caplog, capsys):
        self.caplog, self.capsys, self.values = caplog, capsys, []

    def __enter__(self):
        self.caplog.set_level(logging.DEBUG)
        self.warnings = warnings.catch_warnings(record=True)
        self.caught = self.warnings.__enter__()
        warnings.simplefilter("always")
        return self

    def __exit__(self, *error):
        self.warnings.__exit__(*error)

    def add(self, *values):
        self.values += values

    def text(self):
        streams = self.capsys.readouterr()
        pieces = [self.caplog.text, streams.out, streams.err, *(str(each.message) for each in self.caught)]
        pieces += [repr(vars(record)) for record in self.caplog.records]
        for value in self.values:
            pieces += [value] if isinstance(value, str) else [repr(value), str(value), html_of(value), pickled(value)]
        return "\n".join(pieces)


def html_of(value):
    """Return what a notebook shows."""
    make = getattr(value, "_repr_html_", None)
    return (make() or "") if make else ""


def pickled(value):
    try:
        return pickle.dumps(value).decode("latin-1")
    except (sfbulk.UsageError, TypeError, AttributeError, pickle.PicklingError) as error:
        return shown_of(error)


@pytest.fixture
def watch(caplog, capsys):
    with Watch(caplog, capsys) as opened:
        yield opened


def by_cli(folder, shown):
    script = folder / "sf"
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(shown)!r})\n")
    script.chmod(0o700)
    return sfbulk.SalesforceCli("acme", executable=str(script))


SHOWN = {"accessToken": SECRETS["token"], "instanceUrl": HOST}


def sign(data):
    return b"plantedSignature"


def raising(token):
    raise ValueError("the vault is closed")


FLOWS = {
    "jwt": lambda folder: sfbulk.JwtBearer("id", "me", private_key=PEM, passphrase=PASSPHRASE, login_url=HOST),
    "vault": lambda folder: sfbulk.JwtBearer("id", "me", private_key=sign, login_url=HOST),
    "client credentials": lambda folder: sfbulk.ClientCredentials("id", SECRETS["client secret"], login_url=HOST),
    "refresh token": lambda folder: sfbulk.RefreshToken(
        "id", SECRETS["refresh token"], client_secret=SECRETS["client secret"], login_url=HOST
    ),
    "rotation": lambda folder: sfbulk.RefreshToken(
        "id", lambda: SECRETS["refresh token"], client_secret=SECRETS["client secret"], login_url=HOST
    ),
}


def echoed(request):
    body = request.body if isinstance(request.body, str) else (request.body or b"").decode()
    return f"you sent {dict(request.headers)} {body} {parse_qs(body)}"


def answer(status, body, **headers):
    return lambda request: (status, headers, body)


def raised(error):
    def raise_it(request):
        if isinstance(error, requests.RequestException):
            error.request = request
        raise error

    return raise_it


GOOD = {"access_token": SECRETS["token"], "instance_url": HOST, "refresh_token": SECRETS["rotated token"]}
TROUBLES = {
    "refused": answer(
        400, '{"error": "invalid_client", "error_description": "plantedRefreshToken=no"}'.replace("planted", "")
    ),
    "echo": lambda request: (400, {}, f"<html>{echoed(request)}</html>"),
    "echo as JSON": lambda request: (
        400,
        {},
        json.dumps({"error": "invalid_grant", "error_description": echoed(request)}),
    ),
    "echo in 500": lambda request: (500, {}, echoed(request)),
    "redirect": lambda request: (302, {"Location": f"https://evil.example.com/?{request.body.decode()}"}, ""),
    "no instance_url": answer(200, json.dumps({"access_token": SECRETS["token"]})),
    "another shape": answer(200, json.dumps([GOOD])),
    "of a stranger": answer(200, json.dumps(GOOD | {"instance_url": "https://evil.example.com"})),
    "with blanks": answer(200, json.dumps(GOOD | {"access_token": f"{SECRETS['token']} x"})),
    "cut JSON": answer(200, json.dumps(GOOD)[:60]),
    "cut body": answer(200, json.dumps(GOOD), **{"Content-Length": "5000"}),
    "not gzip": answer(200, json.dumps(GOOD), **{"Content-Encoding": "gzip"}),
    "page": answer(200, f"<html>access_token={SECRETS['token']}</html>"),
    "broken": raised(requests.ConnectionError("gone")),
    "slow": raised(requests.ReadTimeout("slow")),
    "interrupted": raised(KeyboardInterrupt()),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_sign_in_that_fails(flow, trouble, watch, tmp_path):
    credentials = flow(tmp_path)
    assertions = {}

    def take(request):
        body = request.body.decode()
        if "assertion" in parse_qs(body):
            assertions["assertion"] = parse_qs(body)["assertion"][0]
        return trouble(request)

    with responses.RequestsMock() as far_end:
        far_end.add_callback("POST", TOKEN_URL, take)
        session = Session(credentials, clock=NoWait())
        with pytest.raises((sfbulk.SfBulkError, KeyboardInterrupt)) as caught:
            session.send(Request("GET", "/x"))
    watch.add(credentials, session, shown_of(caught.value))
    text = watch.text()
    assert found_in(text, SECRETS | assertions) == []


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_callback_for_rotated_tokens_that_fails(kind, watch):
    def keep(token):
        raise kind

    credentials = sfbulk.RefreshToken("id", SECRETS["refresh token"], login_url=HOST, on_rotated=keep)
    with responses.RequestsMock() as far_end:
        far_end.post(TOKEN_URL, json=GOOD)
        with pytest.raises(kind) as caught:
            Session(credentials, clock=NoWait()).send(Request("GET", "/x"))
    watch.add(credentials, shown_of(caught.value))
    assert found_in(watch.text()) == []


WRONG = {
    "token with blanks": lambda: sfbulk.AccessToken(f"{SECRETS['token']} x", HOST),
    "token at a stranger's": lambda: sfbulk.AccessToken(SECRETS["token"], "http://acme.my.salesforce.com"),
    "token for an alias": lambda: sfbulk.connect(f"00D!{SECRETS['token']}"),
    "client credentials at login": lambda: sfbulk.ClientCredentials(
        "id", SECRETS["client secret"], login_url="login.salesforce.com"
    ),
    "client credentials without id": lambda: sfbulk.ClientCredentials(" ", SECRETS["client secret"], login_url=HOST),
    "refresh token without id": lambda: sfbulk.RefreshToken("", SECRETS["refresh token"]),
    "refresh token over http": lambda: sfbulk.RefreshToken(
        "id", SECRETS["refresh token"], client_secret=SECRETS["client secret"], login_url="http://acme.com"
    ),
    "key without user": lambda: sfbulk.JwtBearer("id", "", private_key=PEM, passphrase=PASSPHRASE),
    "password in the address": lambda: sfbulk.AccessToken("tok", f"https://me:{SECRETS['token']}@acme.com"),
    "key without passphrase": lambda: sfbulk.JwtBearer("id", "me", private_key=PEM).fetch(None),
    "key with another": lambda: sfbulk.JwtBearer("id", "me", private_key=PEM, passphrase=PASSPHRASE + "x").fetch(None),
    "key cut off": lambda: sfbulk.JwtBearer("id", "me", private_key=PEM[:400], passphrase=PASSPHRASE).fetch(None),
    "secret in bytes": lambda: sfbulk.ClientCredentials("id", SECRETS["client secret"].encode, login_url=HOST).fetch(
        None
    ),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_credentials_that_cannot_be(make, watch):
    with pytest.raises(sfbulk.UsageError) as caught:
        make()
    watch.add(shown_of(caught.value))
    assert found_in(watch.text()) == []


@pytest.mark.parametrize(
    "given",
    [
        {"CLIENT_SECRET": SECRETS["client secret"]},
        {"REFRESH_TOKEN": SECRETS["refresh token"]},
        {"ACCESS_TOKEN": SECRETS["token"], "ORG": "x"},
        {"ACCESS_TOKEN": f"{SECRETS['token']} x", "INSTANCE_URL": HOST},
        {"ACCESS_TOKEN": SECRETS["token"], "INSTANCE_URL": "ftp://acme"},
        {"PRIVATE_KEY": PEM.decode(), "CLIENT_ID": "id", "PASSPHRASE": PASSPHRASE},
        {"PRIVATE_KEY": PEM.decode(), "CLIENT_ID": "id", "USERNAME": "me", "LOGIN_URL": "ftp://x"},
    ],
    ids="+".join,
)
def test_variables_that_cannot_be(given, watch, monkeypatch):
    for name, value in given.items():
        monkeypatch.setenv(f"SFBULK_{name}", value)
    with pytest.raises(sfbulk.UsageError) as caught:
        sfbulk.connect()
    watch.add(shown_of(caught.value))
    assert found_in(watch.text()) == []


@pytest.mark.parametrize(
    "shown",
    [
        {"status": 0, "result": {"accessToken": SECRETS["token"]}},
        {"status": 0, "result": SHOWN | {"instanceUrl": "https://evil.example.com"}},
        {"status": 0, "result": SHOWN | {"accessToken": f"{SECRETS['token']} x"}},
        {"status": 1, "result": SHOWN, "message": "expired"},
        [SHOWN],
        SECRETS["token"],
    ],
    ids=["no address", "a stranger's", "with blanks", "expired", "a list", "a text"],
)
def test_a_command_line_that_cannot_be_used(shown, watch, tmp_path):
    with pytest.raises(sfbulk.CliLoginMissing) as caught:
        sfbulk.connect(by_cli(tmp_path, shown))
    watch.add(shown_of(caught.value))
    assert found_in(watch.text()) == []


REQUESTS = {
    "echo": lambda request: (400, {}, echoed(request)),
    "echo as JSON": lambda request: (404, {}, json.dumps([{"errorCode": "X", "message": echoed(request)}])),
    "expired for good": answer(401, '[{"errorCode": "INVALID_SESSION_ID", "message": "expired"}]'),
    "redirect": lambda request: (302, {"Location": f"https://x.example.com/?{request.headers}"}, ""),
    "broken": raised(requests.ConnectionError("gone")),
    "slow": raised(requests.ReadTimeout("slow")),
    "odd": raised(requests.exceptions.InvalidURL("odd")),
    "interrupted": raised(KeyboardInterrupt()),
    "cut body": lambda request: (200, {"Content-Length": "5000"}, echoed(request)),
    "page": lambda request: (200, {}, f"<html>{echoed(request)}"),
}


@pytest.mark.parametrize("trouble", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/services/data/x", "/services/async/66.0/job"])
def test_a_request_that_fails(trouble, method, path, watch):
    with responses.RequestsMock() as far_end:
        far_end.add_callback(method, HOST + path, trouble)
        session = Session(sfbulk.AccessToken(SECRETS["token"], HOST), clock=NoWait())
        with pytest.raises((sfbulk.SfBulkError, KeyboardInterrupt)) as caught:
            session.send(Request(method, path, body=b"x", replayable=method == "GET"))
    watch.add(session, shown_of(caught.value))
    assert found_in(watch.text()) == []


def handed_out(local, monkeypatch):
    """Return a list that all access tokens from now on go into."""
    tokens = [local.access_token]
    make = local.state.sign_in.new_token

    def noted():
        tokens.append(make())
        return tokens[-1]

    monkeypatch.setattr(local.state.sign_in, "new_token", noted)
    return tokens


WAYS = {
    "jwt": lambda local, _: sfbulk.JwtBearer(**local.credentials()),
    "client credentials": lambda local, _: sfbulk.ClientCredentials(
        local.client_id, local.client_secret, login_url=local.url
    ),
    "refresh token": lambda local, _: sfbulk.RefreshToken(local.client_id, local.refresh_token, login_url=local.url),
    "cli": lambda local, folder: by_cli(
        folder, {"status": 0, "result": {"accessToken": local.access_token, "instanceUrl": local.url}}
    ),
    "access token": lambda local, _: sfbulk.AccessToken(local.access_token, local.url),
}
FRAME = pd.DataFrame({"LastName": [f"N{n}" for n in range(20)], "Email": ["a@example.com", "bad"] * 10})


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_day_of_work_shows_nothing(local, way, watch, tmp_path, monkeypatch, state_folder):
    tokens = handed_out(local, monkeypatch)
    stream = io.StringIO()
    logging.getLogger().addHandler(handler := logging.StreamHandler(stream))
    with sfbulk.connect(WAYS[way](local, tmp_path), journal=tmp_path / "journal.db") as org:
        if way not in {"cli", "access token"}:
            local.expire_tokens()
        result = org.insert(FRAME, "Contact", progress=watch.add)
        again = result.retry(result.failed.assign(Email="b@example.com"))
        frame = org.query("SELECT Id, LastName FROM Contact", spool=tmp_path / "spool")
        folder = org.query_parquet("SELECT Id FROM Contact", tmp_path / "contacts", plan="pk_chunks", progress=True)
        copy = org.sync("Contact", tmp_path / "copy", columns=["LastName"])
        told = org.explain("SELECT Id FROM Contact")
        with pytest.raises(sfbulk.SfBulkError) as caught:
            org.query("SELECT Id FROM Contact WHERE Nmae = 'x'")
        with pytest.raises(sfbulk.NotFound) as missing:
            org.job("750000000000000AAA")
        watch.add(org, org._session, result, result.errors, result.manifest, again, frame, frame.attrs, folder)
        watch.add(result.report, *result.jobs, org.job(result.jobs[0].id), org.check(FRAME, "Contact", "insert"))
        watch.add(copy, told, org.jobs(), org.loads(), org.limits(), shown_of(caught.value), shown_of(missing.value))
    logging.getLogger().removeHandler(handler)
    secrets = {f"token {number}": token for number, token in enumerate(tokens)}
    secrets |= {"client secret": local.client_secret, "refresh token": local.refresh_token}
    secrets |= {"key": local.private_key_pem.splitlines()[3]}
    text = watch.text() + stream.getvalue()
    assert "job 750" in text
    assert found_in(text, secrets) == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "sf"]
    assert len(files) > 5
    assert [path for path in files if found_in(path.read_bytes().decode("latin-1"), secrets)] == []


def test_the_search_itself_finds_what_is_planted(watch):
    def holds(secret):
        raise ValueError

    try:
        holds(SECRETS["token"])
    except ValueError as error:
        frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
        watch.add("".join(frames.format()))
    logging.getLogger("anyone").debug(SECRETS["key"])
    warnings.warn(SECRETS["passphrase"], stacklevel=1)
    watch.add({"x": SECRETS["refresh token"]})
    assert found_in(watch.text()) == ["token", "refresh token", "passphrase", "key"]
    assert load_pem_private_key(PEM, PASSPHRASE.encode()).key_size == 2048
