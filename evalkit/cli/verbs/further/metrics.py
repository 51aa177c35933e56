"""metrics: print performance metrics under LangSmith's field names."""

from __future__ import annotations

from typing import Any

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.metrics.summaries.performance import Performance, performance
from evalkit.pipeline.stored import results


def perform(session: Session, /, name: str, as_json: bool) -> None:
    """Print the figures here, and those the source stated beside them."""
    project = session.load(deep=False)
    found = performance(results(project, project.experiment(name).name))
    if as_json:
        session.document(found.to_dict())
    else:
        session.print(_text(found))


def _text(found: Performance) -> str:
    header: tuple[str, ...] = ("field", "here")
    if found.server:
        header = (*header, "source", "difference")
    rows = []
    for key, value in found.figures.items():
        told = [_said(value)]
        if found.server:
            told += [_said(found.server.get(key)), _said(found.difference.get(key))]
        if not isinstance(value, dict):
            rows.append((key, *told))
    for key, stats in found.figures.get("feedback_stats", {}).items():
        rows.append(
            (f"feedback_stats.{key}", " ".join(f"{k}={_said(v)}" for k, v in stats.items()))
        )
    notes = "".join(f"\n{note}" for note in found.notes)
    return f"{found.experiment}\n{aligned(rows, header)}{notes}"


def _said(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
