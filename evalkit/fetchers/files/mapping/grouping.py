"""Lines become runs: those with the same key are one, field by field by a rule.

One line a model call, a message, or an event is the commonest log there is. Every field is read of
every line of a group, and what the lines say becomes what the run says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.reading.quantities import number_of
from evalkit.model.accounting.reader import read_usage
from evalkit.model.usage import MONEY_WORDS, USAGE_FIELDS, total_usage

Rule = Literal["first", "last", "sum", "list", "min", "max"]
RULES: dict[str, Rule] = {
    "outputs": "last",
    "status": "last",
    "error": "last",
    "stopped": "last",
    "feedback": "last",
    "usage": "sum",
    "duration_s": "sum",
    "messages": "list",
    "steps": "list",
    "tags": "list",
    "interrupts": "list",
    "ended_at": "max",
    "updated_at": "max",
    "created_at": "min",
    "started_at": "min",
    "first_token_at": "min",
    "first_token_s": "first",
}
"""What the lines of a run make of each field; the first one that has it, for all others."""
TOLD_BY_LINE = ("inputs", "outputs", "error", "started_at", "ended_at", "duration_s", "usage")
"""What a line says of itself as a step."""
REDUCED: dict[str, Callable[[list[Any]], Any]] = {"sum": sum, "min": min, "max": max}
LISTS = ("inputs", "outputs", "reference_outputs", "messages", "steps", "tags", "interrupts",
         "metadata", "example_metadata", "feedback", "extra", "split")  # fmt: skip
"""Fields that can be a list of what the lines say."""
Values = dict[str, Any]


def check_rule(name: str, rule: Rule) -> None:
    """Raise `ValueError` where a field cannot be a list."""
    top, dot, _ = name.partition(".")
    if rule == "list" and (top not in LISTS or (top in ("metadata", "feedback") and not dot)):
        raise ValueError(f"{name} cannot be a list of what the lines say; take another rule")


class Group(NamedTuple):
    """One run of several lines."""

    key: str
    values: Values
    fingerprint: str
    where: str
    """Of its first line."""


class _Line(NamedTuple):
    values: Values
    fingerprint: str


class Groups:
    """Collects lines by key, in the order in which the keys first came."""

    def __init__(self, rules: Mapping[str, Rule], who: str = "", *, steps: bool) -> None:
        self._rules = rules
        self._who = who
        self._steps = steps
        """Whether each line is a step of its run."""
        self._lines: dict[str, dict[str, _Line]] = {}
        self._where: dict[str, str] = {}
        self.replaced = 0
        """Lines that came again under their own id: the last one counts."""
        self.given: Counter[str] = Counter()
        """Field -> runs that have it."""

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, key: str, line: str | None, values: Values, raw: Any, where: str) -> None:
        """Add a line; `line` is its own id, where it has one."""
        lines = self._lines.setdefault(key, {})
        self._where.setdefault(key, where)
        name = f"#{len(lines)}" if line is None else line
        self.replaced += name in lines
        lines[name] = _Line(values, digest(raw))

    def take(self) -> Iterator[Group]:
        """Yield the runs, and forget them."""
        for key, lines in self._lines.items():
            names = dict.fromkeys(name for line in lines.values() for name in line.values)
            values = {
                name: self._combined(name, [x.values[name] for x in lines.values()
                                            if name in x.values])
                for name in names
            }  # fmt: skip
            if "error" not in self._rules and _recovered(list(lines.values())):
                values.pop("error", None)
            if self._steps:
                told = (_step(name, line.values) for name, line in lines.items())
                values["steps"] = [step for step in told if step is not None]
            self.given.update(list(names))
            fingerprint = digest([line.fingerprint for line in lines.values()])
            yield Group(key, values, fingerprint, self._where[key])
        self._lines, self._where = {}, {}

    def _combined(self, name: str, said: list[Any]) -> Any:
        top = name.partition(".")[0]
        rule = self._rules.get(name) or self._rules.get(top) or RULES.get(top, "first")
        if rule in ("first", "last"):
            return said[0 if rule == "first" else -1]
        if rule == "list":
            return _listed(said)
        if rule == "sum" and name == "usage":
            return _summed(said)
        try:
            return REDUCED[rule](_comparable(said))
        except TypeError:
            shown = next((each for each in said if not isinstance(each, int | float)), said[0])
            raise ConfigError(
                f"{self._who}.combine: {name} = {rule!r} needs numbers or times, and a record has "
                f"{shown!r:.60}. Take `first`, `last` or `list`."
            ) from None


def _recovered(lines: list[_Line]) -> bool:
    """Tell whether a line answered after the last one that failed: a call that was tried again."""
    for line in reversed(lines):
        if "error" in line.values:
            return False
        given = line.values.get("outputs")
        if given and not (isinstance(given, dict) and all(v is None for v in given.values())):
            return True
    return False


def _comparable(said: list[Any]) -> list[Any]:
    """Return numbers for text that holds numbers: the cells of a CSV are text."""
    if not any(isinstance(each, str) for each in said):
        return said
    try:
        return [number_of(each) for each in said]
    except ValueError:
        return said


def _listed(said: list[Any]) -> list[Any]:
    """Put lists behind each other; one that begins with all of the others' is all of them.

    A log of calls repeats the conversation so far in every line.
    """
    whole: list[Any] = []
    for each in said:
        items = list(each) if isinstance(each, list | tuple) else [each]
        if len(items) >= len(whole) and items[: len(whole)] == whole:
            whole = items
        else:
            whole += items
    return whole


def _summed(said: list[Any]) -> Values:
    total = total_usage(read_usage(each) for each in said if isinstance(each, Mapping))
    if total is None:
        return {}
    named = {name: getattr(total, name) for name in (*USAGE_FIELDS, *MONEY_WORDS)}
    return {name: value for name, value in named.items() if value is not None}


def _step(name: str, values: Values) -> Values | None:
    """Return a line as a step, a call of a model where it counts tokens; None: it tells nothing."""
    told = {field: values[field] for field in TOLD_BY_LINE if field in values}
    parts = {key.partition(".")[2]: value for key, value in values.items()
             if key.startswith("usage.")}  # fmt: skip
    if parts:
        told["usage"] = {**(told.get("usage") or {}), **parts}
    if not told:
        return None
    if "usage" not in told and len(told) == 1 and values.get("error"):
        return {"step_id": name, "kind": "other", "name": "error", **told}
    about = values.get("metadata") or {}
    model = values.get("metadata.model") or (
        about.get("model") if isinstance(about, dict) else None
    )
    kind = "llm" if "usage" in told or model else "other"
    return {
        "step_id": name.removeprefix("#"),
        "kind": kind,
        "name": str(model or values.get("name") or kind),
        **told,
        **({"metadata": {"model": model}} if model else {}),
    }
