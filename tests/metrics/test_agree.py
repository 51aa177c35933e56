"""Agreement with people: kappa, alpha, and the corrected rate."""

import json

import numpy as np
import pytest
from metric_tables import cell, results, run
from statsmodels.stats.inter_rater import cohens_kappa

from evalkit.errors import ConfigError, DatasetError
from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.labels import Label, read_labels
from evalkit.metrics.statistics.calibration import corrected_rate
from evalkit.metrics.statistics.intervals import Sums
from evalkit.metrics.statistics.kappa import cohen, krippendorff
from evalkit.model.score import EvaluatorInfo


def alpha(table, distance=None):
    table = np.array(table, float)
    distance = 1 - np.eye(len(table)) if distance is None else distance
    return float(krippendorff(table.reshape(1, -1), distance)[0])


def test_alpha_of_two_raters_saying_yes_or_no():
    """Computing Krippendorff's Alpha-Reliability, 2011, section A: ten units, true or false."""
    assert alpha([[5, 3], [1, 1]]) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_two_nominal_raters_with_five_categories():
    """Section B: two observers, twelve units, alpha = 0.692."""
    first = ["a", "a", "b", "b", "d", "c", "c", "c", "e", "d", "d", "a"]
    second = ["b", "a", "b", "b", "b", "c", "c", "c", "e", "d", "d", "d"]
    names = sorted({*first, *second})
    table = np.zeros((5, 5))
    for x, y in zip(first, second, strict=True):
        table[names.index(x), names.index(y)] += 1
    assert alpha(table) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize("weights", [None, "quadratic"])
def test_kappa_is_statsmodels(weights):
    table = np.random.default_rng(1).integers(1, 30, (4, 4)).astype(float)
    order = np.arange(4.0)
    square = (order[:, None] - order[None, :]) ** 2
    distance = 1 - np.eye(4) if weights is None else square
    expected = cohens_kappa(table, wt=None if weights is None else "quadratic").kappa
    assert float(cohen(table.reshape(1, -1), distance)[0]) == pytest.approx(expected, abs=1e-9)


