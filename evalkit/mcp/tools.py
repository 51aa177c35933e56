"""Tools: what can be asked, with which arguments, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.mcp import commands, figures, runs
from evalkit.mcp.answers import page
from evalkit.project.config import Project

Schema = dict[str, Any]
EXPERIMENT: Schema = {"type": "string", "description": "Name of an experiment."}
RUN: Schema = {"type": "string", "description": "Id of a run, or how it begins."}
METRIC: Schema = {"type": "string", "description": "Name of a score; not given: the first."}
OFFSET: Schema = {"type": "integer", "minimum": 0, "default": 0, "description": "Where to go on."}


def _limit(most: int, usual: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": usual}


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that can be asked."""

    name: str
    says: str
    answer: Callable[[Project, Mapping[str, Any]], Any]
    takes: Mapping[str, Schema] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    writes: bool = False
    runs_code: bool = False
    """Whether it calls what the project wrote."""

    @property
    def schema(self) -> Schema:
        """The JSON schema of its arguments."""
        return {
            "type": "object",
            "properties": dict(self.takes),
            "required": list(self.needs),
            "additionalProperties": False,
        }


def tools(*, write: bool) -> list[Tool]:
    """Return what can be asked; what writes, only where that is allowed."""
    return [*LOOKING, *(each for each in _acting(write) if write or not each.writes)]


def _acting(write: bool) -> list[Tool]:
    """Return what runs the project's own code."""
    return [
        Tool(
            "try_evaluator",
            "Call one evaluator of the project on a sample of stored runs; nothing is kept. This "
            "RUNS the project's own Python code, as the user who started the server.",
            lambda p, a: commands.try_evaluator(
                p, a["evaluator"], a["experiment"], a.get("sample", 5), write=write
            ),
            {
                "evaluator": {"type": "string", "description": "Name of a project's evaluator."},
                "experiment": EXPERIMENT,
                "sample": _limit(20, 5),
            },
            ("evaluator", "experiment"),
            runs_code=True,
        ),
        Tool(
            "run_experiment",
            "Fetch what is new of an experiment, score it and save its figures (evalkit run). RUNS "
            "the project's code, writes to the store, and judges may cost money.",
            lambda p, a: commands.run_experiment(p, a["experiment"]),
            {"experiment": EXPERIMENT},
            ("experiment",),
            writes=True,
            runs_code=True,
        ),
    ]


def _named(arguments: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in arguments.items() if key != "experiment"}
    return {"name": arguments["experiment"], **rest}


LOOKING = (
    Tool(
        "list_experiments",
        "Experiments of the project: runs stored, scores there are, baseline.",
        lambda p, a: page(figures.experiments(p), a.get("offset", 0), a.get("limit", 50)),
        {"offset": OFFSET, "limit": _limit(100, 50)},
    ),
    Tool(
        "figures",
        "Figures of an experiment, each with n and its 95 % interval: scores, rates, latency, "
        "cost, gates. With `metric`, everything about one score.",
        lambda p, a: figures.figures(p, a["experiment"], a.get("metric")),
        {"experiment": EXPERIMENT, "metric": METRIC},
        ("experiment",),
    ),
    Tool(
        "compare",
        "What changed from a baseline to a candidate, paired by example: difference, interval, "
        "reading (better, worse, same, not_worse, cannot_tell), examples that changed most.",
        lambda p, a: figures.compared(p, a["baseline"], a["candidate"]),
        {"baseline": EXPERIMENT, "candidate": EXPERIMENT},
        ("baseline", "candidate"),
    ),
    Tool(
        "worst_runs",
        "Runs with the worst scores of a metric, with ids, comments and the beginning of what "
        "went in and came out.",
        lambda p, a: runs.worst_runs(p, **_named(a)),
        {"experiment": EXPERIMENT, "metric": METRIC, "offset": OFFSET, "limit": _limit(25, 10)},
        ("experiment",),
    ),
    Tool(
        "run_steps",
        "One run with its scores and one page of its steps; long texts are cut, and read_text "
        "has the rest.",
        lambda p, a: runs.run_steps(p, **_named(a)),
        {"experiment": EXPERIMENT, "run_id": RUN, "offset": OFFSET, "limit": _limit(50, 10)},
        ("experiment", "run_id"),
    ),
    Tool(
        "read_text",
        f"{runs.PART:,} characters of the inputs, outputs or error of a run or of one step.",
        lambda p, a: runs.read_text(p, **_named(a)),
        {
            "experiment": EXPERIMENT,
            "run_id": RUN,
            "field": {"enum": ["inputs", "outputs", "error"]},
            "step": {"type": "integer", "minimum": 0, "description": "Number; not given: run."},
            "offset": OFFSET,
        },
        ("experiment", "run_id", "field"),
    ),
    Tool(
        "check_data",
        "What is wrong with the data itself: drift of fields, duplicates, leaks, missing "
        "references, examples or models that changed.",
        lambda p, a: figures.checked(p, a.get("experiments", [])),
        {"experiments": {"type": "array", "items": EXPERIMENT, "maxItems": 20}},
    ),
)
"""What only reads what is stored."""
