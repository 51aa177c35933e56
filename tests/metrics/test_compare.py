"""Comparisons: paired by example, corrected, with a verdict that can say it does not know."""

import json

import numpy as np
import pytest
from metric_tables import cell, results, run, scored

from evalkit.errors import ConfigError, NoRunsError
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.comparison import Comparison
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.score import EvaluatorInfo

RNG = np.random.default_rng(10)


def draws(chance, repetitions, seed):
    rng = np.random.default_rng(seed)
    return (rng.random((len(chance), repetitions)) < np.asarray(chance)[:, None]).tolist()


def pair(before, after, **more):
    return compare([scored(before, name="a"), scored(after, name="b")], **more)


def only(comparison, metric="ok"):
    return comparison.candidates[0].difference(metric)


def test_a_real_gain_is_found_with_everything_that_belongs_to_it():
    chance = RNG.beta(2, 2, 200)
    found = only(pair(draws(chance, 5, 1), draws(np.clip(chance + 0.15, 0, 1), 5, 2)))
    assert found.verdict == "better"
    assert found.difference.low < found.difference.value < found.difference.high
    assert found.candidate.value - found.baseline.value == pytest.approx(found.difference.value)
    assert found.wins + found.losses + found.ties == found.difference.n == 200
    assert found.n_baseline == found.n_candidate == 1000
    assert found.mde < found.difference.value
    assert found.n_needed < 200


def test_40_examples_cannot_tell_two_points():
    verdicts = []
    for seed in range(20):
        chance = np.random.default_rng(seed).beta(2, 1, 40) * 0.97
        comparison = pair(draws(chance, 1, seed), draws(chance + 0.02, 1, seed + 100))
        verdicts.append(only(comparison).verdict)
        assert only(comparison).mde > 0.1
    assert verdicts.count("cannot_tell") >= 19


def test_4000_identical_runs_are_equivalent():
    runs = draws(RNG.beta(2, 1, 800), 5, 3)
    assert only(pair(runs, runs)).verdict == "equivalent"
    single = [[each[0]] for each in runs] + [[each[1]] for each in runs] * 4
    assert only(pair(single, single)).verdict == "equivalent"


def test_20_identical_runs_are_not():
    runs = [[bool(i % 3)] for i in range(20)]
    assert only(pair(runs, runs)).verdict == "cannot_tell"


def test_not_inferior_is_said_only_of_a_margin_somebody_chose():
    before, after = ([[bool((i * k) % 7 < 4)] * 3 for i in range(100)] for k in (1, 2))
    assert only(pair(before, after)).verdict == "cannot_tell"
    assert only(pair(before, after, margins={"ok": 0.15})).verdict in ("not_inferior", "equivalent")


def test_fewer_than_ten_examples_claim_nothing():
    found = only(pair([[False]] * 8, [[True]] * 8))
    assert found.verdict == "cannot_tell"
    assert "8, at least 10" in found.reason


def test_lower_is_better_where_it_is():
    def timed(name, scale):
        rng = np.random.default_rng(6)
        rows = [
            run(f"{name}{i}", f"e{i}", latency_s=scale * t)
            for i, t in enumerate(rng.lognormal(0, 0.3, 300))
        ]
        return results(rows, name=name)

    found = compare([timed("a", 1.0), timed("b", 1.5)])
    for metric in ("latency.mean", "latency.p95"):
        assert only(found, metric).verdict == "worse"
        assert only(found, metric).relative == pytest.approx(0.5, abs=0.01)
    assert only(found, "latency.mean").losses == 300
    low, high = only(found, "latency.mean").bca
    assert low < only(found, "latency.mean").difference.value < high


def test_an_outcome_that_only_mirrors_success_is_no_test_of_its_own():
    def made(name, bad, outcome="error"):
        rows = [
            run(f"{name}{i}", f"e{i}", outcome=outcome if i < bad else "success") for i in range(50)
        ]
        return results(rows, name=name)

    found = compare([made("a", 5), made("b", 9)])
    assert [d.metric for d in found.candidates[0].differences] == ["success_rate"]
    found = compare([made("a", 5), made("b", 9, "timeout")])
    assert [d.metric for d in found.candidates[0].differences] == [
        "success_rate",
        "error_rate",
        "timeout_rate",
    ]


