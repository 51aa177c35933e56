"""What was found in the data: all of it, or one line below the figures."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import clean
from evalkit.metrics.documents.validation import Finding, Validation
from evalkit.pipeline.checks.validating import validate
from evalkit.project.config import Project

MARKS = {"finding": "FIND", "note": "note"}
INDENT = "      "
NO_TERMINAL = 80


def say_data(session: Session, project: Project, names: Sequence[str]) -> None:
    """Say in one line what the data of a run is like."""
    found = validate(project, names, thorough=False)
    over = " and ".join(filter(None, [_examples(found), _runs(found)]))
    if not found.findings:
        session.say(f"data: {over} looked at, nothing found")
        return
    counts = [(found.count("finding"), "finding"), (found.count("note"), "note")]
    told = " and ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counts if n)
    order = sorted(found.findings, key=lambda each: each.level != "finding")
    kinds = ", ".join(dict.fromkeys(each.check.replace("_", " ") for each in order))
    session.say(f"data: {told} in {over} ({kinds}): evalkit validate {' '.join(names)}")


def text_of(found: Validation) -> str:
    """Return everything that was found, findings first, as wide as the terminal."""
    width = _width()
    blocks = []
    for experiments in dict.fromkeys(tuple(each.experiments) for each in found.findings):
        here = [each for each in found.findings if tuple(each.experiments) == experiments]
        here.sort(key=lambda each: each.level != "finding")
        lines = [clean(" beside ".join(reversed(experiments)))]
        lines += [line for each in here for line in _lines(each, width)]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, _closing(found)])


def _lines(each: Finding, width: int) -> Iterator[str]:
    head = f"{MARKS[each.level]}  {each.check.replace('_', ' ')}: "
    yield from textwrap.wrap(
        head + clean(each.text), width, subsequent_indent=INDENT, break_on_hyphens=False
    )


def _closing(found: Validation) -> str:
    over = " and ".join(filter(None, [_examples(found), _runs(found)]))
    n, notes = found.count("finding"), found.count("note")
    said = f"{n} finding{'s' * (n != 1)}, {notes} note{'s' * (notes != 1)}"
    return f"{said} in {over}." if found.findings else f"{over} looked at: nothing found."


def _examples(found: Validation) -> str:
    n = max(each.examples for each in found.experiments)
    return f"{n:,} example{'s' * (n != 1)}" if n else ""


def _runs(found: Validation) -> str:
    n = sum(each.runs for each in found.experiments)
    return f"{n:,} run{'s' * (n != 1)}"


def _width() -> int:
    return max(40, shutil.get_terminal_size((NO_TERMINAL, 24)).columns)
