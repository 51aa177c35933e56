"""Opening: what an address of an executor means."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evalkit.errors import ConfigError

if TYPE_CHECKING:
    from evalkit.executors.dask import DaskExecutor

LOCAL = "local"
SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
RUNS = 50_000


def open_executor(
    address: str | None,
    *,
    runs: int = RUNS,
    wait: float = 60.0,
    environment: Sequence[str] = (),
    moved: tuple[Path, Path] | None = None,
) -> DaskExecutor[Any] | None:
    """Return what has work done at an address such as `dask://scheduler:8786`; `local`: None.

    Nothing is connected yet. `moved` is the project's folder here, and where workers have it.
    Raises `ConfigError` for an address that is none, or whose extra is not installed.
    """
    if address is None or address == LOCAL:
        return None
    said = f"executor {address!r}"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in SCHEMES or not parts.hostname or port is None:
        raise ConfigError(f"{said}: is no address. Write `local`, or `dask://HOST:PORT`.")
    if parts.username or parts.password or parts.path.strip("/") or parts.query:
        raise ConfigError(f"{said}: has more than a host and a port. Leave the rest out.")
    if find_spec("distributed") is None:
        raise ConfigError(f"{said}: needs Dask. Run `pip install 'evalkit-harness[dask]'`.")
    from evalkit.executors.dask import DaskExecutor

    return DaskExecutor(
        address,
        f"{SCHEMES[parts.scheme]}://{parts.netloc}",
        runs=runs,
        wait=wait,
        environment=tuple(environment),
        moved=moved,
    )