def judged(n=400, sensitivity=0.8, specificity=0.9, truth=0.6, seed=1):
    rng = np.random.default_rng(seed)
    good = rng.random(n) < truth
    says = np.where(good, rng.random(n) < sensitivity, rng.random(n) >= specificity)
    info = [EvaluatorInfo(name="polite", kind="judge")]
    rows = [run(f"r{i}", f"e{i}") for i in range(n)]
    cells = [cell(f"r{i}", bool(s), key="polite") for i, s in enumerate(says)]
    labels = [Label(value=str(int(g)), run_id=f"r{i}") for i, g in enumerate(good[: n // 2])]
    return results(rows, cells, infos=info), labels, good


def test_a_judge_that_errs_is_corrected():
    given, labels, good = judged(4000)
    found = agree(given, labels, "polite")
    assert found.n == 2000
    assert found.observed_rate.high < good.mean()
    assert found.corrected_rate.low < good.mean() < found.corrected_rate.high
    assert found.sensitivity.value == pytest.approx(0.8, abs=0.03)
    assert found.specificity.value == pytest.approx(0.9, abs=0.03)
    assert found.kappa.low < found.kappa.value < found.kappa.high < 1
    assert sum(map(sum, found.confusion)) == 2000
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_perfect_judge_needs_no_correction():
    given, labels, _ = judged(300, 1.0, 1.0)
    found = agree(given, labels, "polite")
    assert found.agreement.value == found.kappa.value == found.alpha.value == 1.0
    assert found.corrected_rate.value == found.observed_rate.value


def test_a_coin_has_no_corrected_rate():
    sums = Sums(np.ones(10), np.ones(10))
    assert corrected_rate(sums, (5, 10, 4, 10)).method == "none: no better than chance"
    assert corrected_rate(sums, (5, 10, 0, 0)).value is None


def test_votes_conflicts_and_strangers_are_counted():
    given, _, _ = judged(20, 1.0, 1.0)
    labels = [
        Label(value="1", run_id="r0"),
        Label(value="1", run_id="r0"),
        Label(value="0", run_id="r0"),
        Label(value="1", run_id="r1"),
        Label(value="0", run_id="r1"),
        Label(value="1", example_id="e2"),
        Label(value="1", run_id="elsewhere"),
        Label(value="1", run_id="r3", metric="other"),
    ]
    found = agree(given, labels, "polite")
    assert (found.n, found.conflicting_labels, found.unmatched_labels) == (2, 1, 1)


def test_numbers_are_weighed_and_thresholds_make_passes():
    info = [EvaluatorInfo(name="stars", threshold=3.0)]
    rows = [run(f"r{i}", f"e{i}") for i in range(50)]
    cells = [cell(f"r{i}", float(1 + i % 5), key="stars") for i in range(50)]
    given = results(rows, cells, infos=info)
    near = [Label(value=str(min(5, 2 + i % 5)), run_id=f"r{i}") for i in range(50)]
    found = agree(given, near, "stars")
    assert found.weighted_kappa.value > found.kappa.value + 0.5
    passes = [Label(value=str(int(i % 5 >= 2)), run_id=f"r{i}") for i in range(50)]
    assert agree(given, passes, "stars").agreement.value == 1.0


@pytest.mark.parametrize(("top", "kappa"), [(5, 59 / 97), (3, 8 / 11)])
def test_weighted_kappa_knows_how_far_grades_lie_apart(top, kappa):
    """Grades that nobody gave still lie between the others: a 5 for a 2 is no near miss."""
    person, judge = [1, 1, 2, 2, top, top, 1, top], [1, 2, 2, top, top, top, 1, 2]
    rows = [run(f"r{i}", f"e{i}") for i in range(8)]
    cells = [cell(f"r{i}", float(grade), key="stars") for i, grade in enumerate(judge)]
    labels = [Label(value=str(grade), run_id=f"r{i}") for i, grade in enumerate(person)]
    given = results(rows, cells, infos=[EvaluatorInfo(name="stars")])
    assert agree(given, labels, "stars").weighted_kappa.value == pytest.approx(kappa)


@pytest.mark.parametrize("odd", ["nan", "inf", "-Infinity"])
def test_grades_that_are_no_numbers_are_words(odd):
    rows = [run(f"r{i}", f"e{i}") for i in range(12)]
    cells = [cell(f"r{i}", value=("1", "3", odd)[i % 3], key="stars") for i in range(12)]
    labels = [
        Label(value=("1", "3", odd)[i % 3 if i % 4 else 0], run_id=f"r{i}") for i in range(12)
    ]
    found = agree(results(rows, cells), labels, "stars")
    assert found.weighted_kappa is None
    assert (found.kappa.value, found.alpha.value) == pytest.approx((3 / 4, 143 / 189))


def test_categories():
    rows = [run(f"r{i}", f"e{i}") for i in range(30)]
    cells = [cell(f"r{i}", value="red" if i % 3 else "blue", key="c") for i in range(30)]
    labels = [Label(value="red" if i % 2 else "blue", run_id=f"r{i}") for i in range(30)]
    found = agree(results(rows, cells), labels, "c")
    assert found.categories == ["blue", "red"]
    assert found.sensitivity is None


@pytest.mark.parametrize(
    ("labels", "metric", "says"),
    [
        ([Label(value="1", run_id="r0")], "plite", "Did you mean 'polite'"),
        ([Label(value="1", run_id="x")], "polite", "none of 1 labels"),
    ],
)
def test_mistakes(labels, metric, says):
    with pytest.raises(ConfigError, match=says):
        agree(judged(20)[0], labels, metric)


def test_an_example_with_several_runs_does_not_say_which():
    rows = [run(f"r{i}", "e0", i) for i in range(2)]
    given = results(rows, [cell(f"r{i}", True) for i in range(2)])
    with pytest.raises(ConfigError, match="has 2 runs"):
        agree(given, [Label(value="1", example_id="e0")], "ok")
    found = agree(given, [Label(value="1", example_id="e0", repetition=1)], "ok")
    assert found.n == 1


def test_labels_are_read_from_lines(tmp_path):
    path = tmp_path / "human.jsonl"
    path.write_text(
        '{"run_id": "a", "label": true, "rater": "kim"}\n\n'
        '{"example_id": 7, "repetition": 2, "score": 0.5}\n{"run_id": "b", "value": "Fail"}\n'
    )
    first, second, third = read_labels(path)
    assert (first.value, first.rater) == ("1", "kim")
    assert (second.example_id, second.repetition, second.value) == ("7", 2, "0.5")
    assert third.value == "0"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"run_id": "a", "label": 1}\n{"run_id":', "human.jsonl:2: is no JSON"),
        ("[1]", "human.jsonl:1: is no object"),
        ('{"run_id": "a"}', "has no label"),
        ('{"label": 1}', "names no run"),
        ("", "holds no labels"),
    ],
)
def test_bad_lines_are_named(tmp_path, text, says):
    path = tmp_path / "human.jsonl"
    path.write_text(text)
    with pytest.raises(DatasetError, match=says):
        read_labels(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_labels(tmp_path / "absent.jsonl")
