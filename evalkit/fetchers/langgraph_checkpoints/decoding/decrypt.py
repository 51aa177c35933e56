"""Decrypts blobs of LangGraph's EncryptedSerializer: AES in EAX mode, by the key it uses itself.

A blob is nonce, tag and ciphertext, of 16 bytes, 16 bytes and the rest.
"""

from __future__ import annotations

import os

from evalkit.errors import ConfigError, SourceUnavailable

KEY_VARIABLE = "LANGGRAPH_AES_KEY"
KEY_SIZES = (16, 24, 32)


def decrypted(blob: bytes, where: str) -> bytes:
    """Return the plain bytes of an encrypted blob; raises where there is no key, or a wrong one."""
    key = os.environ.get(KEY_VARIABLE, "").encode()
    if not key:
        raise SourceUnavailable(f"{where}: is encrypted. Set {KEY_VARIABLE} to its key.")
    if len(key) not in KEY_SIZES:
        raise ConfigError(f"{KEY_VARIABLE}: must have 16, 24 or 32 bytes, has {len(key)}.")
    try:
        from Crypto.Cipher import AES
    except ImportError:
        raise ConfigError(
            "langgraph-checkpoints: the package pycryptodome is missing. "
            'Install it with: pip install "evalkit-harness[checkpoints]".'
        ) from None
    try:
        cipher = AES.new(key, AES.MODE_EAX, nonce=blob[:16])
        return bytes(cipher.decrypt_and_verify(blob[32:], blob[16:32]))
    except ValueError:
        said = f"cannot be decrypted: {KEY_VARIABLE} is not the key it was written with"
        raise SourceUnavailable(f"{where}: {said}.") from None
