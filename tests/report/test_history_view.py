"""History on the page: whose it is, what changed since the one before, and where a line breaks."""

import re
from dataclasses import replace

import pytest
from report_world import make_content, summaries_over_time

from evalkit.metrics.summaries.history import history
from evalkit.report.charts import numbers
from evalkit.report.charts.strips import Point, strip
from evalkit.report.page.write import write_report
from evalkit.report.sections.history import build


@pytest.fixture(scope="module")
def nights(world):
    """Nine summaries of one experiment."""
    return [replace(each, experiment="agent") for each in summaries_over_time(world[1])]


def part_of(summaries, metric, **options):
    panel = build(history(summaries, **options))
    return panel, next(part for part in panel.parts if part.name == metric)


def changed(summary, mark):
    score = replace(summary.scores["correct"], fingerprint=mark)
    return replace(summary, scores={**summary.scores, "correct": score})


def test_a_card_says_the_change_that_json_holds(nights):
    panel, part = part_of(nights, "correct")
    found = history(nights).to_dict()
    since = next(s for s in found["strips"] if s["metric"] == "correct")["since"]
    text = numbers.difference(since["difference"]["value"], "share")
    ends = numbers.interval(*since["simultaneous"], "share", change=True)
    assert part.since == f"Since the one before: {text} ({ends})"
    assert (part.reading, part.margin) == (since["reading"], "±3 pp")
    tested = sum(bool((s["since"] or {}).get("simultaneous")) for s in found["strips"])
    assert f"their {tested} intervals hold together" in panel.lines[-1]
    assert (panel.names, panel.over) == ("agent", "over its last 9 saved summaries")


def test_a_line_breaks_where_its_evaluator_changed_and_no_change_is_read(nights):
    marked = [changed(each, "new" if day == 8 else "old") for day, each in enumerate(nights)]
    _, part = part_of(marked, "correct")
    assert part.breaks == (8,)
    assert part.since == "No change is read: its evaluator was changed since the one before"
    assert part.reading == ""
    assert part.notes[0].startswith("Broken at 2026-03-09: its evaluator was changed")
    assert "its evaluator was changed" in part.table.rows[8][-1]
    drawn = str(strip(part.points, part.labels, part.unit, breaks=part.breaks))
    assert (drawn.count('class="brk"'), drawn.count('class="line s1"')) == (1, 2)


def test_few_examples_and_other_numbers_of_them_are_said(nights):
    few = [replace(each, counts=replace(each.counts, clusters=6 + day // 8)) for day, each
           in enumerate(nights)]  # fmt: skip
    panel, part = part_of(few, "correct")
    assert part.since.endswith("; no interval: 6 examples are too few")
    assert part.notes[-1] == "Another number of examples than 6: 2026-03-09 (7)."
    assert "6 to 7 examples" in panel.lines[0]


def test_one_summary_has_a_view_that_says_so(nights, world, tmp_path):
    made = make_content(world[1:], history=history(nights[:1]))
    text = write_report(made, tmp_path / "page.html").path.read_text("utf-8")
    assert 'data-nav="history"' in text
    heading = re.search(r'<h1 id="h-history">(.*?)</h1>', text)[1]
    assert re.sub("<.*?>", "", heading) == "agent One summary so far"


def test_the_baseline_is_drawn_dashed_and_named(nights, world, tmp_path):
    base = replace(nights[0], experiment="main")
    made = make_content(world[1:], history=history(nights, baseline=base))
    text = write_report(made, tmp_path / "page.html").path.read_text("utf-8")
    assert "main, its last summary" in text
    shown = numbers.percent(base.scores["correct"].mean)
    assert f"main {shown}" in text.replace("\u00a0", " ")
    assert text.count('class="level"') == len(made.view.history.parts)


@pytest.mark.parametrize(
    ("unit", "values", "ends"),
    [
        ("share", (0.8, 0.9), ("0%", "50%", "100%")),
        ("s", (1.0, 2.0), ("0 ms", "1.05 s", "2.10 s")),
        ("", (-1.0, 1.0), ("−1.000", "0.050", "1.100")),
        ("tokens", (0.0, 0.0), ("0.0", "0.5", "1.0")),
    ],
)
def test_an_axis_begins_at_zero_and_shares_have_all_of_it(unit, values, ends):
    points = [Point(at, str(at), value, None, None, False) for at, value in enumerate(values)]
    drawn = str(strip(points, ("a", "b"), unit))
    assert tuple(re.findall(r'class="yt">(.*?)<', drawn)) == ends