def test_correction_counts_metrics_times_candidates():
    chance = RNG.beta(2, 2, 60)
    many = [scored(draws(chance, 2, s), name=f"x{s}") for s in range(4)]
    found = compare(many, baseline="x2")
    assert found.baseline == "x2"
    assert found.experiments == ["x2", "x0", "x1", "x3"]
    assert found.family == 3
    p = [c.difference("ok").p for c in found.candidates]
    adjusted = [c.difference("ok").p_adjusted for c in found.candidates]
    assert min(adjusted) == pytest.approx(min(1, 3 * min(p)))
    loose = compare(many, baseline="x2", correction="bh")
    assert all(
        b.difference("ok").p_adjusted <= a.difference("ok").p_adjusted
        for a, b in zip(found.candidates, loose.candidates, strict=True)
    )


def test_examples_of_one_side_are_listed_never_dropped():
    before, after = [[True]] * 12, [[True]] * 15
    found = pair(before, after)
    pairing = found.candidates[0].pairing
    assert (pairing.by, pairing.paired) == ("example_id", 12)
    assert pairing.only_candidate == ["e12", "e13", "e14"]
    assert only(found).n_candidate == 12


def test_without_ids_inputs_pair_and_it_is_said():
    def made(name, order):
        rows = [
            run(f"{name}{i}", None, inputs={"q": i, "z": 0} if name == "a" else {"z": 0, "q": i})
            for i in order
        ]
        return results(rows, [cell(f"{name}{i}", i % 2 == 0) for i in order], name=name)

    found = compare([made("a", range(30)), made("b", range(29, -1, -1))])
    pairing = found.candidates[0].pairing
    assert (pairing.by, pairing.paired) == ("inputs", 30)
    assert "paired by a hash" in found.notes[0]
    assert only(found).ties == 30


def test_examples_that_changed_between_datasets_are_named_and_left_out():
    def made(name, answer):
        examples = [
            {
                "example_id": f"e{i}",
                "inputs": {"q": i, "k": 1},
                "reference_outputs": answer if i < 3 else 0,
            }
            for i in range(20)
        ]
        if name == "b":
            for each in examples:
                each["inputs"] = json.dumps({"k": 1, "q": each["inputs"]["q"]})
        rows = [run(f"{name}{i}", f"e{i}") for i in range(20)]
        return results(
            rows, [cell(f"{name}{i}", True) for i in range(20)], examples=examples, name=name
        )

    found = compare([made("a", 1), made("b", 2)])
    assert found.candidates[0].pairing.changed == ["e0", "e1", "e2"]
    assert found.candidates[0].pairing.paired == 17
    assert "3 examples differ" in found.notes[0]


def test_a_score_only_one_side_has_pairs_nothing():
    found = compare([scored([[True]] * 12, name="a"), scored([[True]] * 12, name="b", key="new")])
    assert [d.metric for d in found.candidates[0].differences] == ["success_rate"]


def test_transitions_and_the_largest_changes():
    before = [[True, True], [True, False, True], [False], [True], [None]]
    after = [[False, False], [True], [True], [None], [True]]
    candidate = pair(before, after).candidates[0]
    moved = {k: v for k, v in candidate.transitions["ok"].items() if v}
    assert moved == {"pass>fail": 1, "pass>pass": 1, "fail>pass": 1, "pass>none": 1, "none>pass": 1}
    assert [(c.example_id, c.difference) for c in candidate.regressions] == [("e0", -1.0)]
    assert candidate.improvements[0].candidate_runs == ["b-2-0"]


def test_slices_that_broke_are_flagged_and_counted():
    rng = np.random.default_rng(12)
    topics = [str(t) for t in rng.choice(list("abcd"), 200)]

    def made(name, drop):
        rows = [run(f"{name}{i}", f"e{i}", metadata={"topic": t}) for i, t in enumerate(topics)]
        cells = [
            cell(f"{name}{i}", bool(rng.random() < (0.9 - drop * (t == "b"))))
            for i, t in enumerate(topics)
        ]
        return results(rows, cells, name=name)

    candidate = compare([made("a", 0), made("b", 0.6)], slices=["metadata.topic"]).candidates[0]
    assert candidate.slices_tested == 4
    assert next((s.value, s.flagged) for s in candidate.slices) == ("b", True)
    assert sum(s.flagged for s in candidate.slices) == 1


