"""Plot: the changes of a comparison as one SVG that stands alone: no style sheet, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from evalkit.errors import ConfigError, did_you_mean
from evalkit.model.shown import Plot
from evalkit.report.charts import numbers

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Comparison, Difference

LABEL, CHART, SAID, ROW, TOP = 200, 320, 250, 26, 34
WIDTH = LABEL + CHART + SAID
TONES = {"better": "#187a47", "worse": "#bd3228"}
GREY, LINE, TEXT = "#626b7d", "#c3c9d3", "#171a21"


def plot(comparison: Comparison, metrics: Sequence[str] = ()) -> Plot:
    """Draw one panel a candidate: per metric a line for the interval, a square for the change.

    Shares are drawn in points on one axis; other units relative to the baseline on another, each
    symmetric about no change. An unknown metric raises `ConfigError`.
    """
    known = {each.metric for part in comparison.candidates for each in part.differences}
    for name in metrics:
        if name not in known:
            raise ConfigError(
                f"plot: there is no metric {name!r}.{did_you_mean(name, known)} "
                f"There are: {', '.join(sorted(known))}."
            )
    body, y = [], 0
    for candidate in comparison.candidates:
        panel, height = _panel(comparison, candidate, metrics, y)
        body += panel
        y += height
    level = f"{100 * comparison.confidence:g}%"
    note = f"Lines: {level} intervals. Colour: the reading, corrected for all metrics tested."
    body.append(_text(8, y + 8, note, size=12, fill=GREY))
    y += 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="{TEXT}">'
    )
    title = f"Changes against {escape(comparison.baseline)}"
    ground = f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>'
    return Plot("".join([head, f"<title>{title}</title>", ground, *body, "</svg>"]))


def _panel(
    comparison: Comparison, candidate: Candidate, metrics: Sequence[str], y: int
) -> tuple[list[str], int]:
    by_name = {each.metric: each for each in candidate.differences}
    chosen = [by_name[name] for name in metrics if name in by_name] or candidate.differences
    rows = [row for each in chosen if (row := _scaled(each)) is not None]
    title = f"{candidate.experiment} against {comparison.baseline}"
    parts = [_text(8, y + 21, title, weight="600")]
    for place, (each, ends) in enumerate(rows):
        group = [e for d, e in rows if (d.unit == "share") == (each.unit == "share")]
        span = max(abs(end) for other in group for end in other) or 1.0
        parts += _row(each, ends, span, y + TOP + place * ROW)
    middle = LABEL + CHART / 2
    bottom = y + TOP + len(rows) * ROW
    zero = f'<path d="M{middle} {y + TOP}V{bottom}" stroke="{LINE}" stroke-dasharray="3 3"/>'
    return [parts[0], zero, *parts[1:]], TOP + len(rows) * ROW + 12


def _scaled(each: Difference) -> tuple[Difference, tuple[float, float, float]] | None:
    """Return change and ends in points, or relative to the baseline; None: nothing to draw."""
    figure = each.difference
    if figure.value is None or figure.low is None or figure.high is None:
        return None
    base = 1.0 if each.unit == "share" else abs(each.baseline.value or 0.0)
    if not base:
        return None
    return each, (figure.low / base, figure.value / base, figure.high / base)


def _row(
    each: Difference, ends: tuple[float, float, float], span: float, y: float
) -> Iterator[str]:
    tone = TONES.get(each.verdict, GREY)
    low, value, high = (LABEL + CHART / 2 * (1 + 0.94 * end / span) for end in ends)
    middle = y + ROW / 2
    figure = each.difference
    said = numbers.difference(figure.value, each.unit)
    between = numbers.interval(figure.low, figure.high, each.unit, change=True)
    yield _text(8, middle + 4.5, each.metric)
    yield f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{tone}" stroke-width="2"/>'
    yield f'<rect x="{value - 4:.1f}" y="{middle - 4}" width="8" height="8" fill="{tone}"/>'
    yield _text(LABEL + CHART + 12, middle + 4.5, f"{said} ({between})", fill=tone, size=12)


def _text(x: float, y: float, text: str, **more: object) -> str:
    names = {"weight": "font-weight", "size": "font-size", "fill": "fill"}
    extra = "".join(f' {names[key]}="{value}"' for key, value in more.items())
    return f'<text x="{x}" y="{y}"{extra}>{escape(_cut(text))}</text>'


def _cut(text: str) -> str:
    clean = "".join(c if c.isprintable() else "·" for c in text.encode("utf-8", "replace").decode())
    return clean if len(clean) <= 60 else clean[:59] + "…"
