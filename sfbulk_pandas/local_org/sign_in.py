"""Who may call: the org's one app, its one user, their keys, and the tokens handed out."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfbulk_pandas.salesforce.ids import from_number

if TYPE_CHECKING:
    from pathlib import Path

USERNAME = "analyst@local-org.example"
_KEY_BITS = 2048


@dataclass
class _Secrets:
    client_id: str
    client_secret: str
    refresh_token: str
    org_id: str
    private_key_pem: str = ""


class SignIn:
    """Keep the org's credentials, and know which tokens are good.

    Parameters
    ----------
    folder : Path
        Where the credentials are kept, so that an org with a file has the same ones after a restart.
    any_token : bool
        Whether a token is good that was not handed out but begins as the org's do.

    Notes
    -----
    Safe to use from several threads. The RSA key pair is made when it is first asked for.
    """

    def __init__(self, folder: Path, *, any_token: bool = False) -> None:
        self._file = folder / "sign_in.json"
        self._any_token = any_token
        self._lock = threading.RLock()
        self._tokens: set[str] = set()
        self._expired: set[str] = set()
        if self._file.exists():
            self._secrets = _Secrets(**json.loads(self._file.read_text(encoding="utf-8")))
        else:
            self._secrets = _new_secrets()
            self._save()

    @property
    def username(self) -> str:
        """The user who may sign in."""
        return USERNAME

    @property
    def org_id(self) -> str:
        """The org's Id, 18 characters; every org has its own, and one with a file keeps it."""
        return self._secrets.org_id

    @property
    def client_id(self) -> str:
        """The app's consumer key."""
        return self._secrets.client_id

    @property
    def client_secret(self) -> str:
        """The app's consumer secret."""
        return self._secrets.client_secret

    @property
    def refresh_token(self) -> str:
        """A refresh token of the user's."""
        return self._secrets.refresh_token

    @property
    def private_key_pem(self) -> str:
        """The RSA key that signs JWTs for the app; the org itself uses its public half alone."""
        with self._lock:
            if not self._secrets.private_key_pem:
                self._secrets.private_key_pem = _new_key_pem()
                self._save()
            return self._secrets.private_key_pem

    @property
    def public_key_pem(self) -> bytes:
        """What stands in the certificate that was uploaded to the app."""
        return _public_pem(self.private_key_pem)

    def new_token(self) -> str:
        """Hand out an access token."""
        token = f"{self._token_head}AQ{secrets.token_urlsafe(64)}"
        with self._lock:
            self._tokens.add(token)
        return token

    def is_good(self, token: str) -> bool:
        """Whether a token was handed out, or may be any, and has not expired."""
        with self._lock:
            if self._any_token and token.startswith(self._token_head) and token not in self._expired:
                self._tokens.add(token)
            return token in self._tokens

    def expire_tokens(self) -> None:
        """Make every access token handed out or seen so far invalid."""
        with self._lock:
            self._expired |= self._tokens
            self._tokens.clear()

    @property
    def _token_head(self) -> str:
        return f"{self.org_id[:15]}!"

    def knows_app(self, client_id: str, client_secret: str | None = None) -> bool:
        """Whether a client id is the app's and, where one is given, the secret too."""
        if client_id != self.client_id:
            return False
        return client_secret is None or hmac.compare_digest(client_secret.encode(), self.client_secret.encode())

    def _save(self) -> None:
        self._file.write_text(json.dumps(asdict(self._secrets)), encoding="utf-8")
        self._file.chmod(0o600)


def _new_secrets() -> _Secrets:
    return _Secrets(
        client_id=f"3MVG9{secrets.token_urlsafe(48)}",
        client_secret=secrets.token_hex(32).upper(),
        refresh_token=f"5Aep861{secrets.token_urlsafe(48)}",
        org_id=from_number("00D", secrets.randbelow(62**9)),
    )


@lru_cache(maxsize=8)  # reading a private key proves it, which takes longer than the rest of a sign-in
def _public_pem(private_key_pem: str) -> bytes:
    key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def _new_key_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
