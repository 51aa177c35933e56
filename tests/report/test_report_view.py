"""The view: every figure is the Summary's, and everything is drawn from it."""

import dataclasses
import random

import pytest
from report_world import make_content

from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.report.charts import numbers
from evalkit.report.page.figures import document
from evalkit.report.renderers import markdown, notebook, terminal
from evalkit.report.values.parts import MetricPart


def rows(view) -> dict[str, MetricPart]:
    return {row.name: row for group in view.groups for row in group.rows}


def test_every_figure_of_the_metrics_is_in_the_documents(compared):
    view = compared.view
    for row in rows(view).values():
        for figure, summary in zip(row.figures, view.summaries, strict=True):
            found = lookup(summary, row.name)
            per = 1000 if row.unit == "cost" and found["value"] is not None else 1
            assert figure.text == numbers.in_unit(
                found["value"] and found["value"] * per, row.unit
            ), row.name
            assert figure.n == found["n"], row.name


def _figure(found: dict) -> dict:
    return {"value": found["value"], "n": found["n"]}


def lookup(summary: dict, name: str) -> dict:
    """Find a metric's value and n in the JSON document of a Summary."""
    if name.endswith("_rate"):
        rate = summary["rates"][name.removesuffix("_rate")]
        return {"value": rate["rate"], "n": rate["n"]}
    if name in summary["scores"]:
        score = summary["scores"][name]
        return {"value": score["mean"], "n": score["n"]}
    category, _, word = name.rpartition(".")
    if category in summary["scores"]:
        score = summary["scores"][category]
        rate = score["category_rates"].get(word)
        return {"value": rate["rate"], "n": rate["n"]} if rate else {"value": 0.0, "n": score["n"]}
    if "(" in name:
        reducer, _, score = name.rstrip(")").partition("(")
        return _figure(summary["reducers"][reducer][score])
    if name == "cost_per_success":
        return _figure(summary["usage"][name])
    quantity, _, what = name.partition(".")
    place = summary if quantity in summary else summary["usage"]
    return {"value": place[quantity][what], "n": place[quantity]["n"]}


def test_every_change_is_in_the_comparison(compared):
    candidate = compared.view.comparison["candidates"][0]
    differences = {d["metric"]: d for d in candidate["differences"]}
    seen = 0
    for row in rows(compared.view).values():
        change = row.changes[0]
        if change is None:
            continue
        found = differences[row.name]
        seen += 1
        assert (change.wins, change.losses, change.ties) == tuple(
            found[name] for name in ("wins", "losses", "ties")
        )
        assert change.pairs == found["difference"]["n"]
        said = change.absolute or change.text
        per = 1000 if row.unit == "cost" else 1
        assert said == numbers.difference(found["difference"]["value"] * per, row.unit)
        assert change.reading == found["reading"]
    assert seen >= 6


def test_every_metric_says_its_n_in_every_form(compared):
    view = compared.view
    text = terminal.to_text(view, 140)
    table = markdown.render(view)
    page = notebook.table_html(view)
    for row in rows(view).values():
        for figure in row.figures:
            for form in (text, table, page):
                assert figure.text in form, (row.name, figure.text)


def test_the_four_outcomes_of_cells_are_counted(compared):
    view = compared.view
    for part, summary in zip(view.experiments, view.summaries, strict=True):
        shown = dict(part.cells)
        cells = summary["counts"]["cells"]
        assert list(shown.values()) == list(cells.values())
        assert sum(shown.values()) == sum(cells.values())
        assert dict(part.outcomes) == summary["counts"]["outcomes"]


def test_a_judge_that_nobody_checked_is_marked(compared):
    assert "uncalibrated judge" in rows(compared.view)["polite"].marks
    assert "uncalibrated judge" not in rows(compared.view)["correct"].marks
    assert "uncalibrated judge" in terminal.to_text(compared.view, 160)
    assert "uncalibrated judge" in markdown.render(compared.view)


def test_few_examples_are_shown_without_a_reading(tmp_path):
    from report_world import make_results

    view = make_content(make_results(tmp_path, examples=5, repetitions=1)).view
    change = rows(view)["correct"].changes[0]
    assert (change.verdict, change.why) == ("not tested", "5 pairs are too few")
    assert change.tone == "none"
    assert any("Too few examples" in span.text for span in view.verdict)


def test_failed_gates_come_first(compared):
    states = [gate.passed for gate in compared.view.gates]
    assert states == sorted(states, key=lambda passed: passed is True)
    assert False in states
    assert True in states


def test_the_document_of_the_page_has_the_same_figures(compared):
    made = document(compared.view)
    found = {metric["metric"]: metric for metric in made["metrics"]}
    for row in rows(compared.view).values():
        for name, summary in zip(("baseline", "candidate"), compared.view.summaries, strict=True):
            figure = found[row.name]["figures"][name]
            assert (figure["value"], figure["n"]) == tuple(lookup(summary, row.name).values())[:2]
    assert made["gates"][0]["passed"] is False


def test_links_go_to_runs_that_exist(compared):
    known = set(compared.source.rows.run_ids)
    for case in compared.view.cases:
        assert case.run_id in known
        assert case.link.startswith("#/run/")
    assert compared.view.cases


def test_the_view_is_made_of_plain_values(compared):
    def plain(value) -> bool:
        if dataclasses.is_dataclass(value):
            return all(plain(getattr(value, f.name)) for f in dataclasses.fields(value))
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        if isinstance(value, dict):
            return all(map(plain, value.values()))
        return value is None or isinstance(value, str | int | float | bool)

    assert plain(compared.view)


@pytest.mark.parametrize("width", [44, 60, 80, 100, 140])
def test_a_terminal_never_cuts_a_number(compared, width):
    text = terminal.to_text(compared.view, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    if width >= 60:
        for row in rows(compared.view).values():
            for figure in row.figures[0 if width >= 80 else 1 :]:
                assert figure.text in text


def test_runs_without_shared_ids_are_paired_by_their_inputs(tmp_path):
    """Then the page pairs the same runs as the figures do."""
    from report_world import make_examples, make_run, stored

    results = []
    for place, name in enumerate(("old", "new")):
        rng = random.Random(place)
        runs = [make_run(name, n, 0, rng, 0.5 + place / 3) for n in range(14)]
        named = [
            Example(example_id=f"{name}-{e.example_id}", inputs=e.inputs, metadata=e.metadata)
            for e in make_examples(14)
        ]
        moved = []
        for run in runs:
            values = {field: getattr(run, field) for field in RUN_FIELDS}
            moved.append(Run(**values | {"example_id": f"{name}-{run.example_id}"}))
        results.append(stored(tmp_path, name, moved, named))
    content = make_content(results, slices=())
    assert content.view.comparison["candidates"][0]["pairing"]["by"] == "inputs"
    rows = content.source.rows
    assert len(rows.example_ids) == 14
    halves = [
        {e for e, x in zip(rows.examples, rows.experiments, strict=True) if x == k} for k in (0, 1)
    ]
    assert halves[0] == halves[1]
