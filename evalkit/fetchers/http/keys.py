"""Keys: the headers of a configuration and the key of a server, variables put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import ConfigError


def with_key(
    options: Any,
    usual: Sequence[str],
    environ: Mapping[str, str],
    *,
    header: str,
    said_by: Sequence[str],
    form: str = "{}",
) -> dict[str, str]:
    """Return the headers to send: those of the config, and the key where none of `said_by` is one.

    `usual` names the variables that hold the key where `api_key_env` names none; the key is sent in
    `header`, written as `form`. A variable that is named and not set raises `ConfigError`.
    """
    headers = {name: _resolved(value, environ) for name, value in options.headers.items()}
    if any(name.lower() in said_by for name in headers):
        return headers
    names = (options.api_key_env,) if options.api_key_env else usual
    found = (environ.get(name, "").strip(" \"'") for name in names)
    key = next(filter(None, found), "")
    if options.api_key_env and not key:
        raise ConfigError(f"api_key_env: {options.api_key_env} is not set. Set it to the key.")
    return {**headers, header: form.format(key)} if key else headers


def _resolved(value: str, environ: Mapping[str, str]) -> str:
    if not value.startswith("$"):
        return value
    found = environ.get(value[1:].strip("{}"))
    if found is None:
        raise ConfigError(f"headers: {value} is not set. Set that environment variable.")
    return found
