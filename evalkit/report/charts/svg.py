"""SVG charts, drawn on the server: fluid by percentages, coloured by class, without any script.

Every coordinate that depends on the width is a percentage, so charts stretch and their text does
not. No `style` attribute is written: the page's policy forbids them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup, escape

from evalkit.report.charts.numbers import duration

TOP, BOTTOM, LEFT = 8, 24, 38


class Line(NamedTuple):
    """One curve of an ECDF chart; `x` in seconds, `y` from 0 to 1."""

    cls: str
    x: Sequence[float]
    y: Sequence[float]
    p50: float | None
    p95: float | None


class Bars(NamedTuple):
    """One series of a histogram: the share of observations in each bin."""

    cls: str
    shares: Sequence[float]


def element(tag: str, *kids: Markup | str, **attributes: object) -> Markup:
    """Make one SVG element; a name ends in `_` where Python has the word, `_` stands for `-`."""
    words = []
    for name, value in attributes.items():
        if value is None:
            continue
        plain = (
            name
            if name in ("viewBox", "preserveAspectRatio")
            else name.rstrip("_").replace("_", "-")
        )
        words.append(f' {plain}="{escape(value)}"')
    inner = Markup("").join(escape(kid) for kid in kids)
    if not inner:
        return Markup("<{0}{1}/>").format(tag, Markup("".join(words)))
    return Markup("<{0}{1}>{2}</{0}>").format(tag, Markup("".join(words)), inner)


def share(value: float) -> str:
    """Write a fraction as a percentage of the width."""
    return f"{round(value * 100, 2):g}%"


def picture(*kids: Markup, height: float, cls: str) -> Markup:
    """Make one drawing that stretches with its place; the page's program hides it from readers."""
    return element("svg", *kids, height=f"{height:g}", class_=cls)


def stretched(paths: Sequence[Markup], top: float, height: float) -> Markup:
    """Make the stretched part: 1000 by 1000 units over the whole plot."""
    return element(
        "svg", *paths, x="0", y=f"{top:g}", width="100%", height=f"{height:g}",
        viewBox="0 0 1000 1000", preserveAspectRatio="none", overflow="visible",
    )  # fmt: skip


def frame(
    height: float,
    x_ticks: Sequence[tuple[float, str]],
    y_ticks: Sequence[tuple[float, str]],
    inner: Markup,
    left: float = LEFT,
) -> Markup:
    """Draw grid, ticks and labels around `inner`; ticks are (fraction, label)."""
    plot = height - TOP - BOTTOM
    parts = []
    for fraction, _ in y_ticks:
        y = f"{TOP + (1 - fraction) * plot:.1f}"
        cls = "grid base" if fraction == 0 else "grid"
        parts.append(element("line", x2="100%", y1=y, y2=y, class_=cls))
    for fraction, label in x_ticks:
        parts += _x_tick(fraction, label, TOP + plot)
    labels = [
        element(
            "text", label, x=f"{left - 7:g}", y=f"{TOP + (1 - f) * plot + 3.5:.1f}", class_="yt"
        )
        for f, label in y_ticks
    ]
    area = element(
        "svg", *parts, inner, x=f"{left:g}", y="0", width="100%", height=f"{height:g}",
        class_="area", overflow="visible",
    )  # fmt: skip
    cls = "chart" if left <= LEFT else "chart far"
    return picture(*labels, area, height=height, cls=cls)


