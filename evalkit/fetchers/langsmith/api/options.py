"""Options of an experiment that lives in LangSmith: the keys of its table in the config."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from evalkit.fetchers.options import Address, Proxy, SourceOptions, Timeout, Wait
from evalkit.fetchers.values import ROOM


class LangSmithOptions(SourceOptions):
    """Which experiment, on which server; keys stay in the environment or the profile."""

    model_config = ConfigDict(frozen=True)

    experiment: Annotated[str, Field(min_length=1)]
    """Name, id, or a pasted URL of the experiment's page or its compare page; a name with `*`
    stands for every experiment that fits, each under its own name."""
    experiment_metadata: dict[str, Any] = Field(default_factory=dict)
    """With `*`: only experiments whose metadata holds this."""
    endpoint: Address = None
    """Base of the API; else LANGSMITH_ENDPOINT, the profile, the pasted URL, or the US cloud."""
    workspace: str | None = None
    """Workspace id; needed with organization-scoped keys. Else LANGSMITH_WORKSPACE_ID."""
    profile: str | None = None
    """A profile of `~/.langsmith/config.json`; else LANGSMITH_PROFILE or the current one."""
    api: Literal["auto", "v1", "v2"] = "auto"
    """Which run API to ask; `auto` goes by what the server says of itself."""
    steps: bool = True
    """Whether to pull what happened inside the runs, or the root runs alone."""
    filter: str | None = None
    """LangSmith filter on the root runs, such as `has(tags, "prod")`; a part is never complete."""
    feedback: Literal["auto", "full", "stats", "none"] = "auto"
    """Recorded scores: each one, the averages of each run, or none; `auto` goes by their number."""
    attachments: bool = False
    """Whether to ask for the attachments of examples; those of runs come anyway."""
    page_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Runs a request; at most 100 with v1, 1000 with v2."""
    max_record_mb: Annotated[float, Field(gt=0, le=1e6)] = ROOM / 1e6
    """Megabytes a run or step may have, with what its values take; the run of a larger one is left
    out, named, and the fetch ends with 3."""
    throttle: bool | None = None
    """Stay below the documented limits of v1 run queries (3 or 10 in 10 s); by default everywhere
    but on servers that say they are self-hosted."""
    wait_seconds: Wait = 600.0
    """How long `--wait` waits for runs that have not ended."""
    timeout: Timeout = 60.0
    """Seconds without an answer after which a request is given up and tried again."""
    verify: bool | str = True
    """Path of a CA bundle for a self-hosted server, or false to check no certificate."""
    cert: str | tuple[str, str] | None = None
    """Client certificate: one file, or certificate and key."""
    proxy: Proxy = None
    """Proxy address."""
