"""GitHub: workflow annotations for missed gates, and the step summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import unwritable
from evalkit.report.renderers.markdown import render
from evalkit.report.renderers.terminal import clean
from evalkit.report.values.parts import GatePart, ReportView

MOST = 10
"""GitHub shows ten annotations a step."""


def error_lines(view: ReportView, *, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return one `::error` workflow command per missed gate, with the rule's place if known.

    GitHub looks files up from the root of the repository, wherever the step ran.
    """
    return [_annotation(gate, environ) for gate in view.missed[:MOST]]


def in_repository(file: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a path as GitHub knows it: from the workspace, else from the folder with `.git`."""
    path = Path(file).resolve()
    stated = environ.get("GITHUB_WORKSPACE")
    roots = [Path(stated).resolve()] if stated else []
    roots += [folder for folder in path.parents if (folder / ".git").exists()][:1]
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file


def _annotation(gate: GatePart, environ: Mapping[str, str]) -> str:
    file = in_repository(gate.file, environ) if gate.file else None
    place = {"file": file, "line": gate.line, "title": f"Gate missed: {gate.rule}"}
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(render(view, report=report))
    except OSError as error:
        raise unwritable(path, error) from None
    return path
