"""Writing: whole files, the same bytes, within a size, and saying what is left out."""

import base64
import hashlib
import re

import pytest
import sample
from report_file import ReportFile
from report_world import make_content, make_results

from evalkit import score_runs
from evalkit.errors import ConfigError
from evalkit.project.modules import load_folder
from evalkit.report.page import html
from evalkit.report.page.write import write_report
from evalkit.report.renderers import machine
from evalkit.scoring.definition.evaluator import marked


def test_the_same_input_gives_the_same_bytes(compared, tmp_path):
    first = write_report(compared, tmp_path / "a.html")
    second = write_report(compared, tmp_path / "b.html")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.bytes == first.path.stat().st_size
    assert first.left_out == []


def test_every_trace_is_the_run(compared, reports):
    from evalkit.report.runs.traces import plain

    report = ReportFile(reports["two"])
    ids = report.column("id")
    traces = report.traces()
    assert len(traces) == len(ids) == 96
    for number, results in enumerate(compared.results):
        for run in results.runs():
            row = [i for i, x in enumerate(report.column("exp")) if x == number]
            place = next(i for i in row if ids[i] == run.run_id)
            trace = traces[place]
            assert trace["inputs"] == plain(run.inputs)
            assert trace["outputs"] == plain(run.outputs)
            assert [s["name"] for s in trace["steps"]] == [s.name for s in run.steps]
            assert trace["error"] == run.error


def test_scores_of_the_columns_are_the_cells(compared, reports):
    report = ReportFile(reports["two"])
    names = [e["key"] for e in report.head["evaluators"]]
    ids = report.column("id")
    cells = [c for r in compared.results for c in r.table("cells").to_pylist()]
    single = [c for c in cells if c["step_id"] is None and c["run_id"] and c["score"] is not None]
    assert single
    for cell in single:
        place = ids.index(cell["run_id"])
        values = report.column(f"s{names.index(cell['key'])}")
        assert values[place] == cell["score"]


def test_a_write_that_fails_leaves_the_old_file(compared, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    class Broken:
        def parts(self, value):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        machine.write_json(compared, path, Broken())
    with pytest.raises(ConfigError, match="traces='all'"):
        write_report(compared, path, traces="all")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_small_budget_keeps_what_went_wrong(tmp_path):
    results = make_results(tmp_path / "store", examples=150, repetitions=2, names=("one",))
    content = make_content(results)
    whole = write_report(content, tmp_path / "whole.html")
    small = write_report(content, tmp_path / "small.html", max_size=whole.bytes - 30_000)
    assert small.bytes <= whole.bytes - 30_000
    assert "To hold its size, it has fewer than were chosen." in small.left_out[0]
    report = ReportFile(small.path)
    assert small.left_out[0] in report.html
    kept = report.traces()
    assert 0 < len(kept) < 300
    broken = {i for i, code in enumerate(report.column("outcome")) if code != 0}
    assert broken <= set(kept)


def test_traces_may_lie_beside(reports, compared):
    side = reports["side"].with_suffix(".ekdata")
    report = ReportFile(reports["side"])
    assert report.head["side"] == side.name
    assert sum(size for _, size in report.head["index"].values()) == side.stat().st_size
    assert side.name in report.html


def test_traces_may_be_left_out(reports):
    report = ReportFile(reports["none"])
    assert report.traces() == {}
    assert "left out on request" in report.html


def test_a_report_without_runs_is_small(world, tmp_path):
    view = make_content(world[1:]).view
    written = write_report(view, tmp_path / "plain.html")
    assert written.bytes <= 200_000
    assert "no runs" in written.left_out[0]


def test_the_page_of_the_sample_is_small_without_its_runs(tmp_path):
    """All that a page is but for runs: two experiments, seven evaluators, slices, gates."""
    found = [marked(v) for m in load_folder(sample.ROOT / "evaluators") for v in vars(m).values()]
    results = [
        score_runs(
            sample.runs(name),
            [each for each in found if each is not None],
            examples=list(sample.examples().values()),
            name=name,
        )
        for name in ("baseline", "candidate")
    ]
    gates, slices = ("error_rate <= 10%", "latency.p95 <= 10s"), ("topic", "difficulty")
    made = make_content(results, gates=gates, slices=tuple(f"metadata.{s}" for s in slices))
    written = write_report(made.view, tmp_path / "plain.html")
    assert len(made.view.slices) == 2
    assert sum(len(group.rows) for group in made.view.groups) >= 16
    assert written.bytes <= 200_000


def test_the_policy_names_exactly_what_is_there(reports):
    text = reports["two"].read_text("utf-8")
    policy = re.search(r'Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for body in (
        *re.findall(r"<script>(.*?)</script>", text, re.S),
        *re.findall(r"<style>(.*?)</style>", text, re.S),
    ):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<[a-z][^>]*\s(?:style|on[a-z]+)=", text.split("<script>")[0])
    body = re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.S)
    assert not re.search(r"\s(?:style|on[a-z]+)=", body)
    assert not re.search(r'(?:src|href)="(?!#|data:image/svg)', body)


