"""The keys of an experiment that lives in Phoenix."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, model_validator

from evalkit.fetchers.http.options import ServerOptions
from evalkit.fetchers.options import Address, Wait
from evalkit.model.timing import parse_time

ADDRESSES = ("PHOENIX_COLLECTOR_ENDPOINT", "PHOENIX_BASE_URL", "PHOENIX_ENDPOINT")
KEYS = ("PHOENIX_API_KEY",)
LOCAL = "http://localhost:6006"
Moment = Annotated[datetime | None, BeforeValidator(parse_time)]


class PhoenixOptions(ServerOptions):
    """`[experiments.NAME]` with `fetcher = "phoenix"`: an experiment, or a project's traces."""

    url: Address = None
    """Address of the server; else PHOENIX_COLLECTOR_ENDPOINT, or the local server."""
    experiment: str | None = None
    """Id or name of an experiment; a name that several have needs `dataset`, or the id."""
    dataset: str | None = None
    """Id or name of the experiment's dataset."""
    project: str | None = None
    """Id or name of a project, instead of `experiment`: each of its traces is a run."""
    since: Moment = None
    """Traces that began at or after this time (ISO 8601)."""
    until: Moment = None
    """Traces that began before this time (ISO 8601)."""
    session: str | None = None
    """Traces of this session."""
    filter: str | None = None
    """Phoenix's filter on traces, such as `latency_ms > 1000`; a part is never complete."""
    steps: bool = True
    """Whether to pull the spans of an experiment's runs, or its runs alone."""
    annotations: bool = True
    """Whether to pull the annotations of spans and traces as recorded scores."""
    costs: bool = True
    """Whether to ask for the costs that the server computed."""
    grace_seconds: Wait = 60
    """A trace whose root has not come is taken as going on for so long after its last span."""

    @model_validator(mode="after")
    def _one_of_both(self) -> PhoenixOptions:
        if (self.experiment is None) == (self.project is None):
            raise ValueError("name either an `experiment` or a `project`")
        parts = ("since", "until", "session", "filter")
        if self.experiment is not None and any(getattr(self, name) is not None for name in parts):
            raise ValueError("`since`, `until`, `session` and `filter` choose traces of a project")
        if self.project is not None and (self.dataset is not None or not self.steps):
            raise ValueError("`dataset` and `steps` are for an `experiment`")
        return self


def address_of(options: PhoenixOptions, environ: Mapping[str, str] | None = None) -> str:
    """Return where the server is."""
    there = os.environ if environ is None else environ
    stated = next((there[name] for name in ADDRESSES if there.get(name)), LOCAL)
    return (options.url or stated).rstrip("/").removesuffix("/v1/traces")
