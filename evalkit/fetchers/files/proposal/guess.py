"""Guesses which field of a run each column is, by its name and by what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from evalkit.fetchers.files.mapping.convert import CELL_TRUTHS
from evalkit.fetchers.files.proposal import names
from evalkit.fetchers.files.proposal.amounts import (
    duration,
    first_token,
    is_number,
    moment,
    number,
    usage_expression,
)
from evalkit.fetchers.files.proposal.flat import flattened
from evalkit.fetchers.files.proposal.grouped import conversation, groups, spans
from evalkit.fetchers.files.proposal.profile import Column
from evalkit.fetchers.files.proposal.taking import BROKEN_OFF, Guess, Proposal

TRUTHS = {
    *("yes", "no", "true", "false", "pass", "fail"),
    *("passed", "failed", "correct", "incorrect"),
    *CELL_TRUTHS,
}
"""Words that stand for a truth value."""
MANY_VALUES = 0.6
"""Share of different values from which on a text is no property to slice by."""
LONG = 80
LEVELS = {"DEFAULT", "DEBUG", "WARNING", "ERROR"}
UNRATED = -1
"""What a judge's file holds for a score where no rating was found in what the judge said."""


def guess(columns: Sequence[Column]) -> Proposal:
    """Return the mapping that the columns suggest."""
    made = Guess(columns)
    if not spans(made):
        flattened(made)
        grouped = groups(made)
        _identity(made, grouped=grouped)
        _usage(made)
        _times(made)
        _ended(made)
        conversation(made, grouped=grouped)
        _contents(made)
    _scores(made)
    _about(made)
    given = made.found.fields
    if "run_id" in given and not {"example_id", "inputs"} & given.keys():
        made.give("example_id", given["run_id"], "nothing else says what was answered")
    made.found.unplaced += [column.expression for column in made.left if column.scalar]
    return made.found


def _identity(made: Guess, *, grouped: bool) -> None:
    if not grouped:
        run = made.take(names.RUN_ID, lambda c: c.unique and len(c.path) <= 2)
        if run is not None:
            made.give("run_id", run.expression)
    example = made.take(
        names.EXAMPLE_ID[:-5] if grouped else names.EXAMPLE_ID,
        lambda c: c.scalar and c.full and not c.all_are(float, bool) and len(c.path) <= 3,
    )
    if example is not None:
        made.give("example_id", example.expression)
    repetition = made.take(names.REPETITION, lambda c: c.full and c.all_are(int))
    if repetition is not None and example is not None:
        made.give("repetition", repetition.expression)


def _usage(made: Guess) -> None:
    usage = usage_expression(made)
    if usage:
        made.give("usage", usage)


def _times(made: Guess) -> None:
    took = duration(made)
    if took is not None:
        made.give("duration_s", *took)
    first = first_token(made)
    if first is not None:
        made.give("first_token_s", *first)
    for name, wanted in (("started_at", names.STARTED), ("ended_at", names.ENDED)):
        column = made.take(wanted, lambda c: len(c.path) == 1 and moment(c)) or made.take(
            wanted, moment
        )
        if column is not None:
            made.give(name, column.expression)


def _ended(made: Guess) -> None:
    status = made.take(names.STATUS, lambda c: c.scalar and c.all_are(str, int))
    if status is None and "group_by" in made.found.options:
        status = made.take(("success", "succeeded", "ok"), lambda c: c.all_are(bool))
    if status is not None:
        seen = sorted({str(value) for value in status.values})[:6]
        made.give("status", status.expression, f"words seen: {', '.join(seen)}")
    if status is None:
        _level(made)
    error = made.take(names.ERROR)
    if error is not None:
        made.give("error", error.expression)


def _level(made: Guess) -> None:
    """Read Langfuse's level, one of four words, as how a run ended."""
    level = made.take(("level",), lambda c: set(map(str, c.values)) <= LEVELS)
    if level is not None:
        expression = f"when({level.expression} == 'ERROR', 'error', 'success')"
        made.give("status", expression, "level ERROR is taken for a run that failed")


