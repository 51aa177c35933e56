"""HTML: the page around the data: one file, no network, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from evalkit.report.charts import forests, numbers, strips, svg
from evalkit.report.page import dense
from evalkit.report.page.figures import document, rounded, script_json
from evalkit.report.page.shorten import shorten
from evalkit.report.sections.source import series
from evalkit.report.values.panels import SliceCell
from evalkit.report.values.parts import ChangePart, MetricGroup, MetricPart, ReportView

STYLES = ("light", "dark", "base", "summary", "lists", "run", "media")
PROGRAM = (
    "dom", "numbers", "theme", "data", "query", "grid", "routes", "filterbar", "json", "charts",
    "exports", "parquet", "runs", "pairs", "compare", "pair", "diff", "steps", "alignment", "run",
    "against", "example",
    "main",
)  # fmt: skip
CORE_HERE, TRACES_HERE = "<!--ek-core-->", "<!--ek-traces-->"
KINDS = {"llm": "llm", "tool": "tool", "retriever": "retrieval", "guardrail": "guard"}


def page(view: ReportView, *, live: str | None = None) -> tuple[str, str, str]:
    """Return the page in three pieces: the core goes after the first, traces after the second.

    `live` is the address below which a local server answers; then the page may ask it for data.
    """
    css, js, boot = styles(), program(), dense.script(_static("boot.js"))
    html = environment().get_template("page.html.j2").render(
        view=view,
        css=Markup(css),
        js=Markup(js),
        boot=Markup(boot),
        csp=policy(css, js, boot, live=live is not None),
        live=live,
        document=Markup(script_json(rounded(document(view)))),
        core_here=Markup(CORE_HERE),
        traces_here=Markup(TRACES_HERE),
    )  # fmt: skip
    html = BETWEEN.sub("", SPACE.sub("\n", html))
    head, _, rest = html.partition(CORE_HERE)
    middle, _, tail = rest.partition(TRACES_HERE)
    return head, middle, tail


def policy(css: str, js: str, boot: str, *, live: bool = False) -> str:
    """Return the Content-Security-Policy: our two scripts and our style by their hashes."""
    rules = [
        "default-src 'none'",
        f"script-src {_hash(boot)} {_hash(js)}",
        f"style-src {_hash(css)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        *(["connect-src 'self'"] if live else []),
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@cache
def _static(name: str) -> str:
    return files("evalkit.report.page").joinpath("static", name).read_text("utf-8")


SPACE = re.compile(r"\n\s+")
BETWEEN = re.compile(r"\n(?=</?(?:t[rdh]|tbody|table|section|div|figure|ul|ol|li|p|h[1-4])\b)")
"""Line ends before what is a block anyway."""


@cache
def styles() -> str:
    """Return the style sheet; dark colours stand once for the system, once for the reader."""
    parts = []
    for name in STYLES:
        text = _static(f"css/{name}.css")
        if name == "dark":
            system = text.replace(":root", ":root:not([data-theme=light])")
            system = f"@media (prefers-color-scheme: dark) {{\n{system}}}\n"
            text = system + text.replace(":root", ":root[data-theme=dark]")
        parts.append(text)
    css = dense.style("".join(parts))
    assert "</style" not in css.lower()
    return css


@cache
def program() -> str:
    """Return the page's program: the files of `static/js` in one scope."""
    body = "\n".join(_static(f"js/{name}.js") for name in PROGRAM)
    js = shorten(dense.script(f'"use strict";\n(() => {{\n{body}}})();\n'))
    assert "</script" not in js.lower()
    assert "<!--" not in js
    return js


def _kind(kind: str) -> str:
    return "k-" + KINDS.get(kind.split(" ")[0], "other") + (" alt" if kind.endswith("alt1") else "")


HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)


