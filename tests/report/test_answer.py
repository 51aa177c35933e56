"""The first screen: every sentence follows by a rule from what `--json` says."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_world import stored

from evalkit import evaluator
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.reading import READINGS, reading
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.run import Run
from evalkit.report.charts import numbers
from evalkit.report.renderers import markdown, terminal
from evalkit.report.sections.changes import WORDS
from evalkit.report.sections.view import build

START = datetime(2026, 11, 1, tzinfo=UTC)


@evaluator
def ok(outputs) -> bool:
    return outputs["ok"]


@evaluator
def other(outputs) -> bool:
    return outputs["other"]


ends = st.floats(-1, 1, allow_nan=False)


@given(ends, ends, st.floats(0.001, 0.5), st.sampled_from(["higher", "lower", None]))
def test_the_reading_is_what_the_interval_says(one, two, margin, direction):
    low, high = min(one, two), max(one, two)
    found = reading((low, high), margin, direction)
    assert found in READINGS
    good, bad = (-low, -high) if direction == "lower" else (low, high)
    worst, best = min(good, bad), max(good, bad)
    if found == "better":
        assert worst >= 0
        assert direction
    if found == "worse":
        assert best <= 0
        assert direction
    if found == "same":
        assert max(abs(low), abs(high)) < margin
    if found == "not_worse":
        assert worst > -margin
    if found == "cannot_tell" and direction:
        assert worst <= -margin
        assert best > 0 or low == high
    turned = reading((-high, -low), margin, {"higher": "lower", "lower": "higher"}.get(direction))
    assert turned == found


def test_no_interval_is_not_tested():
    assert reading(None, 0.1, "higher") == "not_tested"
    assert set(WORDS) == set(READINGS)


def runs(rights: list[bool], repetitions: int = 1, **more: Any) -> list[Run]:
    return [
        Run(run_id=f"{n}-{r}", example_id=more.get("ids", "e{}").format(n), repetition=r,
            status=more.get("status", "success"), error=more.get("error"),
            inputs={"question": more.get("ask", "Is {} right?").format(n)},
            outputs={"ok": right, "other": True} if "error" not in more else None,
            started_at=START, ended_at=START + timedelta(seconds=1))
        for n, right in enumerate(rights) for r in range(repetitions)
    ]  # fmt: skip


def made(folder, experiments, *, evaluators=(ok, other), gates=(), **options):
    """Return the comparison or summary as `--json` has it, and what terminal and Markdown say."""
    results = [stored(folder / name, name, found, [], evaluators)
               for name, found in experiments.items()]  # fmt: skip
    summaries = [summarise(each) for each in results]
    options = {"chosen_by": "order", **options}
    comparison = compare(results, **options) if len(results) > 1 else None
    found = [g for s in summaries for g in check([parse(r) for r in gates], s, comparison)]
    view = build(summaries, comparison, gates=found, looks=results)
    texts = [" ".join(terminal.to_text(view, width).split()) for width in (80, 60, 44)]
    texts.append(" ".join(markdown.render(view).replace("*", "").replace("\\", "").split()))
    document = comparison.to_dict() if comparison else summaries[0].to_dict()
    return document, texts


HALF, ALL = [n % 2 == 0 for n in range(40)], [True] * 40


def test_a_sure_gain_is_said_with_the_ends_of_json(tmp_path):
    document, texts = made(tmp_path, {"old": runs(HALF), "new": runs(ALL)})
    found = document["candidates"][0]["differences"][0]
    assert (found["metric"], found["reading"]) == ("ok", "better")
    assert (document["primary"], document["chosen_by"]) == (["ok"], "order")
    low, high = (numbers.fixed(100 * end, 1) for end in found["simultaneous"])
    for text in texts:
        assert f"ok is surely better by {low} to {high} pp." in text
        assert "Nothing else changed beyond chance." in text


def test_a_gate_names_the_primary_metric_and_its_margin(tmp_path):
    document, texts = made(
        tmp_path, {"old": runs(ALL), "new": runs(HALF)}, primary=["other"], chosen_by="gate",
        margins={"other": 0.1}, gates=["other not worse than baseline by 0.1"],
    )  # fmt: skip
    found = {d["metric"]: d for d in document["candidates"][0]["differences"]}
    assert found["other"]["margin"] == 0.1
    assert found["ok"]["reading"] == "worse"
    for text in texts:
        assert "The gate passes." in text
        assert "ok is surely worse." in text


def test_levels_and_changes_are_of_the_same_examples(tmp_path):
    """Hard examples are repeated more often by one side: each example still counts once."""
    old = [*runs([False] * 5, 2), *runs([True] * 20)[5:]]
    new = [*runs([False] * 5, 5), *runs([True] * 20)[5:]]
    document, texts = made(tmp_path, {"old": old, "new": new})
    found = document["candidates"][0]["differences"][0]
    before, after = found["baseline"]["value"], found["candidate"]["value"]
    moved = found["difference"]["value"]
    assert (before, after, moved) == pytest.approx((0.75, 0.75, 0))
    assert "ok 75.0% → 75.0%" in texts[0]
    assert "57." not in texts[0]


ERROR = {"status": "error", "error": "ConnectError: refused"}
STATES = {
    "one": ({"new": runs(HALF)}, r"new: ok 50\.0%, surely [\d.]+% to [\d.]+%\."),
    "few": ({"old": runs(ALL[:6]), "new": runs(ALL[:6])}, r"Too few examples to compare: 6 pairs"),
    "none": (
        {"old": runs(ALL[:12]), "new": runs(ALL[:12], ids="z{}", ask="another {}")},
        r"Nothing to compare: no example has a run in both\.",
    ),
    "failed": ({"new": runs(ALL[:12], **ERROR)}, r"All 12 runs of new ended with an error\."),
    "one failed": (
        {"old": runs(ALL[:12]), "new": runs(ALL[:12], **ERROR)},
        r"All 12 runs of new ended with an error\.",
    ),
    "ten": (
        {f"v{n}": runs(HALF[n % 2 : 20 + n % 2]) for n in range(10)},
        r"None of 9 differs surely from v0 on ok\.",
    ),
    "three": (
        {"v0": runs(HALF), "v1": runs(HALF), "v2": runs(ALL)},
        r"v2 is surely better than v0 on ok\. 1 of 2 cannot be told apart",
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_first_line(tmp_path, state):
    experiments, said = STATES[state]
    _, texts = made(tmp_path, experiments)
    for text in texts:
        assert re.search(said, text), text[:600]
        assert "significant" not in text


def test_no_scores_is_said_and_no_figure_is_made_up(tmp_path):
    _, texts = made(tmp_path, {"new": runs(ALL[:12])}, evaluators=())
    for text in texts:
        assert "12 runs, no scores yet." in text
        assert "evalkit new evaluator NAME" in text
