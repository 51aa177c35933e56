"""Inject: what each name in an evaluator's signature stands for; all of it is the call's own.

An evaluator may change whatever it is handed: what another one sees, or the same one at its next
call, is what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CoroutineType
from typing import Any

from evalkit.model.example import Example
from evalkit.model.langsmith.attributes import answering
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.scoring.definition.attachment import attachments
from evalkit.scoring.definition.own import own_example, own_lone_step, own_run, own_step, places_of
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


HELD: Mapping[str, Getter] = {
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
"""What names stand for, given a run and an example that are the call's own."""


def _fresh_inputs(run: Any, example: Any) -> Any:
    inputs = example._fresh("inputs") if example is not None else None
    if inputs is None:
        inputs = run._fresh("inputs")
    return {} if inputs is None else answering(inputs)


def _fresh_outputs(run: Any, example: Any) -> Any:
    source = run._source
    outputs = run._fresh("outputs") if source is None else source["outputs"](run._row)
    return {} if outputs is None else answering(outputs)


def _fresh_reference(run: Any, example: Any) -> Any:
    reference = example._fresh("reference_outputs") if example is not None else None
    return {} if reference is None else reference


FRESH: Mapping[str, Getter] = {
    "inputs": _fresh_inputs,
    "outputs": _fresh_outputs,
    "reference_outputs": _fresh_reference,
    "metadata": lambda run, example: run._fresh("metadata") or {},
}
"""The same from runs and examples that others are handed too; for payloads, which are decoded
without making a run first."""


def collect(
    scope: Scope, names: Sequence[str], run: Any, example: Any, step: Any
) -> tuple[dict[str, Any], Any]:
    """Return the values for `names`, in their order, and what has to outlive the call with them.

    In the scopes experiment and comparison `run` is a list; names then stand for lists, one entry
    a run. `example` is a list of the same length in an experiment, and one example in a comparison.
    """
    if scope in ("run", "step"):
        mine, its = _own(run), _own(example)
        known = {"step": _step(step, run, mine)} if scope == "step" else {}
        return {n: known[n] if n in known else HELD[n](mine, its) for n in names}, mine
    runs = [_own(each) for each in run]
    its = [_own(e) for e in example] if isinstance(example, list | tuple) else _own(example)
    return {name: _list(scope, name, runs, its) for name in names}, runs


def keeping(said: Any, kept: Any) -> Any:
    """Return what was said; a coroutine holds `kept`, which steps find their neighbours in."""
    return _held(said, kept) if type(said) is CoroutineType else said


async def _held(said: Any, kept: Any) -> Any:
    return await said


def _own(value: Any) -> Any:
    """Return a run or example of one's own; what is neither (in tests of evaluators) is itself."""
    if isinstance(value, Run):
        return own_run(value)
    return own_example(value) if isinstance(value, Example) else value


def _step(step: Any, run: Any, mine: Any) -> Any:
    """Return a step as one of `mine`; one that is none of the run's stands alone."""
    if not isinstance(step, Step):
        return step
    if isinstance(run, Run):
        for place, each in zip(places_of(run), run.steps, strict=True):
            if each is step:
                return own_step(place, mine)
    return own_lone_step(step)


SHARED = ("example", "inputs", "reference_outputs", "attachments", "metadata")


def _list(scope: Scope, name: str, runs: Sequence[Any], examples: Any) -> Any:
    if name == "runs" or (scope == "comparison" and name == "run"):
        return list(runs)
    if scope == "comparison":
        if name in SHARED and name != "metadata":
            return HELD[name](runs[0] if runs else None, examples)
        return [HELD[name](run, examples) for run in runs]
    if name == "examples":
        return list(examples)
    return [HELD[name](run, each) for run, each in zip(runs, examples, strict=True)]
