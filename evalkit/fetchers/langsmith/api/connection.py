"""Where the server is and how to be let in: options, LANGSMITH_* variables, then the profile."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evalkit.errors import AuthenticationFailed, ConfigError
from evalkit.fetchers.langsmith.api.options import LangSmithOptions

CLOUD = "https://api.smith.langchain.com"
CLOUD_HOST = "smith.langchain.com"
PREFIXES = ("LANGSMITH_", "LANGCHAIN_")


@dataclass(frozen=True, slots=True)
class Connection:
    """One LangSmith server, addressed and unlocked."""

    root: str
    """Address without `/api` or `/api/v1`; v2 paths begin at `{root}/api/v2`."""
    v1: str
    """What v1 paths begin with after the root: nothing, `/api` or `/api/v1`."""
    ui: str
    """Address of the pages that people look at."""
    headers: Mapping[str, str]
    credentials: str
    """Where the key was found, for people; never the key."""

    @property
    def api(self) -> str:
        """Address of the v1 API."""
        return self.root + self.v1


def connect(options: LangSmithOptions, environ: Mapping[str, str] | None = None) -> Connection:
    """Find address and key; what is set in the options wins, then variables, then the profile."""
    environ = os.environ if environ is None else environ
    profile = _profile(options, environ)
    endpoint = (
        options.endpoint
        or variable(environ, "ENDPOINT")
        or profile.get("api_url")
        or _endpoint_of_page(options.experiment)
        or CLOUD
    )
    endpoint = _address(endpoint)
    workspace = (
        options.workspace
        or variable(environ, "WORKSPACE_ID")
        or variable(environ, "TENANT_ID")
        or profile.get("workspace_id")
    )
    headers, found = _credentials(environ, profile)
    if workspace:
        headers["x-tenant-id"] = workspace
    root, v1 = split_endpoint(endpoint)
    return Connection(root, v1, ui_of(endpoint), headers, found)


def variable(environ: Mapping[str, str], name: str) -> str | None:
    """Return `LANGSMITH_name`, else `LANGCHAIN_name`, without blanks and quotes around it."""
    for prefix in PREFIXES:
        value = environ.get(prefix + name, "").strip().strip("\"'").strip()
        if value:
            return value
    return None


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """Split an endpoint into its root and what v1 paths begin with."""
    for suffix in ("/api/v1", "/api"):
        if endpoint.endswith(suffix):
            return endpoint.removesuffix(suffix), suffix
    return endpoint, ""


def ui_of(endpoint: str) -> str:
    """Return the address of the pages: the cloud's without `api.`, a self-hosted one's own."""
    root, _ = split_endpoint(endpoint)
    parts = urlsplit(root)
    host = parts.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1"):
        return f"{parts.scheme}://{host}"
    if host == f"api.{CLOUD_HOST}" or host.endswith(f".api.{CLOUD_HOST}"):
        region = host.removesuffix(f"api.{CLOUD_HOST}").removesuffix(".").removesuffix(".p")
        return f"https://{region + '.' if region else ''}{CLOUD_HOST}"
    return root


def _endpoint_of_page(reference: str) -> str | None:
    """A pasted page of the cloud tells its region; any other host serves its own API."""
    parts = urlsplit(reference)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = parts.hostname
    if host == CLOUD_HOST or host.endswith("." + CLOUD_HOST):
        region = host.removesuffix(CLOUD_HOST)
        return f"https://{region}api.{CLOUD_HOST}"
    return f"{parts.scheme}://{parts.netloc}/api"


def _address(endpoint: str) -> str:
    endpoint = endpoint.strip().rstrip("/")
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise ConfigError(
            f"langsmith: endpoint {endpoint!r} is no address. "
            f"It begins with http:// or https://, such as {CLOUD}."
        )
    return endpoint


def _profile(options: LangSmithOptions, environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the profile the LangSmith CLI's login leaves; only a profile asked for must exist."""
    place = environ.get("LANGSMITH_CONFIG_FILE") or "~/.langsmith/config.json"
    wanted = options.profile or environ.get("LANGSMITH_PROFILE")
    path = Path(place).expanduser()
    try:
        content = json.loads(path.read_text("utf-8"))
        profiles = content["profiles"]
        name = wanted or content.get("current_profile") or "default"
        return dict(profiles[name])
    except FileNotFoundError:
        reason = f"{path} does not exist"
    except (OSError, ValueError) as error:
        reason = f"{path} cannot be read ({type(error).__name__})"
    except (KeyError, TypeError):
        reason = f"{path} holds no such profile"
    if wanted:
        raise ConfigError(f"langsmith: profile {wanted!r}: {reason}. Log in, or name another.")
    return {}


def _credentials(
    environ: Mapping[str, str], profile: Mapping[str, Any]
) -> tuple[dict[str, str], str]:
    key = variable(environ, "API_KEY")
    if key:
        return {"x-api-key": key}, "the environment"
    if isinstance(profile.get("api_key"), str) and profile["api_key"].strip():
        return {"x-api-key": profile["api_key"].strip()}, "the profile"
    named = profile.get("api_key_env")
    if isinstance(named, str) and environ.get(named, "").strip():
        return {"x-api-key": environ[named].strip()}, f"${named}, as the profile says"
    token = (profile.get("oauth") or {}).get("access_token")
    if token:
        return {"authorization": f"Bearer {token}"}, "the profile's login"
    raise AuthenticationFailed(
        "langsmith: there is no API key. Set LANGSMITH_API_KEY, or log in with the LangSmith CLI."
    )
