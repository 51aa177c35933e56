"""A mapping: expressions by field, applied to one record after the other, honest about gaps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.convert import merged, nested, to_failure
from evalkit.fetchers.files.mapping.targets import Target, target_of
from evalkit.fetchers.files.reading.expression import Expression, Path, present
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.places import NOWHERE
from evalkit.fetchers.files.reading.quantities import SECONDS

FAILURES = re.compile(r"(?i)[\w.\"]*(?:fail|error)\w*\"?")
"""A path that speaks of what went wrong, such as `failure_mode`."""


COUNTED = (
    *("given", "failed", "_emptied", "_parts", "_first_failure", "_unmet", "_unseen"),
    *("_empty_lists", "_idle_lists"),
)
"""What a field remembers of the records it saw."""


class Field:
    """One field of a mapping, with what its expression has given so far."""

    def __init__(self, name: str, expression: Expression, target: Target) -> None:
        self.name = name
        self.path: Path = tuple(name.split("."))
        self.target = target
        self.expression = expression
        failures = name == "status" and FAILURES.fullmatch(expression.text) is not None
        self.convert = to_failure if failures else target.convert
        self._placed, self._direct = expression.placed, expression.direct
        self.given = 0
        """Records that had a value."""
        self.failed = 0
        self._emptied = 0
        """Records whose value stands for none, such as an empty text for an id."""
        self._branches = expression.wanted()
        self._parts: Counter[str] = Counter()
        """Names of an object the expression makes -> records in which they are null."""
        self._first_failure = ""
        self._unmet: list[Path] = expression.required_paths()
        self._unseen = set(expression.branches())
        self._empty_lists = False
        self._idle_lists = False
        """Whether the expression walked over a list with things in it and came back with none."""

    def value(self, record: Any, where: str, places: Mapping[str, Any]) -> Any:
        """Return the converted value of one record; None where it has none."""
        try:
            if self._direct is not None:
                raw = self._direct(record)
            else:
                raw = self.expression(record, places if self._placed else NOWHERE)
            value = self.convert(raw)
        except ValueError as error:
            self._fail(error, where)
            return None
        if self._unmet or self._unseen or not self.given:
            self._watch(record, raw)
        if raw is not None and raw != []:
            self.given += 1
            if value is None:
                self._emptied += 1
            elif self._branches and isinstance(raw, dict):
                self._parts.update(name for name in self._branches if raw.get(name) is None)
        return value

    @property
    def is_simple(self) -> bool:
        """Whether no more is remembered of a value than that it was there, once `watches` ends."""
        return self._direct is not None and self.expression.node["type"] != "multi_select_dict"

    @property
    def watches(self) -> bool:
        """Whether no record has had yet what the expression asks for."""
        return bool(self._unmet or self._unseen)

    def fail(self, error: ValueError, where: str) -> None:
        """Take back a value that turned out not to be usable."""
        self.given -= 1
        self._fail(error, where)

    def _fail(self, error: ValueError, where: str) -> None:
        self.failed += 1
        if not self._first_failure:
            self._first_failure = f"{error} (first: {where})"

    def _watch(self, record: Any, raw: Any) -> None:
        """Strike off what has been seen, so that only typos are left at the end."""
        self._unmet = [path for path in self._unmet if not present(record, path)]
        if isinstance(raw, dict):
            self._unseen = {name for name in self._unseen if raw.get(name) is None}
        elif raw == []:
            self._empty_lists = True
            if not self.expression.may_be_empty:
                self._idle_lists = self._idle_lists or self._has_source(record)

    def _has_source(self, record: Any) -> bool:
        """Tell whether the list the expression walks over holds anything in this record."""
        for path in self.expression.required_paths():
            value = record
            for name in path:
                value = value.get(name) if isinstance(value, dict) else None
            if value:
                return True
        return False

    def told(self) -> dict[str, Any]:
        """Return what its expression has given, to be told where other records were read."""
        kept = {name: value for name, value in vars(self).items() if name in COUNTED}
        return kept | {"units": self.expression.units()}

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take in what it gave for records that were read elsewhere, after these."""
        for name in ("given", "failed", "_emptied"):
            setattr(self, name, getattr(self, name) + told[name])
        self._parts.update(told["_parts"])
        self._first_failure = self._first_failure or told["_first_failure"]
        self._unmet = [path for path in self._unmet if path in told["_unmet"]]
        self._unseen &= told["_unseen"]
        self._empty_lists |= told["_empty_lists"]
        self._idle_lists |= told["_idle_lists"]
        self.expression.hear_units(told["units"])

    def problem(self) -> str | None:
        """Say why this field cannot be right: it gave nothing, whatever the record."""
        if self.failed and not self.given:
            return f"never fits: {self._first_failure}"
        if units := self.expression.mixed_units():
            return self._mixed(units)
        if self._unmet:
            paths = ", ".join(repr(".".join(path)) for path in self._unmet)
            return f"no record has {paths}"
        if self._unseen:
            return f"{', '.join(map(repr, sorted(self._unseen)))} is missing in every record"
        if self.given or self.expression.is_path or self.expression.is_optional:
            return None
        if self._empty_lists and not self._idle_lists:
            return None  # there was nothing to walk over, or a filter let nothing through
        return "it gives nothing for any record"

    def _mixed(self, units: list[str]) -> str:
        """Say that amounts in several units were computed with as bare numbers."""
        named = " and ".join(f"in {unit!r}" if unit else "without a unit" for unit in units)
        said = f"computes with amounts {named}, and leaves units aside"
        if not set(units) & SECONDS.keys() - {""}:
            return said
        return f"{said}. seconds(t, 'ms') reads each by its own and says what bare numbers are in"

    def gaps(self, records: int) -> str | None:
        """Say in how many records the field was missing or did not fit."""
        missing = records - self.given + self._emptied
        if self.failed:
            said = f"unusable in {missing} of {records} records, read as missing"
            if missing > self.failed:
                said = (
                    f"missing in {missing} of {records} records, unusable in {self.failed} of them"
                )
            return f"{self.name}: {said}: {self._first_failure}"
        if self.target.silent:
            return None
        if missing:
            return f"{self.name}: missing in {missing} of {records} records"
        if self._parts:
            parts = (f"{self.name}.{part} in {n}" for part, n in sorted(self._parts.items()))
            return f"missing of {records} records: {', '.join(parts)}"
        return None


