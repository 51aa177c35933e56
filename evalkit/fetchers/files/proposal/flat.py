"""Columns whose names hold dots (`inputs.query`): what a table makes of objects inside objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from evalkit.fetchers.files.proposal import names
from evalkit.fetchers.files.proposal.amounts import counts, number
from evalkit.fetchers.files.proposal.profile import BARE, Column
from evalkit.fetchers.files.proposal.taking import Guess

ROLES = {
    **dict.fromkeys(("inputs", "input"), "inputs"),
    **dict.fromkeys(("outputs", "output"), "outputs"),
    **dict.fromkeys(("reference", "reference_outputs", "expected", "expected_outputs"),
                    "reference_outputs"),
    **dict.fromkeys(("scores", "score", "feedback", "metrics", "evaluation"), "feedback"),
    **dict.fromkeys(("usage", "token_usage"), "usage"),
    "metadata": "metadata",
}  # fmt: skip
"""What the first part of a name says of a column."""
VERDICTS = ("_passed", "_result")
ABOUT = ("_reason", "_status", "_threshold", "_properties", "_score", "_details", "_tokens",
         "_finish_reason", "_model", "_sample_input", "_sample_output")  # fmt: skip
"""What an evaluator writes beside its figure: `f1_score_reason`."""


def flattened(made: Guess) -> None:
    """Give the fields that the first part of a name says."""
    parts: dict[str, list[tuple[str, Column]]] = {}
    found = [(c.name.split("."), c) for c in made.left if len(c.path) == 1 and "." in c.name]
    told = [(name, c) for name, c in found if name[0].lower() in ROLES and all(name)]
    evaluated = _evaluated([each for each in told if ROLES[each[0][0].lower()] == "outputs"])
    own = any(ROLES[n[0].lower()] == "outputs" and c not in evaluated for n, c in told)
    for name, column in told:
        role, rest = ROLES[name[0].lower()], ".".join(name[1:])
        if column in evaluated or (role == "usage" and not counts(column)):
            continue
        if role == "inputs":
            role = _said(rest, own=own)
        parts.setdefault(role, []).append((rest, column))
    for role in ("inputs", "outputs", "reference_outputs"):
        if role in parts:
            made.give(role, _object(parts[role]))
    if "usage" in parts:
        made.give("usage", _object(parts["usage"], number))
    for role in ("feedback", "metadata"):
        for rest, column in parts.get(role, ()):
            if column.scalar:
                made.give(f"{role}.{rest}", column.expression)
    for column in [c for each in parts.values() for _, c in each]:
        made.drop(column)
    _scores(made, evaluated)


def _said(rest: str, *, own: bool) -> str:
    """Return what an input is by its name; `own`: the outputs have columns of their own."""
    word = "".join(ch for ch in rest.lower() if ch.isalnum())
    if word in names.REFERENCE:
        return "reference_outputs"
    return "outputs" if word in names.OUTPUTS and not own else "inputs"


def _evaluated(outputs: Sequence[tuple[list[str], Column]]) -> list[Column]:
    """Return the columns `outputs.EVALUATOR.METRIC`: those of an evaluator that gives numbers."""
    deep = [(name, c) for name, c in outputs if len(name) > 2]
    found: list[Column] = []
    for _, group in groupby(sorted(deep, key=lambda each: each[0][1]), key=lambda each: each[0][1]):
        columns = [column for _, column in group]
        if any(column.all_are(int, float, bool) for column in columns):
            found += columns
    return found


def _object(
    parts: list[tuple[str, Column]], said: Callable[[Column], str] = lambda c: c.expression
) -> str:
    pairs = (f"{rest if BARE.fullmatch(rest) else _quoted(rest)}: {said(column)}"
             for rest, column in parts)  # fmt: skip
    return f"{{{', '.join(pairs)}}}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _scores(made: Guess, columns: list[Column]) -> None:
    """Give an evaluator's figures with their reasons; what stands beside them is not placed."""
    by_name = {column.name: column for column in columns}
    about = {name for name in by_name for ending in ABOUT
             if name.endswith(ending) and _has_base(name, by_name)}  # fmt: skip
    for name, column in by_name.items():
        made.drop(column)
        base = next((name.removesuffix(end) for end in VERDICTS if name.endswith(end)), "")
        twice = base in by_name and name.endswith("_result") and f"{base}_passed" in by_name
        if name in about or twice:
            if not name.endswith("_reason"):
                made.found.unplaced.append(column.expression)
            continue
        why = by_name.get(f"{name}_reason")
        value = column.expression
        if why is not None and why.all_are(str):
            value = f"{{score: {value}, comment: {why.expression}}}"
        made.give(f"feedback.{name.partition('.')[2]}", value)


def _has_base(name: str, known: dict[str, Column]) -> bool:
    """Tell whether a figure is there that this name is about: `f1_score` of `f1_score_reason`."""
    words = name.split("_")
    return any("_".join(words[:end]) in known for end in range(1, len(words)))
