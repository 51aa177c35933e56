"""Bound: the fastest call that hands an evaluator what its signature names, all of it its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from types import CoroutineType
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.definition.inject import FRESH, HELD, Getter, keeping
from evalkit.scoring.definition.own import own_run, own_step

Call = Callable[[Run, Example | None], Any]
StepCall = Callable[[int, Run, Example | None], Any]
"""Called with the place of a step, see `evalkit.scoring.definition.own.places_of`."""
UNCHANGING = (bool, int, float, str, bytes, type(None), frozenset)


def run_call(evaluator: Evaluator) -> Call:
    """Return what calls an evaluator of runs; other scopes are called otherwise."""
    names, function = evaluator.injected, _with_options(evaluator)
    if evaluator.scope != "run":
        return lambda run, example: None
    by_place = evaluator.signature.positional or _leads(function, names)
    if set(names) <= FRESH.keys():
        return _passing(function, names, FRESH, by_place)
    if not {"example", "attachments"} & set(names):
        return _on_run(function, names, by_place)
    inner = _passing(function, names, HELD, by_place)

    def call(run: Run, example: Example | None) -> Any:
        mine = own_run(run)
        return keeping(inner(mine, None if example is None else example._own()), mine)

    return call


def _on_run(function: Callable[..., Any], names: Sequence[str], by_place: bool) -> Call:
    """Return a call with a run of its own, and of the example only the payloads it asks for."""
    if names == ("run",) and by_place:
        return lambda run, example: function(own_run(run))
    getters = {**HELD, **{name: FRESH[name] for name in ("inputs", "reference_outputs")}}
    if len(names) == 2 and names[0] == "run" and by_place:
        return _on_run_and(function, getters[names[1]])
    inner = _passing(function, names, getters, by_place)

    def call(run: Run, example: Example | None) -> Any:
        mine = own_run(run)
        return keeping(inner(mine, example), mine)

    return call


def _on_run_and(function: Callable[..., Any], other: Getter) -> Call:
    """Return the call with a run of its own and one thing more, as most that ask for a run are."""

    def call(run: Run, example: Example | None) -> Any:
        mine = own_run(run)
        said = function(mine, other(mine, example))
        return said if type(said) is not CoroutineType else keeping(said, mine)

    return call


def _passing(
    function: Callable[..., Any], names: Sequence[str], known: Mapping[str, Getter], by_place: bool
) -> Call:
    """Return what calls `function` with the values of `names`."""
    getters = [known[name] for name in names]
    if not by_place:
        pairs = list(zip(names, getters, strict=True))
        return lambda run, example: function(**{name: get(run, example) for name, get in pairs})
    if len(getters) == 1:
        only = getters[0]
        return lambda run, example: function(only(run, example))
    if len(getters) == 2:
        one, two = getters
        return lambda run, example: function(one(run, example), two(run, example))
    return lambda run, example: function(*[get(run, example) for get in getters])


def per_step(evaluator: Evaluator) -> StepCall | None:
    """Return what calls an evaluator of steps, every time with a run of its own."""
    if evaluator.scope != "step":
        return None
    names, positional = evaluator.injected, evaluator.signature.positional
    function = _with_options(evaluator)

    def call(place: int, run: Run, example: Example | None) -> Any:
        mine = own_run(run)
        its = None if example is None else example._own()
        step = own_step(place, mine)
        values = {name: step if name == "step" else HELD[name](mine, its) for name in names}
        said = function(*values.values()) if positional else function(**values)
        return keeping(said, mine)

    return call


def _with_options(evaluator: Evaluator) -> Callable[..., Any]:
    """Return the function with its options; those that can change are new at every call."""
    function, options = evaluator.function, evaluator.options
    if not options:
        return function
    if all(isinstance(each, UNCHANGING) for each in options.values()):
        return partial(function, **options)
    return lambda *args, **kwargs: function(*args, **kwargs, **deepcopy(dict(options)))


def _leads(function: Callable[..., Any], names: Sequence[str]) -> bool:
    """Tell whether the names are the first parameters, so that they can be passed by position."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[: len(names)]
    except (TypeError, ValueError):
        return False
    return [each.name for each in parameters] == list(names) and all(
        each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters
    )
