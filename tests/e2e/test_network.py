"""Proxies, certificates, names that are not found, connections that break: with real sockets on this machine."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import ipaddress
import logging
import select
import socket
import ssl
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import sfbulk_pandas as sfbulk
from sfbulk_pandas.transport.session import Session
from sfbulk_pandas.wire.http import Request

sys.path.insert(0, str(Path(__file__).parents[1]))  # test modules are imported each by its file

from no_wait import NoWait

HOST = "acme.my.salesforce.com"
GET, POST = Request("GET", "/services/data/x"), Request("POST", "/services/data/x", body=b"{}", replayable=False)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Host"), self.headers.get("Authorization")))
        body = b'{"ok": 1}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.connections, self.port = [], 0, self.server_address[1]
        self.context = context

    def finish_request(self, request, client_address):
        """Shake hands in the connection's own thread."""
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


@contextlib.contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(subject, issuer, key, issuer_key, extension):
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(extension, critical=True)
        .add_extension(_usage(signs=isinstance(extension, x509.BasicConstraints)), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, SHA256())
    )


def _usage(*, signs):
    """Say what a key is for: Python 3.13 takes no authority without it."""
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    off = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **off)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Return the certificate of an authority nobody knows, and a context with one that it has signed."""
    folder = tmp_path_factory.mktemp("ca")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate("Acme's own", None, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=0))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = certificate(HOST, ca.subject, key, ca_key, names)
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return folder / "ca.pem", context


@pytest.fixture
def secure(authority):
    with serving(Server(authority[1])) as server:
        yield server


@pytest.fixture
def ca(authority):
    return authority[0]


class Proxy:
    """A proxy that knows one name only, which nobody else can find."""

    def __init__(self, target_port):
        self.asked = []
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._tunnel, args=[client], daemon=True).start()

    def _tunnel(self, client):
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.partition(b"\r\n")[0].decode())
            if self.target_port is None:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self.target_port)) as server:
                ends = {client: server, server: client}
                while ready := select.select(list(ends), [], [], 5)[0]:
                    for each in ready:
                        data = each.recv(65536)
                        if not data:
                            return
                        ends[each].sendall(data)

    def close(self):
        self.listener.close()


@pytest.fixture
def proxy(secure):
    found = Proxy(secure.port)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def names(monkeypatch, secure):
    """Let no name be found but those of this machine, as behind a company's wall; return what others stand for."""
    known = {}
    real = socket.getaddrinfo

    def find(host, port, *args, **kwargs):
        if host in known:
            return real("127.0.0.1", known[host], *args, **kwargs)
        if host in {"127.0.0.1", "localhost"}:
            return real(host, port, *args, **kwargs)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find)
    return known


def session(address=f"https://{HOST}", **network):
    return Session(sfbulk.AccessToken("planted", address), clock=NoWait(), network=sfbulk.Network(**network))


def test_a_proxy_that_is_given_finds_the_name(proxy, secure, ca, names):
    with session(proxies={"https": proxy.url}, ca_bundle=ca) as opened:
        assert opened.send(GET).json() == {"ok": 1}
    assert [each.split()[:2] for each in proxy.asked] == [["CONNECT", f"{HOST}:443"]]
    assert secure.seen == [("/services/data/x", HOST, "Bearer planted")]