def visible(value: Any) -> Any:
    """Return text with control, zero-width and bidi characters made visible as a dot."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return HIDDEN.sub("·", value.encode("utf-8", "replace").decode())


@cache
def environment() -> Environment:
    """Return the templates, escaping everything."""
    environment = Environment(
        loader=PackageLoader("evalkit.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
    )
    environment.globals.update(
        numbers=numbers, svg=svg, strip=strips.strip, series=series, kind_class=_kind
    )
    environment.globals.update(forest=_forest, point=_point, wide=_wide)
    environment.globals.update(primary=_primary, surely=_surely, unchanged=_unchanged)
    environment.filters.update(count=numbers.count, unit=_unit, code=_code, breaks=_breaks)
    return environment


UNITS = re.compile(r"(?<=\d) (?=(?:pp|ms|s|min|h|tokens|points)\b)")
CODE = re.compile(r"`([^`]+)`")


def _unit(text: str) -> str:
    """Keep a number and its unit on one line."""
    return UNITS.sub("\u00a0", text)


def _code(text: str) -> Markup:
    """Turn what stands between backticks into code; everything is escaped."""
    parts = CODE.split(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )


def _breaks(text: str) -> Markup:
    """Let a name break after its underscores."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=_)", visible(text)))


def _primary(view: ReportView) -> tuple[MetricPart, MetricGroup] | None:
    """Return the row of the primary metric; without one, the first row of all."""
    rows = [(row, group) for group in view.groups for row in group.rows]
    chosen = next((each for each in rows if each[0].primary), None)
    return chosen or next((each for each in rows if not each[0].name.startswith("success")), None)


def _surely(view: ReportView) -> list[tuple[MetricPart, MetricGroup]]:
    """Return the rows beside the primary one that surely changed, worse first."""
    found = [
        (row, group)
        for group in view.groups
        for row in group.rows
        if row.changes and row.changes[0] is not None and not row.primary
        if row.changes[0].reading in ("better", "worse")
    ]
    return sorted(found, key=lambda each: each[0].changes[0].reading != "worse")  # type: ignore[union-attr]


def _unchanged(heads: Sequence[str], cells: Sequence[SliceCell | None]) -> str:
    """Name the columns in which a slice did not change."""
    still = [head for head, cell in zip(heads[1:], cells, strict=True) if cell and cell.zero]
    return ", ".join(still)


def _forest(row: MetricPart, group: MetricGroup, at: int) -> Markup:
    """Draw the change `at` of a metric on its group's axis; nothing where it has no interval."""
    change = row.changes[at]
    if change is None or not change.scale:
        return Markup("")
    if change.value is None or change.low is None or change.high is None:
        return Markup("")
    scaled = [change.scale * end for end in (change.value, change.low, change.high)]
    tone = change.tone if change.tone in ("good", "bad") else "flat"
    band = (change.margin_size or 0.0) * change.scale
    return forests.forest(scaled[0], scaled[1], scaled[2], group.span or 1.0, tone, band)


def _wide(change: ChangePart, group: MetricGroup, row: MetricPart) -> Markup:
    """Draw the primary change large, on an axis of its own with its ticks."""
    if change.value is None or change.low is None or change.high is None or not change.scale:
        return Markup("")
    value, low, high = (change.scale * end for end in (change.value, change.low, change.high))
    band = (change.margin_size or 0.0) * change.scale
    reach = max(abs(low), abs(high), band)
    span = next((s for s in (5, 10, 20, 30, 60, 100) if s >= reach), 100)
    tone = change.tone if change.tone in ("good", "bad") else "flat"
    unit = "%" if change.absolute else "pp" if row.unit == "share" else ""
    return forests.wide_forest((value, low, high), float(span), tone, band, unit)


def _point(row: Any) -> Markup:
    """Draw the one figure of a metric between the ends of its range; nothing without a range."""
    figure = row.figures[-1]
    if row.axis is None or figure.value is None:
        return Markup("")
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    return forests.interval(figure.value, low, high, row.axis)
