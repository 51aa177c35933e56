"""Accessibility: axe finds nothing on any page, in both themes, wide and narrow."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.report.page.write import write_report
from evalkit.report.sections.rows import HEAVY

pytestmark = pytest.mark.browser
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "two": [
        "#/",
        "#/runs",
        "#/runs?q=foo%3E1",
        "#/runs?q=zzzz",
        "#/compare",
        "#/compare?t=regressed&sort=-latency",
        "#/run/candidate-003-1",
        "#/run/candidate-003-1?step=2",
        "#/run/candidate-003-1?step=3",
        "#/run/candidate-003-1?tab=io",
        "#/run/candidate-003-1?tab=compare",
        "#/run/candidate-003-1?tab=raw",
        "#/example/ex-003",
        "#/run/nobody",
    ],
    "one": ["#/", "#/runs"],
    "three": ["#/", "#/compare"],
    "side": ["#/run/candidate-003-1"],
    "history": ["#/history"],
}
RULES = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
LOOKS = {"wide": (1360, "light", RULES), "narrow": (390, "light", RULES)}
LOOKS |= {"dark": (1360, "dark", COLOURS), "dark and narrow": (390, "dark", COLOURS)}
"""A theme changes colours only, so the second one is held against the rules about colours."""
RUN = """async rules => {
  const found = await axe.run(document, { runOnly: rules });
  return found.violations.map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200),
    v.nodes[0].failureSummary.slice(0, 300)]);
}"""


@pytest.fixture(scope="session")
def axe() -> str:
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", VIEWS)
def test_axe_finds_nothing(opened, reports, axe, name, look):
    width, scheme, rules = LOOKS[look]
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    opened.go(reports[name])
    page.evaluate(axe)
    found = {}
    for address in VIEWS[name][:: 3 if look == "dark and narrow" else 1]:
        opened.to(address)
        opened.until("!document.querySelector('.sk')")
        page.evaluate(
            "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )
        violations = page.evaluate(RUN, rules)
        if violations:
            found[address] = violations
    assert found == {}, json.dumps(found, indent=1)[:3000]


NAMES = """() => {
  window.lost = [];
  new MutationObserver(() => {
    const one = document.querySelector("section.one[aria-labelledby]");
    if (one && !document.getElementById("h-one")) window.lost.push(one.outerHTML);
  }).observe(document, { attributes: true, childList: true, subtree: true });
}"""


def test_an_example_whose_runs_are_still_read_has_no_name_that_is_not_there(opened, reports):
    page = opened.go(reports["two"])
    page.evaluate(NAMES)
    for address in ("#/compare", "#/compare?t=regressed", "#/compare?q=zzzz", "#/compare"):
        opened.to(address)
        opened.until("document.querySelector('#h-one')")
    assert page.evaluate("window.lost") == []
    assert page.locator("section.one").get_attribute("aria-labelledby") == "h-one"


def test_the_menu_and_the_help_are_accessible_too(opened, reports, axe):
    page = opened.go(reports["two"], "#/runs")
    opened.until("document.querySelector('#v-runs tr.row')")
    page.evaluate(axe)
    page.get_by_role("button", name="Columns").click()
    assert page.evaluate(RUN, RULES) == []
    page.keyboard.press("Escape")
    page.locator("#v-runs figure summary").first.click()
    assert page.evaluate(RUN, RULES) == []
    page.locator("#help").click()
    assert page.evaluate(RUN, RULES) == []


@pytest.mark.parametrize("note", [HEAVY, "too few examples", "lower bound"])
def test_no_column_of_the_figures_is_beside_the_screen(opened, compared, tmp_path, note):
    groups = [replace(group, rows=tuple(_wide(row, note) for row in group.rows))
              for group in compared.view.groups]  # fmt: skip
    view = replace(compared.view, groups=tuple(groups))
    write_report(replace(compared, view=view), tmp_path / "wide.html")
    page = opened.page
    page.set_viewport_size({"width": 1280, "height": 900})
    opened.go(tmp_path / "wide.html")
    table, room = page.evaluate(
        "(table => [table.scrollWidth, table.parentElement.clientWidth])"
        "(document.querySelector('table'))"
    )
    assert table <= room


def _wide(row, note):
    """Return the row with the longest that stands under a figure and in a reading."""
    longest = "cannot tell (corrected)"
    return replace(
        row,
        figures=tuple(replace(figure, note=note) for figure in row.figures),
        changes=tuple(each and replace(each, verdict=longest) for each in row.changes),
    )
