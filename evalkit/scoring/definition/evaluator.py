"""Evaluator: a user's callable with what evalkit knows of it; `@evaluator` marks one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, overload

from evalkit.errors import EvaluatorError, EvaluatorSignatureError, did_you_mean
from evalkit.model.row import copied
from evalkit.model.scales.scale import SCORE_KINDS, Scale, ScoreKind
from evalkit.model.score import EvaluatorInfo, Score
from evalkit.scoring.definition.as_loaded import remember
from evalkit.scoring.definition.cases import Case
from evalkit.scoring.definition.coerce import to_scores
from evalkit.scoring.definition.inject import collect, keeping
from evalkit.scoring.definition.returns import score_kind
from evalkit.scoring.definition.signature import (
    Scope,
    Signature,
    call_method,
    read_signature,
    unwrap,
    where,
)

F = TypeVar("F", bound=Callable[..., Any])
MARK = "__evalkit_evaluator__"
Kind = Literal["code", "judge", "share", "number", "category"]
INFO_FIELDS = (
    "name",
    "version",
    "direction",
    "kind",
    "threshold",
    "directed",
    "failed_runs",
    "options",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """A callable that scores, with its name, scope and options; made by `as_evaluator`."""

    name: str
    function: Callable[..., Any]
    signature: Signature
    version: str | None = None
    failed_runs: Literal["call", "skip"] = "call"
    cases: Sequence[Case] = ()
    direction: Literal["higher", "lower"] | None = "higher"
    kind: Literal["code", "judge"] = "code"
    range: tuple[float, float] | None = None
    score_kind: ScoreKind | None = None
    """What its scores are, by `kind`, `range` or the return annotation; None: it does not say."""
    scale: Callable[[Mapping[str, Any]], Scale] | None = None
    """Gives what its scores are from the options, where that depends on them."""
    directed: bool = False
    """Whether `direction` was declared, not left at higher."""
    threshold: float | None = None
    timeout: float | None = None
    """Seconds one call may take; `None` takes the project's setting."""
    retries: int = 0
    """Further tries after an exception; only for evaluators that are not pure."""
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options set for this project; the function's defaults fill the rest."""
    fingerprint: str | None = None

    @property
    def scope(self) -> Scope:
        """What is scored: `run`, `step`, `experiment` or `comparison`."""
        return self.signature.scope

    @property
    def injected(self) -> tuple[str, ...]:
        """The names evalkit passes: what this evaluator can see."""
        return self.signature.injected

    @property
    def is_async(self) -> bool:
        """Whether calls return awaitables."""
        target = unwrap(self.function)
        return any(map(inspect.iscoroutinefunction, (target, call_method(target))))

    @property
    def doc(self) -> str:
        """The docstring, cleaned."""
        return inspect.getdoc(unwrap(self.function)) or ""

    def all_options(self) -> dict[str, Any]:
        """Return every option with the value it has here."""
        return {**self.signature.options, **self.options}

    def with_options(self, options: Mapping[str, Any]) -> Evaluator:
        """Return this evaluator with options set; an unknown option is an error."""
        for name in options:
            if name not in self.signature.options:
                known = ", ".join(self.signature.options) or "none"
                hint = did_you_mean(name, self.signature.options)
                raise EvaluatorError(
                    f"evaluator {self.name!r} has no option {name!r}.{hint} Its options: {known}."
                )
        return replace(self, options={**self.options, **options})

    def invoke(self, run: Any, example: Any, step: Any = None) -> Any:
        """Call the function on a run (or a step of it); returns what it returned, or an awaitable.

        What it is handed is its own: whatever it changes, `run` and `example` stay as they are. In
        the scopes experiment and comparison, `run` is the list of runs and `example` the list of
        examples (or the one example compared).
        """
        values, kept = collect(self.scope, self.injected, run, example, step)
        options = copied(self.options)
        if self.signature.positional:
            return keeping(self.function(*values.values(), **options), kept)
        return keeping(self.function(**values, **options), kept)

    def scores(self, returned: Any) -> list[Score]:
        """Return what the function returned as scores; see `evalkit.scoring.definition.coerce`."""
        return to_scores(returned, self.name)

    def info(self) -> EvaluatorInfo:
        """Return what people are told about this evaluator."""
        file, line = where(self.function)
        values = {name: getattr(self, name) for name in INFO_FIELDS}
        values["options"] = {name: _shown(value) for name, value in self.all_options().items()}
        said = self.scale(self.all_options()) if self.scale else None
        return EvaluatorInfo(
            **values,
            range=said.range if said else self.range,
            score_kind=said.kind if said else self.score_kind,
            scope=self.scope,
            keys=(self.name,),
            fingerprint=self.fingerprint,
            doc=self.doc,
            file=file,
            line=line,
        )


