"""plan: how many examples and repetitions find a change of a given size."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.metrics.documents.plan import Layout, Plan
from evalkit.metrics.gating.wording import text_of
from evalkit.metrics.planning.plan import plan
from evalkit.pipeline.stored import results
from evalkit.project.scales import scales_of


def perform(
    session: Session,
    /,
    name: str,
    detect: str,
    baseline: str | None,
    metric: str | None,
    power: float,
    as_json: bool,
) -> None:
    """Print the designs that find the change, and what the present one finds."""
    project = session.load(deep=False)
    config = project.experiment(name)
    other = baseline or config.baseline
    found = plan(
        results(project, config.name),
        detect,
        baseline=None if other in (None, config.name) else results(project, str(other)),
        metric=metric or project.table.headline,
        power=power,
        confidence=project.table.confidence,
        scores=scales_of(project),
    )
    if as_json:
        session.document(found.to_dict())
    else:
        session.print(_text(found))


def _text(found: Plan) -> str:
    change = (
        f"{100 * found.detect:g} points" if found.unit == "share" else _said(found.detect, found)
    )
    beside = f" beside {found.baseline}" if found.baseline else ""
    head = (
        f"{found.experiment}{beside}: {found.metric} is {text_of(found.level, found.unit)}. "
        f"To find a change of {change} with {found.power:.0%} power at {found.alpha:.0%}, paired:"
    )
    rows = [_row(each, found) for each in found.layouts]
    table = aligned(rows, ("examples", "runs of each", "runs in all", "power", "finds"))
    now = [("now", *_row(found.current, found)), ("half as many", *_row(found.half, found))]
    there = aligned(now, ("", "examples", "runs of each", "runs in all", "power", "finds"))
    parts = [head, table if rows else "", there, *found.notes]
    return "\n\n".join(part for part in parts if part)


def _said(change: float, found: Plan) -> str:
    return f"{100 * change:.1f} points" if found.unit == "share" else text_of(change, found.unit)


def _row(each: Layout, found: Plan) -> tuple[str, ...]:
    finds = "-" if each.detectable is None else _said(each.detectable, found)
    counts = (f"{each.examples:,}", f"{each.repetitions}", f"{each.runs:,}")
    return (*counts, f"{each.power:.0%}", finds)
