"""The keys of an experiment that lives in MLflow."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from evalkit.fetchers.http.options import ServerOptions, bearer
from evalkit.fetchers.options import WEB, Wait, address
from evalkit.model.timing import parse_time

ADDRESS = "MLFLOW_TRACKING_URI"
KEYS = ("MLFLOW_TRACKING_TOKEN",)
USER, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
LOCAL = "http://localhost:5000"
Moment = Annotated[datetime | None, BeforeValidator(parse_time)]


def _place(value: Any) -> Any:
    """Check what is an address of a server; a file or folder is looked for when it is read."""
    return address(value) if str(value).startswith(tuple(f"{each}://" for each in WEB)) else value


Place = Annotated[str | None, BeforeValidator(_place)]


class MLflowOptions(ServerOptions):
    """`[experiments.NAME]` with `fetcher = "mlflow"`: each trace is a run."""

    url: Place = None
    """Address of the server, `sqlite:///mlflow.db`, or a folder such as `./mlruns`; else
    MLFLOW_TRACKING_URI, or the local server."""
    experiment: Annotated[str, Field(min_length=1)]
    """Name or id of the MLflow experiment."""
    run: str | None = None
    """Id or name of an evaluation run: its traces, with the scores of that run alone."""
    since: Moment = None
    """Traces that began at or after this time (ISO 8601)."""
    until: Moment = None
    """Traces that began before this time (ISO 8601)."""
    session: str | None = None
    """Traces of this session."""
    filter: str | None = None
    """MLflow's filter on traces, such as `trace.status = 'OK'`; a part is never complete."""
    artifacts: str | None = None
    """Folder where the server of a SQLite file keeps artifacts, for traces that lie there."""
    assessments: bool = True
    """Whether to take feedback as recorded scores; expectations are references in any case."""
    grace_seconds: Wait = 60
    """A trace whose root has not come is taken as going on for so long after its last span."""

    @model_validator(mode="after")
    def _is_reachable(self) -> MLflowOptions:
        if self.url is not None and self.url.startswith("databricks"):
            raise ValueError("Databricks is not read over its own protocol; export the traces")
        return self


def address_of(options: MLflowOptions, environ: Mapping[str, str] | None = None) -> str:
    """Return where the store is."""
    there = os.environ if environ is None else environ
    return (options.url or there.get(ADDRESS) or LOCAL).rstrip("/")


def headers_of(options: MLflowOptions, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers to send: a token, or user and password, as MLflow's client does."""
    there = os.environ if environ is None else environ
    headers = bearer(options, KEYS, there)
    user, password = there.get(USER), there.get(PASSWORD)
    if user and password and not any(name.lower() == "authorization" for name in headers):
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["authorization"] = f"Basic {pair}"
    return headers