def _contents(made: Guess) -> None:
    for field_name, wanted in (
        ("reference_outputs", names.REFERENCE),
        ("inputs", names.INPUTS),
        ("outputs", names.OUTPUTS),
    ):
        if field_name in made.found.fields:
            continue
        column = made.take(wanted, _payload) or made.take_like(wanted, _long_enough)
        if column is None and field_name == "outputs":
            column = _longest(made)
        if column is None:
            continue
        if field_name == "outputs" and made.broken_off:
            made.give("error", f"when(starts_with(to_string({column.expression} || ''), "
                      f"'{BROKEN_OFF}'), {column.expression}, `null`)")  # fmt: skip
        if column.all_are(dict):
            made.give(field_name, column.expression)
        else:
            key = {"inputs": "input", "outputs": "output"}.get(field_name, "output")
            made.give(field_name, f"{{{key}: {column.expression}}}")


def _longest(made: Guess) -> Column | None:
    """Take the column with the longest texts, where no name says which is the answer."""
    texts = [c for c in made.left if c.all_are(str) and c.distinct > c.records / 2
             and median(map(len, c.values)) > LONG]  # fmt: skip
    if not texts:
        return None
    best = max(texts, key=lambda c: median(map(len, c.values)))
    made.found.why["outputs"] = "no name says which column is the answer: the longest texts"
    made.drop(best)
    return best


def _payload(column: Column) -> bool:
    return not column.all_are(bool)


def _long_enough(column: Column) -> bool:
    """Tell whether it may be what was asked or said: text that is not the same everywhere."""
    return column.all_are(str, dict) and (column.distinct > 1 or column.records == 1)


def _truths(column: Column) -> bool:
    return all(value.strip().lower() in TRUTHS for value in column.values)


def _scores(made: Guess) -> None:
    judged = any("judge" in column.words for column in made.columns)
    for column in list(made.left):
        inside = any(
            part.lower().replace("_", "") in names.SCORE_OBJECTS for part in column.path[:-1]
        )
        said = bool(names.SCORES & {*column.words, column.plain})
        numeric = column.all_are(int, float, bool) or (
            column.all_are(str) and all(is_number(value) for value in column.values)
        )
        own = bool(names.WORDED & set(column.words)) and column.distinct <= column.records
        worded = said and column.all_are(str) and (own or _truths(column))
        if not (numeric or worded) or not (said or inside) or column not in made.left:
            continue
        made.drop(column)
        value = column.expression if worded else number(column)
        if judged and any(each == UNRATED for each in column.values):
            value = f"when({column.expression} == `{UNRATED}`, `null`, {value})"
        key = ".".join(column.path[1:]) if inside and len(column.path) > 1 else column.name
        made.give(f"feedback.{key.strip('. ')}", value)


def _about(made: Guess) -> None:
    """Properties to slice by: the model, and what takes few different values."""
    thread = made.take(names.THREAD, lambda c: c.scalar)
    if thread is not None:
        made.give("thread_id", thread.expression)
    tags = made.take(names.TAGS, lambda c: c.all_are(list))
    if tags is not None:
        made.give("tags", tags.expression)
    model = made.take(names.MODEL, lambda c: c.scalar)
    if model is not None:
        made.give("metadata.model", model.expression)
        if 1 < model.distinct < model.records / 2 and "group_by" not in made.found.options:
            made.found.notes.append(
                f'{model.distinct} values of {model.name}: experiments = "{model.expression}" '
                "makes an experiment of each, to be compared"
            )
    for column in list(made.left):
        few = column.distinct <= max(2, column.records * MANY_VALUES)
        short = column.scalar and all(len(str(value)) <= LONG for value in column.values)
        if few and short and len(column.path) <= 2 and column in made.left:
            made.drop(column)
            made.give(f"metadata.{column.name.strip('. ')}", column.expression)
