"""Signature: what an evaluator asks for, read from its parameters and checked when it loads."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import EvaluatorSignatureError

Scope = Literal["run", "step", "experiment", "comparison"]
SCOPES: tuple[Scope, ...] = ("run", "step", "experiment", "comparison")

VIEWS = ("steps", "messages", "tool_calls", "documents", "trajectory")
RUN_NAMES = (
    "run",
    "example",
    "inputs",
    "outputs",
    "reference_outputs",
    "attachments",
    "metadata",
    *VIEWS,
)
NAMES: Mapping[Scope, tuple[str, ...]] = {
    "run": RUN_NAMES,
    "step": ("step", *RUN_NAMES),
    "experiment": ("runs", "examples", *RUN_NAMES[2:]),
    "comparison": ("runs", *RUN_NAMES),
}
LEGACY: Mapping[Scope, tuple[str, str]] = {
    "run": ("run", "example"),
    "step": ("step", "example"),
    "experiment": ("runs", "examples"),
    "comparison": ("runs", "example"),
}
NEAR = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What is passed to an evaluator, and what its options are."""

    scope: Scope
    injected: tuple[str, ...]
    """Names evalkit passes, in the order of the parameters."""
    positional: bool = False
    """The old `(run, example)` form: the injected values are passed by position."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Parameters with defaults, set in the configuration."""


def where(function: Callable[..., Any]) -> tuple[str | None, int | None]:
    """Return the file and line a callable is defined at, as far as Python knows."""
    target = unwrap(function)
    code = getattr(target, "__code__", None)
    if code is None:
        code = getattr(call_method(target), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else (None, None)


def call_method(target: Any) -> Any:
    """Return the function behind a callable object's `__call__`, or `None`."""
    return vars(type(target)).get("__call__") or getattr(type(target), "__call__", None)  # noqa: B004


def unwrap(function: Any) -> Any:
    """Return the function inside partials and decorators."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.unwrap(function) if callable(function) else function


def read_signature(function: Callable[..., Any], name: str, scope: Scope | None) -> Signature:
    """Read what `function` asks for; what evalkit does not pass is an error naming the parameter.

    `scope` is what the author declared; without it, `step` makes the scope step, `runs` or
    `examples` make it experiment, and anything else is a run's.
    """
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    names = [parameter.name for parameter in parameters]
    scope = scope or _scope_of(names)
    known = NAMES[scope]
    required = [each for each in parameters if each.default is each.empty]
    unknown = [each for each in required if each.name not in known]
    if unknown and _is_legacy(required, scope):
        positional = tuple(LEGACY[scope])
        taken = {each.name for each in required}
        options = {p.name: p.default for p in parameters if p.name not in taken}
        return Signature(scope=scope, injected=positional, positional=True, options=options)
    if unknown:
        raise _refusal(function, name, unknown[0].name, scope)
    return _by_name(function, name, parameters, scope)


def _scope_of(names: list[str]) -> Scope:
    if "step" in names:
        return "step"
    return "experiment" if {"runs", "examples"} & set(names) else "run"


def _is_legacy(required: list[inspect.Parameter], scope: Scope) -> bool:
    """Tell whether two parameters may be passed by position without guessing wrong."""
    if len(required) != 2 or any(each.kind is each.KEYWORD_ONLY for each in required):
        return False
    places = LEGACY[scope]
    return all(
        each.name == place or not (each.name in NAMES[scope] or _near(each.name, scope))
        for each, place in zip(required, places, strict=True)
    )


def _near(name: str, scope: Scope) -> str | None:
    close = get_close_matches(name.lower().strip("_"), NAMES[scope], n=1, cutoff=NEAR)
    if close:
        return close[0]
    starts = [known for known in NAMES[scope] if len(name) > 3 and known.startswith(name.lower())]
    return starts[0] if starts else None


def _by_name(
    function: Callable[..., Any], name: str, parameters: list[inspect.Parameter], scope: Scope
) -> Signature:
    known = NAMES[scope]
    if any(each.kind is each.POSITIONAL_ONLY for each in parameters):
        return _by_place(function, name, parameters, scope)
    injected = tuple(each.name for each in parameters if each.name in known)
    options = {each.name: each.default for each in parameters if each.name not in known}
    if not injected:
        raise EvaluatorSignatureError(
            f"{_place(function)}evaluator {name!r} asks for nothing. "
            f"It can ask for: {', '.join(known)}."
        )
    return Signature(scope=scope, injected=injected, options=options)


def _by_place(
    function: Callable[..., Any], name: str, parameters: list[inspect.Parameter], scope: Scope
) -> Signature:
    """Return the signature of a callable with parameters before a `/`: all are passed by place."""
    known = NAMES[scope]
    injected = [each for each in parameters if each.name in known]
    for place, each in enumerate(parameters):
        option_before = each.name not in known and place < len(injected)
        if option_before or (each.name in known and each.kind is each.KEYWORD_ONLY):
            raise EvaluatorSignatureError(
                f"{_place(function)}evaluator {name!r} takes parameters by position (before `/`), "
                f"and {each.name!r} is in their way. Put what evalkit passes first, options last."
            )
    named = [each for each in parameters if each.kind is not each.POSITIONAL_ONLY]
    options = {each.name: each.default for each in named if each.name not in known}
    names = tuple(each.name for each in injected)
    return Signature(scope=scope, injected=names, positional=True, options=options)


def _place(function: Callable[..., Any]) -> str:
    file, line = where(function)
    if file is None:
        return ""
    try:
        shown = str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        shown = file
    return f"{shown}:{line}: "


def _refusal(
    function: Callable[..., Any], name: str, bad: str, scope: Scope
) -> EvaluatorSignatureError:
    close = _near(bad, scope)
    hint = f" Did you mean {close!r}?" if close else ""
    return EvaluatorSignatureError(
        f"{_place(function)}evaluator {name!r} asks for {bad!r}, "
        f"which evalkit does not pass.{hint} "
        f"It can ask for: {', '.join(NAMES[scope])}; give any other parameter a default."
    )
