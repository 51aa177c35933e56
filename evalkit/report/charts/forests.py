"""Forests: differences and figures with their intervals, beside the margin and no change."""

from __future__ import annotations

from markupsafe import Markup

from evalkit.report.charts.svg import element, picture, share


def forest(
    value: float, low: float, high: float, span: float, tone: str, band: float = 0.0
) -> Markup:
    """Draw a difference with its interval on an axis of plus and minus `span`.

    `band` is the margin, drawn grey around no change. What goes beyond the axis has an arrow head.
    """
    return picture(*_forest(value, low, high, span, tone, band), height=20, cls="forest")


def wide_forest(
    ends: tuple[float, float, float], span: float, tone: str, band: float, unit: str
) -> Markup:
    """Draw one difference (value, low, high) large, with ticks and the words `no change`."""
    area = element(
        "svg", *_forest(*ends, span, tone, band), x="0", y="0", width="100%", height="44"
    )
    ticks = []
    for part in (-1.0, -2 / 3, -1 / 3, 0.0, 1 / 3, 2 / 3, 1.0):
        size = f"{abs(span * part):.3g}"
        sign = "\u2212" if part < 0 else "+"
        label = (
            f"{sign}{size}{' ' + unit if abs(part) == 1 and unit else ''}" if part else "no change"
        )
        edge = " first" if part == -1 else " last" if part == 1 else " mid" if part else ""
        at = share((part + 1) / 2)
        ticks.append(element("text", label, x=at, y="60", class_="xt" + edge))
    return picture(area, *ticks, height=66, cls="forest big")


def _forest(
    value: float, low: float, high: float, span: float, tone: str, band: float
) -> list[Markup]:
    def place(x: float) -> float:
        return (max(-span, min(span, x)) + span) / (2 * span)

    drawn = []
    if band:
        left, right = place(-band), place(band)
        drawn.append(
            element(
                "rect",
                x=share(left),
                width=share(right - left),
                height="100%",
                class_="band",
            )
        )
    drawn.append(element("line", x1="50%", x2="50%", y2="100%", class_="zero"))
    drawn.append(_whisker(place(low), place(high), tone))
    if low < -span:
        drawn.append(element("text", "\u25c2", x="0", y="50%", dy="4", class_=f"beyond {tone}"))
    if high > span:
        drawn.append(
            element("text", "\u25b8", x="100%", y="50%", dy="4", class_=f"beyond last {tone}")
        )
    if -span <= value <= span:
        drawn.append(_square(place(value), tone))
    return drawn


def interval(
    value: float, low: float, high: float, ends: tuple[float, float], cls: str = "s1"
) -> Markup:
    """Draw one figure with its interval between two ends."""
    start, stop = ends
    width = (stop - start) or 1

    def place(x: float) -> float:
        return (max(start, min(stop, x)) - start) / width

    return picture(
        element("line", x2="100%", y1="50%", y2="50%", class_="zero"),
        _whisker(place(low), place(high), cls),
        _square(place(value), cls),
        height=20, cls="forest",
    )  # fmt: skip


def _whisker(low: float, high: float, tone: str) -> Markup:
    return element("line", x1=share(low), x2=share(high), y1="50%", y2="50%", class_=f"ci {tone}")


def _square(at: float, cls: str) -> Markup:
    return element(
        "rect",
        x=share(at),
        y="50%",
        class_=f"pt {cls}",
    )
