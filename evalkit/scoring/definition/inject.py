"""Inject: what each name in an evaluator's signature stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.scoring.definition.attachment import attachments
from evalkit.scoring.definition.signature import Scope

Getter = Callable[[Any, Any], Any]


def _inputs(run: Any, example: Any) -> Any:
    """Return the example's inputs, else the run's; `{}` where neither has any (as in LangSmith)."""
    inputs = example.inputs if example is not None else None
    if inputs is None and run is not None:
        inputs = run.inputs
    return {} if inputs is None else inputs


def _outputs(run: Any, example: Any) -> Any:
    outputs = run.outputs
    return {} if outputs is None else outputs


def _reference(run: Any, example: Any) -> Any:
    reference = example.reference_outputs if example is not None else None
    return {} if reference is None else reference


def _attachments(run: Any, example: Any) -> Any:
    return attachments((example.attachments if example is not None else None) or run.attachments)


GETTERS: Mapping[str, Getter] = {
    "run": lambda run, example: run,
    "example": lambda run, example: example,
    "inputs": _inputs,
    "outputs": _outputs,
    "reference_outputs": _reference,
    "attachments": _attachments,
    "metadata": lambda run, example: run.metadata or {},
    "steps": lambda run, example: run.steps,
    "messages": lambda run, example: run.messages,
    "tool_calls": lambda run, example: run.tool_calls,
    "documents": lambda run, example: run.documents,
    "trajectory": lambda run, example: run.trajectory,
}


def collect(
    scope: Scope, names: Sequence[str], run: Any, example: Any, step: Any
) -> dict[str, Any]:
    """Return the values for `names`, in their order.

    In the scopes experiment and comparison `run` is a list; names then stand for lists, one entry
    a run. `example` is a list of the same length in an experiment, and one example in a comparison.
    """
    if scope == "run":
        return {name: GETTERS[name](run, example) for name in names}
    if scope == "step":
        return {name: step if name == "step" else GETTERS[name](run, example) for name in names}
    return {name: _list(scope, name, run, example) for name in names}


SHARED = ("example", "inputs", "reference_outputs", "attachments", "metadata")


def _list(scope: Scope, name: str, runs: Sequence[Any], examples: Any) -> Any:
    if name == "runs" or (scope == "comparison" and name == "run"):
        return list(runs)
    if scope == "comparison":
        if name in SHARED and name != "metadata":
            return GETTERS[name](runs[0] if runs else None, examples)
        return [GETTERS[name](run, examples) for run in runs]
    if name == "examples":
        return list(examples)
    return [GETTERS[name](run, each) for run, each in zip(runs, examples, strict=True)]
