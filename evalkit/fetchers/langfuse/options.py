"""Options of an experiment that lives in Langfuse: the keys of its table in the config."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from evalkit.errors import AuthenticationFailed
from evalkit.fetchers.options import Address, SourceOptions, Timeout

CLOUD = "https://cloud.langfuse.com"
BEGINNING = datetime(2023, 1, 1, tzinfo=UTC)
"""Before Langfuse was: the API wants a lower bound even of an experiment it is told by name."""


class LangfuseOptions(SourceOptions):
    """Which experiment, or which traces, of the project that the keys belong to."""

    model_config = ConfigDict(frozen=True)

    experiment: Annotated[str, Field(min_length=1)] | None = None
    """Name or id of an experiment. Not set: the traces of a window of time, each of them a run."""
    since: AwareDatetime | None = None
    """Only what began at this time or later; required without `experiment`."""
    until: AwareDatetime | None = None
    """Only what began before this time."""
    session: str | None = None
    """Only traces of this session."""
    environment: str | None = None
    """Only traces of this environment, such as `production`."""
    name: str | None = None
    """Only traces whose root has this name."""
    url: Address = None
    """Address of the server; else LANGFUSE_BASE_URL, LANGFUSE_HOST or the EU cloud."""
    expand_metadata: list[str] = Field(default_factory=list)
    """Keys of metadata to fetch whole; the API cuts the values of others at 200 characters."""
    scores: bool = True
    """Whether to fetch recorded scores."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 500
    """Observations a request."""
    timeout: Timeout = 60.0
    """Seconds without an answer after which a request is given up and tried again."""
    verify: bool | str = True
    """Path of a CA bundle for a self-hosted server, or false to check no certificate."""

    @model_validator(mode="after")
    def _chosen(self) -> LangfuseOptions:
        if self.experiment is None and self.since is None:
            raise ValueError("needs `experiment`, or `since` for the traces of a window of time")
        only = [each for each in ("session", "environment", "name") if getattr(self, each)]
        if self.experiment is not None and only:
            raise ValueError(f"`{only[0]}` selects traces of a window; leave it or `experiment`")
        return self

    def address(self, environ: Mapping[str, str] | None = None) -> str:
        """Return the address of the server."""
        known = os.environ if environ is None else environ
        found = self.url or known.get("LANGFUSE_BASE_URL") or known.get("LANGFUSE_HOST") or CLOUD
        return found.strip().rstrip("/")


def headers(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what lets one in; raises `AuthenticationFailed` where a key is not set."""
    known = os.environ if environ is None else environ
    keys = [known.get(f"LANGFUSE_{name}_KEY", "").strip() for name in ("PUBLIC", "SECRET")]
    if not all(keys):
        raise AuthenticationFailed(
            "langfuse: LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are not both set. "
            "They are on the page of the project's settings."
        )
    return {"Authorization": "Basic " + b64encode(":".join(keys).encode()).decode("ascii")}
