"""Page: the one page of the labelling server: its frame, its style and its program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evalkit.report.page import dense
from evalkit.report.page.figures import script_json
from evalkit.report.page.html import policy, visible

PROGRAM = ("dom", "desk", "queue", "lists", "keys")


def page_of(title: str, facts: dict[str, Any]) -> tuple[bytes, str]:
    """Return the page and its policy; `facts` are what its program starts from."""
    css, js = styles(), program()
    html = (
        _environment()
        .get_template("label.html.j2")
        .render(
            title=title,
            css=Markup(css),
            js=Markup(js),
            facts=Markup(script_json(facts)),
            metric=facts["metric"],
            guide=facts["guide"],
            choices=facts["choices"],
        )
    )
    return html.encode("utf-8", "replace"), policy(css, js, "", live=True)


@cache
def styles() -> str:
    """Return the style sheet, with the colours of the report in both themes."""
    report = files("evalkit.report.page").joinpath("static", "css")
    light, dark = (report.joinpath(f"{name}.css").read_text("utf-8") for name in ("light", "dark"))
    system = dark.replace(":root", ":root:not([data-theme=light])")
    chosen = dark.replace(":root", ":root[data-theme=dark]")
    own = _static("label.css")
    return dense.style(f"{light}@media (prefers-color-scheme: dark) {{\n{system}}}\n{chosen}{own}")


@cache
def program() -> str:
    """Return the program: its files in one scope."""
    body = "\n".join(_static(f"{name}.js") for name in PROGRAM)
    return dense.script(f'"use strict";\n(() => {{\n{body}}})();\n')


def _static(name: str) -> str:
    return files("evalkit.report.labelling").joinpath("static", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("evalkit.report.labelling"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=visible,
    )
