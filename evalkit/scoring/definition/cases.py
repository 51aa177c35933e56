"""Cases: an evaluator's own proof, written beside it; `evalkit check` runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input and what the evaluator must say of it; made by `case`."""

    expect: Any
    run: Any
    example: Any
    step: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


def case(
    *,
    expect: Any,
    outputs: Any = None,
    reference_outputs: Any = None,
    inputs: Any = None,
    steps: Iterable[Step] = (),
    run: Run | list[Run] | None = None,
    example: Example | list[Example] | None = None,
    step: Step | None = None,
    options: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Case:
    """Describe one case: what the evaluator sees, and what it must say.

    `expect` is what it returns in short: a bool, number or str, `None` for "does not apply", a
    `{key: value}` of several, or an exception class. Other keyword arguments are fields of the run.
    """
    if run is None:
        run = Run(run_id="case", inputs=inputs, outputs=outputs, steps=steps, **fields)
    if example is None and not isinstance(run, list):
        example = Example(example_id="case", inputs=inputs, reference_outputs=reference_outputs)
    return Case(expect=expect, run=run, example=example, step=step, options=options or {})
