"""GitHub: workflow annotations for missed gates, and the step summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from evalkit.report.renderers.markdown import render
from evalkit.report.renderers.terminal import clean
from evalkit.report.values.parts import GatePart, ReportView

MOST = 10
"""GitHub shows ten annotations a step."""


def error_lines(view: ReportView) -> list[str]:
    """Return one `::error` workflow command per missed gate, with the rule's place if known."""
    return [_annotation(gate) for gate in view.missed[:MOST]]


def _annotation(gate: GatePart) -> str:
    place = {"file": gate.file, "line": gate.line, "title": f"Gate missed: {gate.rule}"}
    fields = ",".join(f"{k}={_property(str(v))}" for k, v in place.items() if v is not None)
    message = f"{gate.experiment}: {gate.why}"
    return f"::error {fields}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the message of a workflow command, so that content cannot begin another one."""
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def step_summary(
    view: ReportView, *, report: str | None = None, environ: Mapping[str, str] = os.environ
) -> Path | None:
    """Append the Markdown to the file that `GITHUB_STEP_SUMMARY` names; None outside of GitHub."""
    name = environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return None
    path = Path(name)
    with path.open("a", encoding="utf-8") as file:
        file.write(render(view, report=report))
    return path
