"""What people print says it in a line, shows a table in a notebook, and plots stand alone."""

import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from metric_tables import cell, results, run

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.labels import Label
from evalkit.metrics.columns import frames
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.figures import Figure, Rate
from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.summaries.summarise import summarise


def experiment(name, right, seconds=1.0):
    rows = [run(f"{name}{i}", f"e{i}", latency_s=seconds + i / 10) for i in range(20)]
    cells = [cell(f"{name}{i}", i < right, key="correct") for i in range(20)]
    cells += [cell(f"{name}{i}", value="a<b>" if i % 2 else "c", key="tone") for i in range(20)]
    return results(rows, cells, name=name)


@pytest.fixture(scope="module")
def comparison():
    return compare([experiment("old", 8), experiment("new", 18, 0.5)])


def test_figures_are_a_line():
    assert str(Figure(0.84, 0.72, 0.91, 200)) == "0.84 [0.72, 0.91], n=200"
    assert str(Figure(None)) == "\u2013, n=0"
    assert repr(Rate(10, 9, 0.9, (0.6, 0.98))) == "<Rate 9 of 10: 90.0% [60.0%, 98.0%], n=10>"
    gate = GateResult("correct >= 0.9", "old", False, None, 0.9, "share", "correct is 40%.")
    assert str(gate) == "MISS old: correct >= 0.9. correct is 40%."


def test_a_summary_and_its_scores_are_short():
    summary = summarise(experiment("old", 8))
    assert str(summary.scores["correct"]).startswith("correct: 40.0% [")
    assert str(summary.scores["tone"]) == "tone: a<b> 10, c 10, n=20"
    assert str(summary).splitlines()[0] == "old: 20 runs"
    assert len(repr(summary)) < 300
    html = summary.scores["tone"]._repr_html_()
    assert "a&lt;b&gt; 10" in html
    assert "<b>" not in html


def test_differences_say_levels_change_and_reading(comparison):
    (candidate,) = comparison.candidates
    text = str(candidate.difference("correct"))
    assert text.startswith("correct: 40.0% \u2192 90.0%, change +50.0 pp [")
    assert text.endswith("20 pairs: better")
    assert str(comparison).splitlines()[0] == "new against old"
    assert "reading</th><td>better" in candidate.difference("correct")._repr_html_()
    assert "<table" in comparison._repr_html_()


def test_everything_in_a_comparison_and_a_summary_is_short(comparison):
    """No value that people can reach prints pages."""
    summary = summarise(experiment("old", 8))
    for whole in (comparison, summary):
        for name in type(whole).__dataclass_fields__:
            value = getattr(whole, name)
            parts = value.values() if isinstance(value, dict) else value
            for part in parts if isinstance(parts, list) else [value]:
                if hasattr(part, "_repr_html_"):
                    assert part._repr_html_().startswith(("<table", "<div")), name
                    assert len(str(part)) < 3000, name


def test_agreement_is_a_line():
    labels = [Label(value=str(int(i < 8)), run_id=f"old{i}") for i in range(20)]
    found = agree(experiment("old", 8), labels, "correct")
    assert str(found).startswith("correct on old: agreement 100.0% [")


def test_a_plot_is_svg_with_a_row_a_metric(comparison, tmp_path):
    plot = comparison.plot()
    root = ET.fromstring(plot.svg)
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "new against old"
    drawn = [d for d in comparison.candidates[0].differences if d.difference.interval]
    assert [t for t in texts if t in {d.metric for d in drawn}] == [d.metric for d in drawn]
    assert plot.save(tmp_path / "p.svg").read_text("utf-8") == plot.svg
    assert plot._repr_html_() == plot.svg
    with pytest.raises(ConfigError, match=r"no metric 'corect'\. Did you mean 'correct'"):
        comparison.plot(["corect"])


def test_hostile_names_stay_text_in_a_plot():
    name = "</text><script>x</script>"
    made = compare([experiment("a&b", 8), experiment(name, 9)])
    root = ET.fromstring(made.plot().svg)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert f"{name} against a&b" in [each.text for each in root.iter()]


def test_runs_have_inputs_outputs_and_whole_repetitions():
    frame = frames.runs(experiment("old", 8))
    assert {"inputs", "outputs"} <= set(frame.columns)
    assert pd.api.types.is_integer_dtype(frame["repetition"])
    wide = experiment("old", 8).to_pandas()
    assert wide["score.correct"].sum() == 8
    assert {"inputs", "outputs", "latency_s"} <= set(wide.columns)