def _x_tick(fraction: float, label: str, base: float) -> list[Markup]:
    x = share(fraction)
    edge = " first" if fraction < 0.02 else " last" if fraction > 0.98 else ""
    return [
        element("line", x1=x, x2=x, y1=f"{base:.1f}", y2=f"{base + 4:.1f}", class_="tick"),
        element("text", label, x=x, y=f"{base + 16:.1f}", class_="xt" + edge),
    ]


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5 times powers of ten inside the range, thinned to at most eight."""
    ticks = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in (1, 2, 5)
        if low <= factor * 10.0**power <= high
    ]
    if len(ticks) <= 8:
        return ticks
    return [t for t in ticks if math.isclose(math.log10(t) % 1, 0, abs_tol=1e-9) or len(ticks) <= 8]


def ecdf(lines: Sequence[Line], height: float = 262) -> Markup:
    """Draw the share of runs done within a time, on a log axis, p50 and p95 marked."""
    seen = [x for line in lines for x in line.x if x > 0]
    if not seen:
        return Markup("")
    low = max(min(seen), max(seen) / 1e6) * 0.96
    high = max(max(seen) * 1.03, low * 2)
    span = math.log10(high) - math.log10(low)

    def place(x: float) -> float:
        return (math.log10(max(x, low)) - math.log10(low)) / span

    plot = height - TOP - BOTTOM
    paths = [_steps(line, place) for line in lines]
    right = max(range(len(lines)), key=lambda i: lines[i].p50 or 0)
    marks = [
        m
        for i, line in enumerate(lines)
        for m in _marks(line, place, plot, i == right)[:: 1 if len(lines) < 3 else 2]
    ]
    inner = stretched(paths, TOP, plot) + Markup("").join(marks)
    ticks = [
        (place(t), duration(t).replace(".00", "").replace(".0", "")) for t in log_ticks(low, high)
    ]
    levels = [(0, "0"), (0.25, "25%"), (0.5, "50%"), (0.75, "75%"), (0.95, "95%")]
    return frame(height, ticks, levels, inner)


def _steps(line: Line, place: Callable[[float], float]) -> Markup:
    """Draw the steps in whole thousandths of the plot, which no screen shows any finer."""
    heights = {
        round(place(x) * 1000): round((1 - y) * 1000) for x, y in zip(line.x, line.y, strict=True)
    }
    start = round(place(line.x[0]) * 1000)
    ends = [(start, 1000), *heights.items()]
    drawn = "".join(f"h{x - x0}v{y - y0}" for (x0, y0), (x, y) in pairwise(ends))
    return element(
        "path",
        d=f"M{start} 1000{drawn}H1000",
        class_=f"line {line.cls}",
        vector_effect="non-scaling-stroke",
    )


def _marks(line: Line, place: Callable[[float], float], plot: float, last: bool) -> list[Markup]:
    out = []
    for level, value in ((0.5, line.p50), (0.95, line.p95)):
        if value is None:
            continue
        x, y = share(place(value)), TOP + (1 - level) * plot
        out.append(element("circle", cx=x, cy=f"{y:.1f}", r="3.5", class_=f"dot {line.cls}"))
        side = f"mark {line.cls} " + ("r" if last else "l")
        at = f"{y + (13 if last else -6):.1f}"
        out.append(
            element("text", duration(value), x=x, y=at, dx="7" if last else "-7", class_=side)
        )
    return out


def histogram(
    series: Sequence[Bars],
    edges: tuple[str, str, str],
    threshold: float | None = None,
    height: float = 132,
) -> Markup:
    """Draw shares per bin: the first of several filled, the others as outlines.

    `edges` are the labels at the start, middle and end; `threshold` is a fraction of the width.
    """
    plot = height - TOP - BOTTOM
    most = max((max(s.shares, default=0) for s in series), default=0) or 1
    paths = []
    for i, (cls, shares) in enumerate(series):
        drawn = ["M0 1000"]
        for k, value in enumerate(shares):
            drawn.append(f"V{(1 - value / most) * 1000:.1f}H{(k + 1) / len(shares) * 1000:.1f}")
        drawn.append("V1000Z")
        kind = "fill" if i == 0 and len(series) > 1 else "fill2"
        paths.append(
            element(
                "path", d="".join(drawn), class_=f"{kind} {cls}", vector_effect="non-scaling-stroke"
            )
        )
    body = stretched(paths, TOP, plot)
    if threshold is not None:
        x = share(threshold)
        body += element("line", x1=x, x2=x, y1=f"{TOP}", y2=f"{TOP + plot:g}", class_="thr")
    ticks = [(0.0, edges[0]), (0.5, edges[1]), (1.0, edges[2])]
    return frame(height, ticks, [(0, "0"), (1, f"{most * 100:.0f}%")], body, left=34)


def stack(parts: Sequence[tuple[str, float, str]], height: float = 22) -> Markup:
    """Draw one row of (class, fraction, label) parts."""
    x, drawn = 0.0, []
    for cls, fraction, label in parts:
        width = share(max(fraction - 0.0015, 0))
        title = element("title", label)
        drawn.append(element("rect", title, x=share(x), width=width, height="100%", class_=cls))
        x += fraction
    return picture(*drawn, height=height, cls="stack")


def bar(fraction: float, cls: str, height: float = 6) -> Markup:
    """Draw a share of 0 to 1 as a bar on its track."""
    h = f"{height:g}"
    part = share(max(0.0, min(1.0, fraction)))
    track = element("rect", width="100%", height=h, rx="1", class_="track")
    return picture(
        track,
        element("rect", width=part, height=h, rx="1", class_=cls),
        height=height,
        cls="bar",
    )
