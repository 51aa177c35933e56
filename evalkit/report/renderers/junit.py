"""JUnit: gates as test cases, and runs where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from evalkit.model.outcome import OUTCOMES, succeeded
from evalkit.report.charts import numbers
from evalkit.report.runs.columns import NO_ERROR, Rows, ScoreColumn
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner
from evalkit.report.values.parts import GatePart, ReportView

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    content: Content | ReportView, *, runs: bool = False, clean: Cleaner | None = None
) -> str:
    """Return the XML: a suite of gates, and with `runs` a suite of all runs for each experiment.

    Of runs, one that did not succeed is an error, one with a score that does not pass a failure.
    Without `runs` nothing but a gate can be red, and the counts are those of the gates.
    """
    cleaner = clean or Cleaner()
    view = cleaner.parts(content.view if isinstance(content, Content) else content)
    xml: Any = JUnitXml("evalkit")
    xml.add_testsuite(_gates(view))
    rows = content.source.rows if isinstance(content, Content) else None
    for number, part in enumerate(view.experiments if runs else ()):
        suite = TestSuite(_text(part.name))
        for name, n in (*part.outcomes, *((f"scores {word}", n) for word, n in part.cells)):
            suite.add_property(_text(name), str(n))
        if rows is not None:
            suite.add_testcases(list(_runs(rows, number, part.name, cleaner)))
        xml.add_testsuite(suite)
    xml.update_statistics()
    xml._elem.attrib.pop("skipped", None)  # Jenkins' schema has no such total
    made = xml.tostring()
    return made.decode() if isinstance(made, bytes) else str(made)


def _text(text: str) -> str:
    """Return text that XML 1.0 allows."""
    return NOT_XML.sub("\ufffd", text)


def _gates(view: ReportView) -> TestSuite:
    suite = TestSuite("gates")
    suite.add_testcases([_gate(gate) for gate in view.gates])
    return suite


def _gate(gate: GatePart) -> TestCase:
    case = TestCase(_text(f"{gate.rule} ({gate.experiment})"), "evalkit.gates")
    case.system_out = _text(f"measured {gate.observed}, n {numbers.count(gate.n)}")
    if gate.passed is False:
        case.result = [Failure(_text(gate.why), "GateMissed")]
    elif gate.passed is None:
        case.result = [Skipped(_text(gate.why))]
    return case


def _runs(rows: Rows, number: int, name: str, clean: Cleaner) -> Iterator[TestCase]:
    for row, experiment in enumerate(rows.experiments):
        if experiment != number:
            continue
        problem = _problem(rows, row, clean)
        example = clean.ident(rows.example_ids[rows.examples[row]])
        repetition = rows.numbers["repetition"][row]
        suffix = "" if repetition is None else f" #{repetition:g}"
        case = TestCase(_text(example + suffix), _text(name), rows.numbers["latency"][row])
        if problem is not None:
            case.result = [problem]
        yield case


def _problem(rows: Rows, row: int, clean: Cleaner) -> Error | Failure | None:
    outcome = OUTCOMES[rows.outcomes[row]]
    if not succeeded(outcome):
        code = rows.errors[row]
        said = rows.error_names[code] if code != NO_ERROR else ""
        return Error(_text(clean.text(said) or outcome), _text(outcome))
    failing = [c for c in rows.scores if c.fails(row)]
    if not failing:
        return None
    return Failure(_text(", ".join(_words(failing, row))), "score")


def _words(columns: Sequence[ScoreColumn], row: int) -> Iterator[str]:
    for column in columns:
        value = column.values[row]
        if column.type == "bool" and value in (0, 1):
            yield f"{column.name} is {'true' if value else 'false'}"
        else:
            sign = ">" if column.summary.direction == "lower" else "<"
            yield f"{column.name} {numbers.number(value)} {sign} {numbers.number(column.low)}"
