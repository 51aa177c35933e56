"""Terminal, Markdown, JUnit and GitHub: the same figures, and content that cannot do harm."""

import dataclasses
import xml.etree.ElementTree as ElementTree
from io import StringIO

import pytest
from report_world import make_content
from rich.console import Console

from evalkit.report.renderers import github, junit, markdown, terminal
from evalkit.report.values.panels import CasePart
from evalkit.report.values.parts import GatePart

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 [bold]markup[/bold] "
    "| a | `b` *c* @everyone <img src=x> \u202egnp.exe\n::error::injected\r\n# title\x00\ud800"
)


@pytest.fixture(scope="module")
def hostile(compared):
    """A view whose content is hostile wherever content can be."""
    view = compared.view
    part = dataclasses.replace(view.experiments[1], name=HOSTILE, warnings=(HOSTILE,))
    gate = GatePart(HOSTILE, False, "75.0%", HOSTILE, HOSTILE, 3, "a,b:c.toml", 4)
    case = CasePart(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "#/")
    return dataclasses.replace(
        view, experiments=(view.experiments[0], part), gates=(gate,), cases=(case,), title=HOSTILE
    )


def test_no_escape_sequence_reaches_the_terminal(hostile):
    out = StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=120)
    terminal.print_summary(hostile, console)
    written = out.getvalue()
    assert "\x1b]8" not in written
    assert "\x1b[31mred" not in written
    assert "[bold]markup[/bold]" in written
    assert "\u202e" not in written
    assert "\x00" not in written


def test_a_terminal_without_unicode_gets_ascii(compared):
    class Ascii(StringIO):
        encoding = "ascii"

    out = Ascii()
    terminal.print_summary(compared.view, Console(file=out, width=100, highlight=False))
    body = out.getvalue().replace("─", "-").replace("━", "-")
    body.encode("ascii")


def test_markdown_escapes_what_it_quotes(hostile):
    text = markdown.render(hostile)
    assert "<img" not in text
    assert "\\<" not in text
    assert "@everyone" not in text
    assert "\n# title" not in text
    assert "\n::error::" not in text
    assert "http://" not in text
    assert "\x1b" not in text
    table = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert len(table) == 1
    assert table[0].replace("\\|", "").count("|") == 7


@pytest.mark.parametrize("limit", [60_000, 4_000, 1_500])
def test_markdown_stays_within_its_limit(compared, limit):
    text = markdown.render(compared.view, limit=limit)
    assert len(text.encode()) <= limit
    if limit < 2_000:
        assert "More than fits here" in text


def test_markdown_names_the_missed_gates_and_the_report(compared):
    text = markdown.render(compared.view, report="reports/x/report.html")
    assert text.startswith("### ❌")
    assert "score.correct" in text
    assert "reports/x/report.html" in text


def test_annotations_are_one_command_each(hostile):
    lines = github.error_lines(hostile)
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert lines[0].startswith("::error file=a%2Cb%3Ac.toml,line=4,title=")
    assert lines[0].count("::") >= 2


def test_annotations_are_for_missed_gates_only(compared):
    lines = github.error_lines(compared.view)
    assert len(lines) == len(compared.view.missed)
    assert all("score.correct" in line for line in lines)


def test_the_step_summary_is_appended(compared, tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    environ = {"GITHUB_STEP_SUMMARY": str(path)}
    assert github.step_summary(compared.view, environ=environ) == path
    assert path.read_text("utf-8").startswith("before\n###")
    assert github.step_summary(compared.view, environ={}) is None


def test_junit_holds_the_gates_and_nothing_else(compared):
    root = ElementTree.fromstring(junit.render(compared))
    assert [suite.get("name") for suite in root] == ["gates"]
    assert root[0].get("tests") == root.get("tests") == str(len(compared.view.gates))
    assert root[0].get("failures") == root.get("failures") == str(len(compared.view.missed))
    assert root.get("errors") == "0"


def test_junit_holds_every_run_when_asked(compared):
    root = ElementTree.fromstring(junit.render(compared, runs=True))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["gates", "baseline", "candidate"]
    for part in compared.view.experiments:
        assert suites[part.name].get("tests") == str(part.runs)
    summary = compared.view.summaries[1]
    unsuccessful = sum(n for k, n in summary["counts"]["outcomes"].items() if k != "success")
    assert suites["candidate"].get("errors") == str(unsuccessful)
    properties = {p.get("name"): p.get("value") for p in suites["candidate"].iter("property")}
    assert properties["success"] == str(summary["counts"]["outcomes"]["success"])
    errors = summary["counts"]["cells"]["evaluator_error"]
    assert properties["scores evaluator error"] == str(errors)


def test_junit_is_well_formed_whatever_it_quotes(hostile):
    root = ElementTree.fromstring(junit.render(hostile))
    assert root[0][0].find("failure") is not None


ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "id"},
    "testcase": {"name", "classname", "time", "status", "assertions"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
    "system-out": set(),
}
"""Elements and attributes of the schema that Jenkins' xUnit plug-in checks with (junit-10.xsd)."""


def test_junit_holds_to_the_common_schema(compared):
    for element in ElementTree.fromstring(junit.render(compared, runs=True)).iter():
        assert set(element.attrib) <= ALLOWED[element.tag], element.tag
        if element.tag in ("testsuite", "testcase"):
            assert element.get("name")


def test_a_notebook_shows_a_table_and_no_script(hostile):
    from evalkit.report.renderers import notebook

    table = notebook.table_html(hostile)
    assert "<table>" in table
    assert "<script" not in table
    assert "<img" not in table


def test_every_group_with_changes_has_an_axis_that_holds_them(world):
    groups = make_content(world, reducers=("pass^2",)).view.groups
    assert [group.title for group in groups if group.axis] == [
        "Quality",
        "Outcomes",
        "Speed and cost",
        "Repetitions",
    ]
    for group in groups:
        changes = [change for row in group.rows for change in row.changes if change is not None]
        reach = [abs(each.value * each.scale) for each in changes if each.value is not None]
        assert max(reach) <= group.span, group.title