class FieldMap:
    """The fields of a mapping, in the order they were written."""

    def __init__(self, texts: Mapping[str, str], targets: Mapping[str, Target], who: str) -> None:
        self.who = who
        self.fields = [
            Field(name, Expression(text, f"{who}.{name}"), target_of(name, targets))
            for name, text in texts.items()
        ]
        self.by_name = {field.name: field for field in self.fields}
        self.placed = any(field.expression.placed for field in self.fields)
        """Whether any expression asks where a record stands."""
        self._parts: dict[str, list[Field]] = {}
        for field in self.fields:
            if len(field.path) > 1:
                self._parts.setdefault(field.path[0], []).append(field)

    def __contains__(self, name: str) -> bool:
        return name in self.by_name or any(field.path[0] == name for field in self.fields)

    def values(
        self, record: Any, where: str, places: Mapping[str, Any] = NOWHERE
    ) -> dict[str, Any]:
        """Return the values of one record by field name; fields without a value are absent."""
        found = {}
        for field in self.fields:
            value = field.value(record, where, places)
            if value is not None:
                found[field.name] = value
        return found

    def parts(self, top: str) -> list[Field]:
        """Return the fields that give parts of `top`, as `usage.total_cost` does of `usage`."""
        return self._parts.get(top, [])

    def whole(self, values: Mapping[str, Any], top: str) -> Any:
        """Return a field's value with the parts of it that were mapped one by one."""
        parts: dict[str, Any] = {}
        for field in self.parts(top):
            if field.name in values:
                nested(parts, field.path[1:], values[field.name])
        return merged(values.get(top), parts)

    def check(self, records: int, findings: Findings) -> None:
        """Raise `ConfigError` naming every field that no record fits; note the gaps of others."""
        self._refuse(records)
        for field in self.fields:
            gap = field.gaps(records)
            if gap:
                findings.note(gap)

    def check_runs(self, runs: int, given: Mapping[str, int], findings: Findings) -> None:
        """Do the same where several records are one run; `given` counts the runs by field."""
        self._refuse(runs)
        for field in self.fields:
            missing = runs - given.get(field.name, 0)
            if field.failed:
                findings.note(field.gaps(field.given + field.failed) or "")
            if missing > 0 and not field.target.silent:
                findings.note(f"{field.name}: missing in {missing} of {runs} runs")

    def _refuse(self, records: int) -> None:
        wrong = [
            f"{field.name} = {field.expression.text!r}: {problem}"
            for field in self.fields
            if (problem := field.problem())
        ]
        if wrong:
            raise ConfigError(
                f"{self.who}: fields that fit none of {records} records. Correct the expressions, "
                "or allow for absence by writing `name || `null``.",
                wrong,
            )
