"""Wording: figures and limits as a gate says them."""

from __future__ import annotations

from evalkit.metrics.comparing.verdicts import text
from evalkit.metrics.documents.figures import Figure


def show(figure: Figure, unit: str) -> str:
    """Write a figure with its interval and n."""
    if figure.value is None:
        return "not measured"
    ends = ""
    if figure.low is not None and figure.high is not None:
        ends = f" [{text_of(figure.low, unit)}, {text_of(figure.high, unit)}]"
    return f"{text_of(figure.value, unit)}{ends} (n = {figure.n})"


def text_of(value: float, unit: str) -> str:
    """Write a value; shares in percent."""
    return f"{value:.2%}" if unit == "share" else text(value, unit)
