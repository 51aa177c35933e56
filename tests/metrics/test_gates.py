"""Gates: read with positions, blocked by regressions, passed by noise."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_tables import cell, results, run, scored

from evalkit.errors import ConfigError
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.summarise import summarise


def draws(chance, repetitions, seed):
    rng = np.random.default_rng(seed)
    return (rng.random((len(chance), repetitions)) < np.asarray(chance)[:, None]).tolist()


def sample():
    rows = [
        run(
            f"r{i}",
            f"e{i % 50}",
            i // 50,
            outcome="error" if i < 2 else "success",
            latency_s=float(1 + i % 9),
            total_cost=0.01,
            metadata={"topic": "billing" if i % 50 < 10 else "other"},
        )
        for i in range(100)
    ]
    cells = [cell(f"r{i}", i % 50 < 40, key="correct") for i in range(100)]
    cells += [cell(f"r{i}", (i % 50) / 49, key="close") for i in range(99)]
    cells += [cell("r99", key="close", outcome="evaluator_error", error_message="boom")]
    steps = [{"run_id": "r0", "step_id": "1", "kind": "tool", "name": "search", "latency_s": 0.5}]
    given = results(rows, cells, steps=steps)
    return summarise(given, slices=["metadata.topic"], reducers=["pass^2"])


SUMMARY = sample()


@pytest.mark.parametrize(
    ("rule", "passed"),
    [
        ("correct >= 0.8", True),
        ("correct >= 80%", True),
        ("correct > 80%", False),
        ("score.correct >= 0.81", False),
        ("correct.low >= 0.75", False),
        ("correct.high >= 0.75", True),
        ("correct.pass^2 >= 0.8", True),
        ("correct.n >= 100", True),
        ("correct.flake_rate == 0", True),
        ("'close' >= 0.4", True),
        ("close.sd < 0.5", True),
        ("close.evaluator_error <= 0", False),
        ("error_rate <= 2%", True),
        ("error_rate.high <= 2%", False),
        ("success_rate >= 98%", True),
        ("latency.p50 <= 5000ms", True),
        ("latency <= 0.1min", True),
        ("latency.max <= 8.9s", False),
        ("cost.total <= 1", True),
        ("cost.mean <= 0.01", True),
        ("tokens.mean <= 5k", False),
        ("cost_per_success <= 0.02", True),
        ("evaluator_errors == 0", False),
        ("evaluator_errors != 0", True),
        ("runs >= 100", True),
        ("missing_runs == 0", True),
        ("step.search.p50 <= 1s", True),
        ("correct >= 0.9 where metadata.topic = billing", True),
        ("correct >= 0.9 where metadata.topic = 'other'", False),
        ("correct >= 0.7 for every metadata.topic", True),
        ("correct >= 0.8 for every metadata.topic", False),
        ("correct >= 0.8 where metadata.city = Rome", False),
        ("correct >= 0.5 for every example", False),
        ("correct >= 0.5 for 80% of examples", True),
        ("close <= 1 for every example", True),
        ("latency >= 1 for every example", False),
        ("nonsense >= 1", False),
        ("correct not worse than baseline by 0.02", None),
        ("latency.p95 <= baseline + 10%", None),
    ],
)
def test_rules_on_one_summary(rule, passed):
    (found,) = check([parse(rule)], SUMMARY)
    assert found.passed is passed, found.why
    assert found.rule == rule


def test_what_was_not_measured_misses_its_gate_and_says_so():
    (found,) = check([parse("tokens.mean <= 5k")], SUMMARY)
    assert found.why == "tokens.mean: nothing was measured (n = 0)."
    (found,) = check([parse("corect >= 1")], SUMMARY)
    assert "Did you mean 'correct'?" in found.why


def test_every_result_shows_its_n():
    (found,) = check([parse("correct >= 0.9")], SUMMARY)
    assert found.observed.n == 100
    assert "(n = 100)" in found.why
    assert found.limit == 0.9


def test_a_missed_slice_is_named():
    (found,) = check([parse("correct >= 0.8 for every metadata.topic")], SUMMARY)
    assert found.slice == "metadata.topic=other"


@pytest.mark.parametrize(
    ("rule", "caret", "hint"),
    [
        ("correct => 0.9", 8, ""),
        ("correct >=", 10, ""),
        ("correct not wrse than baseline", 12, "worse"),
        ("correct >= 0.9 were topic = x", 15, "where"),
        (">= 3", 0, ""),
        ("correct >= 3 apples", 13, ""),
        ("", 0, ""),
        ("__import__('os').system('x') >= 1", 10, ""),
    ],
)
def test_what_cannot_be_read_is_pointed_at(rule, caret, hint):
    with pytest.raises(ConfigError) as caught:
        parse(rule)
    lines = str(caught.value).splitlines()
    assert lines[-1].index("^") - 2 == caret
    assert hint in lines[0]


@given(st.text(max_size=60))
def test_any_text_is_a_gate_or_a_config_error(text):
    with contextlib.suppress(ConfigError):
        assert parse(text).text == text.strip()


@given(
    st.from_regex(r"[a-z][a-z_]{0,10}(\.[a-z0-9^@]{1,8})?", fullmatch=True),
    st.sampled_from([">=", "<=", "<", ">", "==", "!="]),
    st.floats(-1e6, 1e6),
    st.sampled_from(["", "%", "s", "ms", "points", "k"]),
)
def test_metrics_operators_and_numbers_come_through(metric, op, number, unit):
    gate = parse(f"{metric} {op} {number!r}{unit}")
    assert (gate.metric, gate.op, gate.quantity.value) == (metric, op, number)
    assert gate.quantity.unit == unit


def regression(size, repetitions, drop, seed=1):
    chance = np.random.default_rng(seed).beta(4, 2, size)
    before = scored(draws(chance, repetitions, seed + 1), name="a")
    after = scored(draws(np.clip(chance - drop, 0, 1), repetitions, seed + 2), name="b")
    return compare([before, after]), summarise(before), summarise(after)


NOT_WORSE = parse("ok not worse than baseline by 0.02")


def test_a_regression_of_eight_points_is_blocked():
    comparison, _, after = regression(400, 5, 0.08)
    (found,) = check([NOT_WORSE], after, comparison)
    assert found.passed is False
    assert "pairs" in found.why


def test_noise_of_the_same_observed_size_passes():
    seen = 0
    for seed in range(60):
        comparison, _, after = regression(40, 1, 0.0, seed)
        if -0.12 <= comparison.candidates[0].difference("ok").difference.value <= -0.07:
            seen += 1
            (found,) = check([NOT_WORSE], after, comparison)
            assert found.passed is True
    assert seen >= 3


def test_a_certain_but_small_drop_passes_its_margin():
    before = scored([[True]] * 990 + [[True]] * 10, name="a")
    after = scored([[True]] * 990 + [[False]] * 10, name="b")
    comparison = compare([before, after])
    assert comparison.candidates[0].difference("ok").p < 0.01
    (found,) = check([NOT_WORSE], summarise(after), comparison)
    assert found.passed is True
    (strict,) = check([parse("ok not worse than baseline")], summarise(after), comparison)
    assert strict.passed is False


def test_proof_is_asked_for_by_name():
    comparison, _, after = regression(40, 1, 0.0)
    rules = [parse("ok proven not worse than baseline by 2%"), parse("ok better than baseline")]
    assert [r.passed for r in check(rules, after, comparison)] == [False, False]
    same, _, after = regression(3000, 3, 0.0)
    assert check(rules[:1], after, same)[0].passed is True
    assert check([parse("ok equivalent to baseline within 3%")], after, same)[0].passed is True


def test_a_saved_summary_is_a_baseline_without_pairs():
    _, before, after = regression(400, 5, 0.08)
    rules = [NOT_WORSE, parse("ok >= baseline - 0.02"), parse("ok >= baseline * 0.5")]
    found = check(rules, after, baseline=before.to_dict())
    assert [r.passed for r in found] == [False, False, True]
    assert "unpaired" in found[0].why


def test_relative_limits():
    def timed(name, scale):
        rows = [run(f"{name}{i}", f"e{i}", latency_s=scale * (1 + i % 10)) for i in range(120)]
        return results(rows, name=name)

    a, b = timed("a", 1.0), timed("b", 1.12)
    comparison = compare([a, b])
    rules = [
        "latency.p95 <= baseline + 10%",
        "latency.p95 <= baseline + 20%",
        "latency.mean <= baseline + 0.5s",
        "latency.mean <= baseline + 1s",
        "latency <= baseline",
    ]
    found = check([parse(rule) for rule in rules], summarise(b), comparison)
    assert [r.passed for r in found] == [False, True, False, True, False]


def test_the_baseline_is_not_held_against_itself():
    comparison, before, _ = regression(40, 1, 0.0)
    (found,) = check([NOT_WORSE], before, comparison)
    assert (found.passed, found.why) == (None, "This is the baseline itself.")


def test_a_quantile_among_timeouts_is_not_known_to_be_fast():
    rows = [
        run(f"r{i}", f"e{i}", outcome="timeout" if i < 10 else "success", latency_s=5.0)
        for i in range(100)
    ]
    summary = summarise(results(rows))
    rules = ["latency.p95 <= 8s", "latency.p50 <= 8s", "latency.p95 >= 4s"]
    found = check([parse(rule) for rule in rules], summary)
    assert [r.passed for r in found] == [False, True, True]
    assert "at least 5 s" in found[0].why


def outcomes_of(name, bad, n=60, outcome="error"):
    rows = [run(f"{name}{i}", f"e{i}", outcome=outcome if i < bad else "success") for i in range(n)]
    return results(rows, name=name)


@pytest.mark.parametrize(
    ("before", "after", "rule", "passed"),
    [
        (2, 20, "error_rate not worse than baseline by 5%", False),
        (20, 2, "error_rate not worse than baseline by 5%", True),
        (20, 2, "error_rate better than baseline", True),
        (2, 20, "timeout_rate not worse than baseline", True),
        (2, 20, "success_rate not worse than baseline", False),
        (2, 4, "error_rate <= baseline + 5%", True),
        (2, 8, "error_rate <= baseline + 5%", False),
    ],
)
def test_an_outcome_that_mirrors_success_has_its_gate(before, after, rule, passed):
    a, b = outcomes_of("a", before), outcomes_of("b", after)
    (found,) = check([parse(rule)], summarise(b), compare([a, b]))
    assert found.passed is passed, found.why


def test_the_share_of_a_category_has_its_gate():
    cells = [cell(f"r{i}", value="rude" if i < 3 else "friendly", key="tone") for i in range(30)]
    summary = summarise(results([run(f"r{i}", f"e{i}") for i in range(30)], cells))
    found = check([parse("tone.rude <= 10%"), parse("tone.friendly >= 95%")], summary)
    assert [r.passed for r in found] == [True, False]