def _shown(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | list | None) else repr(value)


@overload
def evaluator(function: F, /) -> F: ...
@overload
def evaluator(
    *,
    name: str | None = ...,
    version: str | None = ...,
    scope: Scope | None = ...,
    failed_runs: Literal["call", "skip"] = ...,
    cases: Sequence[Case] = ...,
    direction: Literal["higher", "lower"] | None = ...,
    kind: Kind = ...,
    range: tuple[float, float] | None = ...,
    threshold: float | None = ...,
    timeout: float | None = ...,
    retries: int = ...,
    retry_on: type[BaseException] | tuple[type[BaseException], ...] = ...,
    scale: Callable[[Mapping[str, Any]], Scale] | None = ...,
) -> Callable[[F], F]: ...
def evaluator(function: Any = None, /, **settings: Any) -> Any:
    """Mark a function as an evaluator; it comes back unchanged and stays callable as a function.

    `name` is the key of its scores (default: the function's name). `version` re-scores when it
    changes. `scope` is needed where the parameters do not tell. `failed_runs="skip"` does not call
    it on runs that did not succeed. `cases` are its own proof, run by `evalkit check`. `direction`
    says which way is better, `threshold` from where on a score passes, `range` what is possible.
    `kind` is `judge`, or says what the scores are: `share`, `number` or `category`; else the range
    says it (0 to 1 is a share), else the return annotation. `scale` gives both from the options.
    `timeout` is in seconds; `retries` further tries follow an exception of `retry_on`.
    """

    def mark(target: Any) -> Any:
        made = as_evaluator(target, **settings)
        try:
            setattr(target, MARK, made)
        except AttributeError:
            raise EvaluatorError(
                f"evaluator {made.name!r}: a {type(target).__name__} cannot be marked. "
                "Wrap it in a function, or name it in the configuration."
            ) from None
        return target

    return mark if function is None else mark(function)


def marked(target: Any) -> Evaluator | None:
    """Return the Evaluator of something marked with `@evaluator`, else `None`."""
    found = getattr(target, MARK, None)
    return found if isinstance(found, Evaluator) else None


def as_evaluator(target: Any, *, name: str | None = None, **settings: Any) -> Evaluator:
    """Make an Evaluator of any callable: function, partial, callable object, LangSmith class.

    A callable that asks for something evalkit does not pass raises `EvaluatorSignatureError`.
    """
    known = marked(target)
    if known is not None and not settings:
        return known if name is None else replace(known, name=name)
    if isinstance(target, Evaluator):
        return target
    function = _callable_of(target)
    _remember(function)
    name = name or _name_of(target)
    scope = settings.pop("scope", None)
    retry_on = settings.pop("retry_on", (Exception,))
    signature = read_signature(function, name, scope)
    kind = settings.get("kind")
    settings["score_kind"] = score_kind(name, kind, settings.get("range"), function)
    if kind in SCORE_KINDS:
        del settings["kind"]
    settings["directed"] = "direction" in settings
    return Evaluator(
        name=name,
        function=function,
        signature=signature,
        retry_on=retry_on if isinstance(retry_on, tuple) else (retry_on,),
        **settings,
    )


def _remember(function: Callable[..., Any]) -> None:
    """Keep the text of the module that a user's function comes from."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if module is not None:
        remember(module)


def _callable_of(target: Any) -> Callable[..., Any]:
    """Return what to call; LangSmith's evaluator classes are called by `evaluate_run`."""
    evaluate_run = getattr(target, "evaluate_run", None)
    if callable(evaluate_run) and not inspect.isclass(target):

        def evaluate(run: Any, example: Any) -> Any:
            return evaluate_run(run, example)

        evaluate.__doc__ = type(target).__doc__
        return evaluate
    if inspect.isclass(target):
        raise EvaluatorSignatureError(
            f"{_class_place(target)}evaluator {target.__name__!r} is a class. Mark an instance: "
            f'{target.__name__.lower()} = evaluator(name="{target.__name__.lower()}")'
            f"({target.__name__}())."
        )
    if not callable(target):
        raise EvaluatorSignatureError(f"{target!r} cannot be called, so it is no evaluator.")
    function: Callable[..., Any] = target
    return function


def _class_place(target: type) -> str:
    try:
        file, line = inspect.getsourcefile(target), inspect.getsourcelines(target)[1]
    except (OSError, TypeError):
        return ""
    return f"{file}:{line}: "


def _name_of(target: Any) -> str:
    found = getattr(unwrap(target), "__name__", None)
    return str(found) if found else type(target).__name__