def test_a_score_with_no_good_way_is_never_better():
    chance = RNG.beta(2, 2, 200)

    def made(name, gain, seed):
        given = scored(draws(np.clip(chance + gain, 0, 1), 5, seed), name=name, direction=None)
        return given

    found = only(compare([made("a", 0, 1), made("b", 0.3, 2)]))
    assert found.verdict == "cannot_tell"
    assert "neither way is declared better" in found.reason


def test_numbers_with_a_declared_range_have_a_margin_of_three_percent_of_it():
    info = [EvaluatorInfo(name="s", range=(0, 10))]

    def made(name):
        values = np.random.default_rng(3).uniform(0, 10, 20)
        return results(
            [run(f"{name}{i}", f"e{i}") for i in range(20)],
            [cell(f"{name}{i}", float(v), key="s") for i, v in enumerate(values)],
            infos=info,
            name=name,
        )

    assert only(compare([made("a"), made("b")]), "s").margin == pytest.approx(0.3)


def test_the_document_comes_back_the_same():
    found = pair(draws(RNG.beta(2, 2, 30), 2, 1), draws(RNG.beta(2, 2, 30), 2, 2))
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert from_plain(Comparison, document).to_dict() == document


@pytest.mark.parametrize(
    ("given", "options", "error"),
    [
        (["a"], {}, ConfigError),
        (["a", "a"], {}, ConfigError),
        (["a", "b"], {"baseline": "c"}, ConfigError),
        (["a", "b"], {"correction": "sidak"}, ConfigError),
    ],
)
def test_mistakes(given, options, error):
    with pytest.raises(error):
        compare([scored([[True]] * 10, name=name) for name in given], **options)


def test_an_experiment_without_runs_cannot_be_compared():
    with pytest.raises(NoRunsError):
        compare([scored([[True]] * 10, name="a"), results(name="b")])


def test_words_are_compared_word_by_word():
    def made(name, rude):
        cells = [
            cell(f"{name}{i}", value="rude" if i < rude else "friendly", key="tone")
            for i in range(100)
        ]
        return results([run(f"{name}{i}", f"e{i}") for i in range(100)], cells, name=name)

    found = compare([made("a", 0), made("b", 30)])
    rude = only(found, "tone.rude")
    assert (rude.baseline.value, rude.candidate.value) == (0.0, 0.3)
    assert rude.p_adjusted < 0.001
    assert rude.verdict == "cannot_tell"
    assert only(found, "tone.friendly").difference.value == pytest.approx(-0.3)


def test_experiments_with_nothing_in_common_say_so():
    def made(name, first):
        rows = [run(f"{name}{i}", f"e{i}") for i in range(first, first + 12)]
        return results(
            rows, [cell(r["run_id"], 0.5 * (n % 3)) for n, r in enumerate(rows)], name=name
        )

    found = compare([made("a", 0), made("b", 50)])
    assert found.candidates[0].pairing.paired == 0
    assert "no example is in both" in " ".join(found.notes)
    assert only(found).difference.n == 0
    assert only(found).verdict == "cannot_tell"
    assert found.family == 0
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_score_that_was_true_or_false_and_became_a_number_is_compared_as_one():
    before = scored([[True], [False]] * 10, name="a")
    after = scored([[3.5], [0.5]] * 10, name="b")
    found = only(compare([before, after]))
    assert (found.unit, found.difference.value) == ("", pytest.approx(1.5))


def test_first_tokens_outside_of_their_run_count_in_no_figure():
    """The comparison's mean and n are those of the two summaries."""
    sides = [
        results(
            [
                run(f"{n}-{k}", f"e{n}", k, latency_s=1.0, ttft_s=given)
                for n in range(6)
                for k, given in enumerate([0.2 + n / 10, stated])
            ],
            name=name,
        )
        for name, stated in (("a", 1.0005), ("b", 1.5), ("c", -0.1), ("d", None))
    ]
    for other in sides[1:]:
        found = only(compare([sides[0], other]), "ttft.mean")
        for each, n, side in (
            (found.baseline, found.n_baseline, sides[0]),
            (found.candidate, found.n_candidate, other),
        ):
            alone = summarise(side).ttft
            assert (each.value, n) == (pytest.approx(alone.mean), alone.n)
        assert (found.n_baseline, found.n_candidate) == (12, 6)
