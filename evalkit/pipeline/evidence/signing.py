"""Signing: Ed25519 keys as OpenSSL and OpenSSH write them, and what they sign and vouch for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import ConfigError

PASSPHRASE = "EVALKIT_SIGN_PASSPHRASE"
WHAT = b"evalkit figures 1\n"
"""What a signature is for: the same key signs other things too."""
LARGEST = 100_000
"""Bytes of a key's file."""
SSH = b"-----BEGIN OPENSSH"


class Signer:
    """Signs hashes with a private key."""

    def __init__(self, path: Path) -> None:
        self._key = _private(path)
        self.key = _raw(self._key.public_key()).hex()

    def __call__(self, digest: bytes) -> dict[str, str]:
        """Return the public key and the signature, in hex."""
        return {"key": self.key, "signature": self._key.sign(WHAT + digest).hex()}

    def __repr__(self) -> str:
        return f"Signer({self.key})"


def public_key(path: Path) -> str:
    """Return a public key in hex, from a file of OpenSSL or OpenSSH."""
    serialization, ed25519 = _cryptography()
    data = _read(path)
    try:
        if data.startswith(b"ssh-"):
            found = serialization.load_ssh_public_key(data)
        else:
            found = serialization.load_pem_public_key(data)
    except Exception:  # the library raises many kinds
        raise ConfigError(
            f"{path}: is no public key. Name the file that `openssl pkey -pubout` or `ssh-keygen` "
            "wrote (.pub)."
        ) from None
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise ConfigError(f"{path}: is no Ed25519 key. `ssh-keygen -t ed25519` makes one.")
    return _raw(found).hex()


def vouches(signed: Mapping[str, Any], digest: bytes) -> bool:
    """Tell whether a signature is that of the key it names, on this hash."""
    _, ed25519 = _cryptography()
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["key"]))
        key.verify(bytes.fromhex(signed["signature"]), WHAT + digest)
    except Exception:  # a key of another length, a signature that is none, one that is wrong
        return False
    return True


def _private(path: Path) -> Any:
    serialization, ed25519 = _cryptography()
    data, word = _read(path), os.environ.get(PASSPHRASE)
    load = serialization.load_pem_private_key
    if data.startswith(SSH):
        load = serialization.load_ssh_private_key
    try:
        found = load(data, word.encode() if word else None)
    except Exception as error:  # the library raises many kinds
        hint = f" Its passphrase goes into {PASSPHRASE}." if b"ENCRYPTED" in data or word else ""
        raise ConfigError(
            f"{path}: cannot be used as a private key ({_first(error)}).{hint} "
            "`openssl genpkey -algorithm ed25519` or `ssh-keygen -t ed25519` makes one."
        ) from None
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise ConfigError(f"{path}: is no Ed25519 key. `ssh-keygen -t ed25519` makes one.")
    return found


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:100]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}). Name the file of an Ed25519 key."
        ) from None
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: is too large for a key. Name the file of an Ed25519 key.")
    return data


def _raw(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found: bytes = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return found


def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ConfigError(
            "signatures: need cryptography. Install it: `pip install 'evalkit-harness[sign]'`."
        ) from None
    return serialization, ed25519
