"""Returns: what an evaluator's scores are, as far as it says so when it is written."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.model.scales.scale import SCORE_KINDS, ScoreKind, kind_of_range
from evalkit.scoring.definition.signature import call_method, unwrap

BY_TYPE: dict[Any, ScoreKind] = {bool: "share", int: "number", str: "category"}
"""`float` is not among them: most floats of this field are shares, and some are grades."""


def score_kind(
    name: str,
    kind: str | None,
    range: tuple[float, float] | None,
    function: Callable[..., Any],
) -> ScoreKind | None:
    """Return what the scores are by `kind`, by `range` or by the return annotation; None: unsaid.

    A share with another range than 0 to 1, or a category with one, is an error.
    """
    said = next((each for each in SCORE_KINDS if each == kind), None)
    if range is not None and not range[0] < range[1]:
        raise EvaluatorError(f"evaluator {name!r}: range={range} is no range. Give (low, high).")
    if range is not None and (
        said == "category" or (said == "share" and kind_of_range(range) != said)
    ):
        raise EvaluatorError(
            f"evaluator {name!r}: kind={said!r} and range={range} exclude each other. "
            "A share lies in 0 to 1, a category has no range; leave one of them out."
        )
    return said or kind_of_range(range) or _of_annotation(function)


def _of_annotation(function: Callable[..., Any]) -> ScoreKind | None:
    """Return what the return annotation says; several kinds, Score, dict, float say nothing."""
    target = unwrap(function)
    if not inspect.isroutine(target):
        target = call_method(target)
    try:
        returned = typing.get_type_hints(target).get("return")
    except Exception:  # a name that is imported for type checking only, whatever it raises
        returned = _by_text(getattr(target, "__annotations__", {}).get("return"))
    kinds = {BY_TYPE.get(each) for each in _members(returned)}
    return kinds.pop() if len(kinds) == 1 else None


def _by_text(annotation: Any) -> Any:
    """Return the plain type that an annotation names as text, when it is one of ours."""
    plain = {kind.__name__: kind for kind in BY_TYPE}
    parts = [each.strip() for each in str(annotation).split("|") if each.strip() != "None"]
    return plain.get(parts[0]) if len(parts) == 1 else None


def _members(annotation: Any) -> list[Any]:
    """Return the types of a union without None; a Literal is of its values' types."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return [m for each in typing.get_args(annotation) for m in _members(each)]
    if origin is typing.Literal:
        return [type(each) for each in typing.get_args(annotation) if each is not None]
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    return [] if annotation in (None, type(None)) else [annotation]