def test_program_and_style_are_small():
    import gzip

    packed = sum(len(gzip.compress(t.encode(), 9)) for t in (html.program(), html.styles()))
    assert packed <= 42_000


def test_csv_has_a_line_a_run_and_no_formula(compared, tmp_path):
    import csv

    path = machine.write_csv(compared, tmp_path / "runs.csv")
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(compared.source.rows)
    assert {line["outcome"] for line in lines} >= {"success", "error"}
    assert machine.inert("=1+1") == "'=1+1"
    assert machine.inert(-1.5) == -1.5


def test_a_page_holds_as_many_runs_as_it_may_and_says_by_which_rule(tmp_path):
    results = make_results(tmp_path / "store", examples=60, repetitions=2)
    content = make_content(results, runs=180)
    written = write_report(content, tmp_path / "page.html")
    report = ReportFile(written.path)
    chosen = report.head["chosen"]
    counts = [chosen[name] for name in ("total", "most", "whole", "listed")]
    assert counts == [240, 180, 180, 240]
    kept = report.traces()
    assert len(kept) == 180
    ids = report.column("id")
    assert {trace["run_id"] for trace in kept.values()} == {ids[row] for row in kept}
    assert all(trace["feedback"] for trace in kept.values())
    broken = {i for i, code in enumerate(report.column("outcome")) if code != 0}
    assert broken <= set(kept)
    said = f"Of 240 runs 180 are whole in this page, by rule (seed {chosen['seed']}); "
    assert report.head["partly"].startswith(said)
    assert report.head["partly"] in written.left_out[0]
    assert written.left_out[0] in html_text(report.html)
    again = write_report(make_content(results, runs=180), tmp_path / "again.html")
    assert again.path.read_bytes() == written.path.read_bytes()


def html_text(page):
    return page.replace("&#39;", "'")


def test_every_run_that_a_page_names_is_whole_in_it(tmp_path):
    results = make_results(tmp_path / "store", examples=60, repetitions=2)
    for some in (results, results[:1]):
        content = make_content(some, runs=40)
        report = ReportFile(write_report(content, tmp_path / "page.html").path)
        whole = {trace["run_id"] for trace in report.traces().values()}
        assert len(whole) == 40
        named = {case.run_id for case in (*content.view.cases, *content.view.first.looks)}
        assert named
        assert named <= whole


def test_a_list_of_few_runs_counts_none_that_it_has_not(tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.metrics.selecting.chosen.LISTED", 60)
    results = make_results(tmp_path / "store", examples=60, repetitions=2)
    whole, some = make_content(results), make_content(results, runs=20)
    assert some.view.groups == whole.view.groups  # figures are of all runs
    assert some.view.cases == whole.view.cases
    report = ReportFile(write_report(some, tmp_path / "page.html").path)
    assert sum(each["runs"] for each in report.head["experiments"]) == len(report.column("id"))
    assert report.head["partly"].startswith("Of 240 runs 60 are listed and 20 are whole")
    assert len(report.traces()) == 20
    assert [len(facet.codes) for facet in some.source.facets] == [60] * len(some.source.facets)
