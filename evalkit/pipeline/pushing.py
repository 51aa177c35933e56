"""Pushing: the scores of an experiment, given back to where its runs came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalkit.errors import ConfigError
from evalkit.fetchers.base import FetchContext, Progress, no_progress
from evalkit.pipeline.stored import results
from evalkit.project.config import Project

SOURCE = "langsmith"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What was written or removed, or would be."""

    experiment: str
    dry_run: bool
    withdraw: bool
    counts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the document `--json` prints."""
        return {
            "type": "evalkit.push",
            "dry_run": self.dry_run,
            "withdraw": self.withdraw,
            **self.counts,
        }


def push(
    project: Project,
    name: str,
    *,
    dry_run: bool = False,
    withdraw: bool = False,
    progress: Progress = no_progress,
) -> Pushed:
    """Write the scores of an experiment back to LangSmith, or take back what evalkit wrote."""
    from evalkit.fetchers.langsmith import push as langsmith
    from evalkit.fetchers.langsmith.api.options import LangSmithOptions

    config = project.experiment(name)
    if config.fetcher != SOURCE:
        raise ConfigError(
            f"{name}: its fetcher is {config.fetcher!r}, and evalkit writes back to LangSmith only."
        )
    options = LangSmithOptions.model_validate(dict(config.options))
    context = FetchContext(experiment=name, base=project.root, progress=progress)
    if withdraw:
        counts = langsmith.withdraw(options, context, dry_run=dry_run).to_dict()
    else:
        cells = results(project, name).table("cells").to_pylist()
        plan = langsmith.plan(cells, options, context)
        if dry_run:
            counts = plan.to_dict()
            langsmith.close(plan)
        else:
            counts = langsmith.apply(plan, progress).to_dict()
    return Pushed(experiment=name, dry_run=dry_run, withdraw=withdraw, counts=counts)