def test_the_proxy_and_the_certificates_of_the_environment_are_taken(proxy, secure, ca, names, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    with session() as opened:
        assert opened.send(GET).json() == {"ok": 1}
    assert len(proxy.asked) == 1


def test_what_is_given_goes_before_the_environment(proxy, secure, ca, names, monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.certs.where())
    with session(proxies={"https": proxy.url}, ca_bundle=ca) as opened:
        assert opened.send(GET).json() == {"ok": 1}


@pytest.mark.parametrize("way", ["NO_PROXY and HTTPS_PROXY", "NO_PROXY and given", "no_proxy given"])
def test_hosts_that_want_no_proxy_are_asked_directly(way, proxy, secure, ca, names, monkeypatch):
    names[HOST] = secure.port
    given = {}
    if way.endswith("given"):
        given["proxies"] = {"https": proxy.url}
    else:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    if way.startswith("NO_PROXY"):
        monkeypatch.setenv("NO_PROXY", ".salesforce.com")
    else:
        given["proxies"]["no_proxy"] = HOST
    with session(ca_bundle=ca, **given) as opened:
        assert opened.send(GET).json() == {"ok": 1}
    assert proxy.asked == []
    assert len(secure.seen) == 1


def test_this_machine_is_never_asked_through_a_proxy(proxy, secure, ca):
    with session(f"https://127.0.0.1:{secure.port}", proxies={"https": proxy.url}, ca_bundle=ca) as opened:
        assert opened.send(GET).json() == {"ok": 1}
    assert proxy.asked == []


def test_a_proxy_that_refuses_is_named_and_its_password_is_not(names, caplog):
    caplog.set_level(logging.DEBUG)
    refusing = Proxy(None)
    address = refusing.url.replace("//", "//me:planted@")
    network = sfbulk.Network(proxies={"https": address})
    opened = Session(sfbulk.AccessToken("tok", f"https://{HOST}"), clock=NoWait(), network=network)
    with opened, pytest.raises(sfbulk.RetriesExhausted, match="the proxy failed") as caught:
        opened.send(GET)
    refusing.close()
    assert "planted" not in repr(network) + str(caught.value) + caplog.text


def test_a_certificate_of_nobody_known_is_refused_and_says_what_helps(secure):
    with session(f"https://127.0.0.1:{secure.port}") as opened, pytest.raises(sfbulk.TransportError) as caught:
        opened.send(GET)
    assert "secure connection failed" in str(caught.value)
    assert "ca_bundle" in caught.value.hint
    assert secure.seen == []


def test_the_own_session_brings_its_proxies_and_certificates(proxy, secure, ca, names):
    own = requests.Session()
    own.verify, own.proxies = str(ca), {"https": proxy.url}
    with own, session(session=own) as opened:
        assert opened.send(GET).json() == {"ok": 1}
    assert len(proxy.asked) == 1


def test_connect_takes_a_network(secure, ca):
    with sfbulk.connect(
        sfbulk.AccessToken("planted", f"https://127.0.0.1:{secure.port}"), network=sfbulk.Network(ca_bundle=ca)
    ) as org:
        assert org._session.send(GET).json() == {"ok": 1}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"read_seconds": 0}, "read_seconds=0"),
        ({"connect_seconds": -1}, "connect_seconds=-1"),
        ({"connections": 0}, "connections=0"),
        ({"ca_bundle": "/no/such.pem"}, "no ca_bundle at /no/such.pem"),
        ({"proxies": {"ftp": "http://p:1"}}, "'ftp'"),
        ({"proxies": {"https": "proxy"}}, "is no address"),
        ({"session": requests.Session(), "connections": 5}, "session of our own"),
        ({"session": requests.Session(), "proxies": {"https": "http://p:1"}}, "session of our own"),
    ],
)
def test_a_network_that_cannot_be_is_refused(wrong, says):
    with pytest.raises(sfbulk.UsageError, match=says):
        sfbulk.Network(**wrong)


@pytest.mark.parametrize("request_", [GET, POST], ids=str)
def test_a_name_that_is_not_found_is_looked_up_again_whatever_is_asked(request_, names):
    opened = session()
    with opened, pytest.raises(sfbulk.TransportError, match="no connection") as caught:
        opened.send(request_)
    assert len(opened.clock.slept) == 4
    assert isinstance(caught.value, sfbulk.RetriesExhausted if request_ is GET else sfbulk.ConnectionFailed)
    names[HOST] = 1  # found now, and nobody listens there
    with opened, pytest.raises(sfbulk.TransportError, match="no connection"):
        opened.send(request_)


def reset(connection):
    """Close a connection so that the far end hears of a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def until_it_has_gone(connection):
    while connection.recv(65536):
        pass
    connection.close()


def before(connection):
    connection.recv(1)
    reset(connection)


def after(connection):
    connection.recv(65536)
    reset(connection)


def in_the_body(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    reset(connection)


def silent(connection):
    until_it_has_gone(connection)


def silent_in_the_body(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    until_it_has_gone(connection)


def cut(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.close()


@contextlib.contextmanager
def breaking(how):
    """Serve connections that all end in one way; give the address and how many there were."""
    listener = socket.create_server(("127.0.0.1", 0))
    count = []

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                count.append(1)
                with contextlib.suppress(ConnectionError):
                    how(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", count
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


BROKEN = [
    (before, sfbulk.ConnectionFailed, "broke"),
    (after, sfbulk.ConnectionFailed, "broke"),
    (in_the_body, sfbulk.ConnectionFailed, "broke|cut off"),
    (cut, sfbulk.ConnectionFailed, "cut off"),
    (silent, sfbulk.ReadTimedOut, "did not answer in time"),
    (silent_in_the_body, sfbulk.ReadTimedOut, "did not answer in time"),
]


@pytest.mark.parametrize(("how", "kind", "says"), BROKEN, ids=[how.__name__ for how, _, _ in BROKEN])
def test_whatever_breaks_a_get_it_is_repeated_and_a_post_is_not(how, kind, says):
    with breaking(how) as (address, count):
        opened = session(address, read_seconds=0.05, retry=sfbulk.RetryPolicy(attempts=3))
        with opened, pytest.raises(sfbulk.RetriesExhausted, match=says):
            opened.send(GET)
        assert len(count) == 3
        with opened, pytest.raises(kind, match=says) as caught:
            opened.send(POST)
        assert len(count) == 4
        assert caught.value.may_have_arrived


def test_connections_are_kept_for_all_that_travels_at_once(caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")
    with serving(Server()) as server, session(f"http://127.0.0.1:{server.port}") as opened:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: opened.send(GET).status_code, range(200)))
        assert answers == [200] * 200
        assert server.connections <= 8
    assert "pool is full" not in caplog.text
