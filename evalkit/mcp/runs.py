"""Runs for agents: the worst of them, one of them page by page, and long texts part by part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evalkit.errors import ConfigError, did_you_mean
from evalkit.mcp.answers import page
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.pipeline.stored import results
from evalkit.project.config import Project

PART = 4_000
"""Characters of a text that are read at once."""
EXCERPT = 300
CELLS = ("run_id", "example_id", "key", "outcome", "score", "comment")


def worst_runs(
    project: Project, name: str, metric: str | None = None, offset: int = 0, limit: int = 10
) -> dict[str, Any]:
    """Return the runs with the worst scores of a metric, worst first; not given: the first one."""
    found = results(project, project.experiment(name).name)
    cells = found.table("cells", list(CELLS)).to_pylist()
    keys = list(dict.fromkeys(cell["key"] for cell in cells if cell["score"] is not None))
    metric = metric or project.table.headline or (keys[0] if keys else None)
    if metric not in keys:
        hint = did_you_mean(metric or "", keys)
        there = ", ".join(keys) or "none"
        raise ConfigError(f"{name}: has no number {metric!r}.{hint} There are: {there}.")
    lower = any(
        info.direction == "lower" and metric in (*info.keys, info.name) for info in found.evaluators
    )
    scored = [c for c in cells if c["key"] == metric and c["score"] is not None and c["run_id"]]
    scored.sort(key=lambda c: (-c["score"] if lower else c["score"], c["run_id"]))
    paged = page(scored, offset, limit)
    paged["items"] = [_case(found, cell) for cell in paged["items"]]
    return {"experiment": name, "metric": metric, "worst": "highest" if lower else "lowest"} | paged


def run_steps(
    project: Project, name: str, run_id: str, offset: int = 0, limit: int = 10
) -> dict[str, Any]:
    """Return a run, its scores, and one page of its steps; bodies are cut, `read_text` has all."""
    found, run = _opened(project, name, run_id)
    steps = [
        _step(number, step)
        for number, step in enumerate(run.steps[offset : offset + limit], start=offset)
    ]
    shown: dict[str, Any] = {
        "run_id": run.run_id,
        "example_id": run.example_id,
        "outcome": run.outcome,
        "latency_s": run.latency,
        "error": run.error,
        "steps_recorded": run.steps_recorded,
    }
    if offset == 0:
        shown |= {"inputs": _text(run.inputs)[:PART], "outputs": _text(run.outputs)[:PART]}
        shown["scores"] = [_said(asdict(each)) for each in found.feedback(run.run_id)]
    return shown | {"steps": page(steps, offset, limit, total=len(run.steps))}


def read_text(
    project: Project, name: str, run_id: str, field: str, step: int | None = None, offset: int = 0
) -> dict[str, Any]:
    """Return a part of the inputs, outputs or error of a run, or of its step of that number."""
    _, run = _opened(project, name, run_id)
    if step is not None and not 0 <= step < len(run.steps):
        raise ConfigError(f"{name}: run {run_id} has {len(run.steps)} steps, numbered from 0.")
    text = _text(getattr(run if step is None else run.steps[step], field))
    after = offset + PART
    return {
        "text": text[offset:after],
        "offset": offset,
        "characters": len(text),
        "next_offset": after if after < len(text) else None,
    }


def _opened(project: Project, name: str, run_id: str) -> tuple[Results, Run]:
    found = results(project, project.experiment(name).name)
    ids: Sequence[str] = found.table("runs", ["run_id"]).column(0).to_pylist()
    chosen = [run_id] if run_id in ids else [each for each in ids if each.startswith(run_id)]
    if len(chosen) != 1 or not run_id:
        hint = did_you_mean(run_id, ids)
        many = f"{len(chosen)} runs begin with" if chosen else "there is no run"
        raise ConfigError(f"{name}: {many} {run_id!r}.{hint} `worst_runs` names some.")
    return found, found.run(chosen[0])


def _case(found: Results, cell: dict[str, Any]) -> dict[str, Any]:
    run = found.run(cell["run_id"])
    return {
        "run_id": run.run_id,
        "example_id": run.example_id,
        "score": cell["score"],
        "comment": cell["comment"],
        "outcome": run.outcome,
        "inputs": _text(run.inputs)[:EXCERPT],
        "outputs": _text(run.outputs)[:EXCERPT],
        "error": run.error,
    }


def _step(number: int, step: Step) -> dict[str, Any]:
    return {
        "number": number,
        "depth": step.depth,
        "kind": step.kind,
        "name": step.name,
        "latency_s": step.latency,
        "error": step.error,
        "inputs": _text(step.inputs)[:PART],
        "outputs": _text(step.outputs)[:PART],
    }


def _said(feedback: dict[str, Any]) -> dict[str, Any]:
    names = ("key", "evaluator", "outcome", "score", "value", "comment", "error_message")
    return {name: feedback[name] for name in names if feedback.get(name) is not None}


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)
