"""Pushing: the scores of an experiment, given back to where its runs came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import orjson

from evalkit.errors import ConfigError, ExitCode, did_you_mean
from evalkit.fetchers.base import FetchContext, Progress, no_progress
from evalkit.fetchers.writing import events, readback
from evalkit.fetchers.writing import push as writing
from evalkit.fetchers.writing.contract import Writer
from evalkit.metrics.columns.reading import read_runs
from evalkit.metrics.slicing.slicing import slicing
from evalkit.model.results import Results
from evalkit.pipeline.stored import results
from evalkit.project import plugins
from evalkit.project.config import Project

WRITERS = {
    "langsmith": "evalkit.fetchers.langsmith.writer:LangSmithWriter",
    "mlflow": "evalkit.fetchers.mlflow.writer:MLflowWriter",
    "phoenix": "evalkit.fetchers.phoenix.writer:PhoenixWriter",
}
"""What gives scores back to the stores that take them."""
Only = Literal["failed", "errors"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What was written, removed or read back, or would be."""

    experiment: str
    dry_run: bool
    withdraw: bool
    counts: dict[str, Any]

    @property
    def exit_code(self) -> ExitCode:
        """Good, unless what was read back differs from what is here."""
        return ExitCode.GOOD if self.counts.get("same", True) else ExitCode.SOURCE_FAILED

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
    verify: bool = False,
    only: Only | None = None,
    where: Sequence[str] = (),
    evaluators: Sequence[str] = (),
    otlp: str | None = None,
    progress: Progress = no_progress,
) -> Pushed:
    """Write the scores of an experiment back to its store, or take back what evalkit wrote.

    `only`, `where` (`EXPRESSION=VALUE`, expressions as in `slices`) and `evaluators` choose a part;
    of the rest nothing is written and nothing taken away. `verify` reads everything back after.
    `otlp` sends them as events of OpenTelemetry to an address instead, whatever the store.
    """
    stored = results(project, name)
    cells = stored.table("cells").to_pylist()
    keep = chosen(stored, only, where, evaluators)
    if otlp is not None:
        if withdraw or verify:
            raise ConfigError(f"{name}: events that were sent cannot be read back or withdrawn.")
        sent = events.send(cells, traces_of(stored), otlp, name, keep=keep, dry_run=dry_run)
        return Pushed(experiment=name, dry_run=dry_run, withdraw=False, counts=sent)
    context = FetchContext(experiment=name, base=project.root, progress=progress)

    def step_ids() -> Iterable[str]:
        ids: list[str] = stored.table("steps", ["step_id"]).column("step_id").to_pylist()
        return ids

    def opened() -> Writer:
        return open_writer(project, name, context, step_ids)

    if withdraw:
        report = writing.withdraw(opened(), cells, dry_run=dry_run, progress=progress)
        return Pushed(experiment=name, dry_run=dry_run, withdraw=True, counts=report.to_dict())
    plan = writing.plan(opened(), cells, keep)
    if dry_run:
        counts = plan.to_dict()
        writing.close(plan)
    else:
        counts = writing.apply(plan, progress).to_dict()
    if verify:
        counts |= readback.verify(opened(), cells, keep).to_dict()
    return Pushed(experiment=name, dry_run=dry_run, withdraw=False, counts=counts)


def open_writer(
    project: Project, name: str, context: FetchContext, step_ids: Callable[[], Iterable[str]]
) -> Writer:
    """Return the writer of the experiment's store, opened."""
    config = project.experiment(name)
    if config.fetcher not in WRITERS:
        raise ConfigError(
            f"{name}: its fetcher is {config.fetcher!r}, and evalkit writes back to "
            f"{', '.join(WRITERS)} only. With --otlp scores go anywhere as events."
        )
    module, _, kind = WRITERS[config.fetcher].partition(":")
    options = plugins.fetcher(config.fetcher).Options.model_validate(dict(config.options))
    made: Writer = getattr(import_module(module), kind)(options, context, step_ids=step_ids)
    return made


def traces_of(stored: Results) -> dict[str, str]:
    """Return the trace of each run, where the store that it came from has one."""
    table = stored.table("runs", ["run_id", "metadata"]).to_pylist()
    found = {}
    for row in table:
        about = orjson.loads(row["metadata"]) if row["metadata"] else {}
        found[row["run_id"]] = str(about.get("trace_id") or row["run_id"])
    return found


def chosen(
    stored: Results, only: Only | None, where: Sequence[str], evaluators: Sequence[str]
) -> Callable[[Row], bool] | None:
    """Return what tells whether a cell is in the part asked for; `None` where that is all."""
    tests: list[Callable[[Row], bool]] = []
    if only is not None:
        tests.append(_failed if only == "failed" else _erred)
    if evaluators:
        names = {info.name for info in stored.evaluators}
        for each in evaluators:
            if each not in names:
                raise ConfigError(
                    f"{stored.experiment}: no scores of an evaluator {each!r}."
                    f"{did_you_mean(each, names)}"
                )
        tests.append(lambda cell: cell["evaluator"] in evaluators)
    if where:
        runs = _runs_where(stored, where)
        tests.append(lambda cell: cell["run_id"] in runs)
    return (lambda cell: all(test(cell) for test in tests)) if tests else None


def _failed(cell: Row) -> bool:
    """A yes/no score that says no, or an evaluator that broke."""
    return _erred(cell) or (cell["score_type"] == "bool" and cell["score"] == 0.0)


def _erred(cell: Row) -> bool:
    return bool(cell["outcome"] == "evaluator_error")


def _runs_where(stored: Results, where: Sequence[str]) -> set[str]:
    """Return the runs that are in every slice named, as `EXPRESSION=VALUE`."""
    runs = read_runs(stored)
    ids = stored.table("runs", ["run_id"]).column("run_id").to_pylist()
    found = set(ids)
    for text in where:
        by, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(
                f"--where {text!r} is no EXPRESSION=VALUE, as in metadata.topic=billing."
            )
        members = slicing(stored, runs, by.strip()).members
        if value.strip() not in members:
            raise ConfigError(
                f"--where {text!r}: no run has that value.{did_you_mean(value.strip(), members)}"
            )
        found &= {ids[row] for row in members[value.strip()].tolist()}
    return found
