"""Own: what an evaluator is handed is its own, so that nothing it changes is seen by another.

Runs and examples of a store are decoded anew from their stored text when they are touched, which
costs nothing until then; values held in memory are copied when they are touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from evalkit.model.example import Example
from evalkit.model.row import Row, copied
from evalkit.model.run import Run
from evalkit.model.step import Step

_new = Run.__new__
_set_source, _set_row, _set_made = (Run._setters[name] for name in ("_source", "_row", "_made"))


def own_run(run: Run) -> Run:
    """Return the same run with nothing touched yet; it shares nothing that can change."""
    source = run._source
    mine: Run = _new(Run)
    _set_source(mine, InMemory(run, run.steps) if source is None else source)
    _set_row(mine, run._row)
    _set_made(mine, {})
    return mine


def own_step(place: int, mine: Run) -> Step:
    """Return the step at `place` of its batch as a step of `mine`, an own run."""
    source = mine._source
    assert source is not None
    (found,) = source["make"]([place], ref(mine), mine._made)
    made: Step = found
    return made


def places_of(run: Run) -> Sequence[int]:
    """Return the places of a run's steps; see `own_step`."""
    source = run._source
    return range(len(run.steps)) if source is None else source["steps"](run._row)


def own_example(example: Example) -> Example:
    """Return the same example; it shares nothing that can change."""
    return example._own()


def own_lone_step(step: Step) -> Step:
    """Return the same step, outside of its run."""
    if step._source is not None:
        made: Step = Step._lazy(step._source, step._row)
        return made
    made = Step._lazy(Fields(step), 0)
    return made


class Fields(dict[Any, Callable[..., Any]]):
    """The fields of a value held in memory, as a source of rows: copied whenever asked for."""

    def __init__(self, held: Row) -> None:
        super().__init__()
        self._held = held

    def __missing__(self, name: Any) -> Callable[..., Any]:
        getter = self[name] = lambda row: copied(getattr(self._held, name))
        return getter


class InMemory(Fields):
    """The fields of a run held in memory; its steps are made like those of a store."""

    def __init__(self, run: Run, steps: Sequence[Step]) -> None:
        super().__init__(run)
        self._steps = steps
        self["steps"] = lambda row: range(len(steps))
        self["make"] = self._make

    def __missing__(self, name: Any) -> Callable[..., Any]:
        if isinstance(name, tuple):
            return lambda row: self._find(*name[1:])
        return super().__missing__(name)

    def _find(self, name: str | None, kind: str | None) -> list[int]:
        return [
            place
            for place, step in enumerate(self._steps)
            if name in (None, step.name) and kind in (None, step.kind)
        ]

    def _make(self, places: Sequence[int], owner: Any, made: dict[int, Step]) -> list[Step]:
        for place in places:
            if place not in made:
                step = made[place] = Step._lazy(Fields(self._steps[place]), 0)
                Step._setters["_owner"](step, owner)
        return [made[place] for place in places]
