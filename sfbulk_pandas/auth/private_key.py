"""Load an RSA private key, and say in plain words what is wrong with it."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sfbulk_pandas.auth.secret import FromEnvironment
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.wire.hiding import hides_secrets

KeySource: TypeAlias = "str | bytes | Path | FromEnvironment"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PEM_MARK = b"-----BEGIN"
_SMALLEST_BITS = 2048  # Salesforce Help, "Create a Private Key and Self-Signed Digital Certificate"


def is_pem(source: object) -> bool:
    """Whether this is a key itself and not the path of one, nor what gives it."""
    if not isinstance(source, str | bytes):
        return False
    return isinstance(source, bytes) or _PEM_MARK.decode() in source or "\n" in source


@hides_secrets
def load_key(source: KeySource, passphrase: str | bytes | FromEnvironment | None) -> RSAPrivateKey:
    """Load an RSA private key from PEM text or from a file.

    Parameters
    ----------
    source : str, bytes, Path or FromEnvironment
        The key in PEM form, or the path of a file that holds it, which is warned of where others may read it; or the
        variable that holds one of them.
    passphrase : str, bytes, FromEnvironment or None
        For an encrypted key.

    Returns
    -------
    RSAPrivateKey

    Raises
    ------
    UsageError
        Where there is no such file, it is no private key (a certificate or a public key, say), it is not
        RSA, it is too short, or the passphrase is missing, wrong or not needed. The key is never shown.
    """
    if isinstance(passphrase, FromEnvironment):
        passphrase = passphrase()
    held = source() if isinstance(source, FromEnvironment) else source
    pem = _pem_of(held)
    if _PEM_MARK not in pem:
        raise UsageError(
            "the private key is not in PEM form",
            hint="give the key's own file: text whose first line is dashes around BEGIN PRIVATE KEY",
        )
    secret = passphrase.encode() if isinstance(passphrase, str) else passphrase
    key = _parsed(pem, secret)
    if not isinstance(key, RSAPrivateKey):
        raise UsageError("the private key is not an RSA key", hint="Salesforce takes RS256 only: make an RSA key")
    if key.key_size < _SMALLEST_BITS:
        raise UsageError(f"the RSA key has {key.key_size} bits", hint=f"Salesforce wants {_SMALLEST_BITS} at least")
    if not is_pem(held):
        _warn_of_readers(Path(str(held)).expanduser())
    return key


def _pem_of(source: str | bytes | Path) -> bytes:
    if is_pem(source):
        return source if isinstance(source, bytes) else str(source).encode()
    path = Path(str(source)).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise UsageError(f"the private key file {str(path)!r} cannot be read: {reason}", hint="give its path, or its PEM")


def _warn_of_readers(path: Path) -> None:
    if os.name == "posix" and path.exists() and path.stat().st_mode & _OTHERS:
        warnings.warn(f"others on this machine may read the private key {path}: chmod 600 {path}", stacklevel=2)


def _parsed(pem: bytes, secret: bytes | None) -> object:
    # Raised after the handler has ended: cryptography's own error would be chained to ours, and is no help.
    try:
        return load_pem_private_key(pem, password=secret)
    except TypeError:
        needed = secret is None
        wrong = UsageError(
            "the private key is encrypted" if needed else "a passphrase was given, and the private key needs none",
            hint="give passphrase=..." if needed else "leave passphrase out",
        )
    except (ValueError, UnsupportedAlgorithm):
        wrong = UsageError(
            "the private key cannot be read" + (" with this passphrase" if secret else ""), hint=_advice(pem, secret)
        )
    raise wrong


def _advice(pem: bytes, secret: bytes | None) -> str:
    for mark, kind in ((b"CERTIFICATE", "a certificate"), (b"PUBLIC KEY", "a public key")):
        if mark in pem and b"PRIVATE KEY" not in pem:
            return f"this is {kind}; the private key it was made with is needed"
    return "check the passphrase" if secret else "it must be a whole RSA private key in PEM form"
