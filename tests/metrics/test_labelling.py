"""Which runs are labelled, what is written, and that weighted figures hold for all runs."""

import json
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_tables import cell, results, run
from small_disk import small_disk

from evalkit.errors import ConfigError, DatasetError, StoreError
from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.book import Book, book_path
from evalkit.metrics.agreement.choosing import choose, labelled_metric
from evalkit.metrics.agreement.labels import Label, read_labels
from evalkit.metrics.agreement.powered import draw_chances, drawn, powered_rate
from evalkit.metrics.agreement.settled import settled
from evalkit.metrics.agreement.weighing import share, weighted_figure
from evalkit.metrics.statistics.intervals import cluster_sums
from evalkit.model.score import EvaluatorInfo
from evalkit.report.labelling.choices import choices_of


def book_in(tmp_path, rater="Ann"):
    return Book(book_path(tmp_path / "labels", "correct", rater), "correct", rater)


def test_undo_goes_all_the_way_and_says_what_was_before(tmp_path):
    book = book_in(tmp_path)
    for run_id, label in (("r1", "1"), ("r2", "0"), ("r1", "0")):
        book.give(run_id, label, "", {})
    assert book.take_back() == "r1"
    assert {k: v.label for k, v in book.entries().items()} == {"r1": "1", "r2": "0"}
    assert [book.take_back() for _ in range(3)] == ["r2", "r1", None]
    assert book.entries() == {}
    assert settled(read_labels(book.path)).labels == []
    assert len(book.path.read_text().splitlines()) == 6


def test_what_the_book_says_is_what_agree_counts(tmp_path):
    """Any sequence of labels and undos: the file replayed and the file read agree."""
    dice = random.Random(3)
    for number in range(30):
        book = book_in(tmp_path, f"r{number}")
        for _ in range(dice.randint(1, 12)):
            if dice.random() < 0.4:
                book.take_back()
            else:
                book.give(f"run{dice.randint(0, 3)}", dice.choice("01"), "", {})
        if book.path.exists():
            read = {each.run_id: each.value for each in settled(read_labels(book.path)).labels}
            assert read == {k: v.label for k, v in book.entries().items()}


def test_a_line_torn_by_a_crash_is_dropped_and_the_next_one_is_whole(tmp_path):
    book = book_in(tmp_path)
    book.give("r1", "1", "", {})
    with book.path.open("ab") as file:
        file.write(b'{"run_id": "r2", "la')
    assert list(book.entries()) == ["r1"]
    book.give("r3", "0", "a note\nof two lines", {})
    assert [each.run_id for each in read_labels(book.path)] == ["r1", "r3"]
    book.path.write_text("nonsense\n" + book.path.read_text())
    with pytest.raises(StoreError, match=r"correct\.ann\.jsonl:1: is no JSON"):
        book.lines()


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        book = Book(disk / "correct.ann.jsonl", "correct", "Ann")

        def fill():
            for n in range(1000):
                book.give(f"r{n}", "1", "x" * 3000, {})

        with pytest.raises(StoreError, match="cannot be written"):
            fill()
        assert 5 < len(read_labels(book.path)) < 30
        assert book.path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    ("metric", "rater", "name"),
    [
        ("correct", "Ann B.", "correct.ann%20b..jsonl"),
        ("a/b", "../x", "a%2Fb...%2Fx.jsonl"),
        ("größe", "Ü", "gr%C3%B6%C3%9Fe.%C3%BC.jsonl"),
    ],
)
def test_names_make_one_file_in_one_folder(tmp_path, metric, rater, name):
    path = book_path(tmp_path, metric, rater)
    assert (path.name, path.parent) == (name, tmp_path)


LINES = [
    {"run_id": "r1", "rater": "a", "label": "1"},
    {"run_id": "r1", "rater": "b", "label": "0"},
    {"run_id": "r2", "rater": "a", "label": "0"},
    {"run_id": "r2", "rater": "a", "label": "1"},
    {"run_id": "r3", "rater": "a", "label": "unsure"},
    {"run_id": "r3", "rater": "b", "label": "1"},
    {"run_id": "r1", "rater": "a", "label": "0", "final": True},
    {"run_id": "r4", "rater": "a", "label": "1", "experiment": "other"},
    {"run_id": "r5", "label": "1"},
    {"run_id": "r5", "label": "0"},
    {"run_id": "r6", "rater": "a", "label": "red", "abstains": True},
]


def test_last_words_finals_and_abstentions(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in LINES))
    found = settled(read_labels(path), "this")
    said = [(each.run_id, each.value) for each in found.labels]
    assert sorted(said) == [("r1", "0"), ("r2", "1"), ("r3", "1"), ("r5", "0"), ("r5", "1")]
    assert found.abstained == 2
    assert settled(read_labels(path), "this", {"unsure"}).abstained == 1


@pytest.mark.parametrize("weight", [0, -1, "2", True, float("nan")])
def test_a_weight_that_is_none_is_refused(tmp_path, weight):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"run_id": "r", "label": "1", "weight": weight}) + "\n")
    with pytest.raises(DatasetError, match=re.escape("labels.jsonl:1")):
        read_labels(path)


def judged(n=600, seed=0):
    """A judge that errs where repetitions differ; another score knows better there."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n) < 0.2
    truth = rng.random(n) < 0.6
    says = np.where(hard, rng.random(n) < 0.5, truth)
    rows = [run(f"r{i}", f"e{i}") for i in range(n)]
    cells = [cell(f"r{i}", bool(s), key="judge") for i, s in enumerate(says)]
    cells += [cell(f"r{i}", bool(t), key="other") for i, t in enumerate(truth)]
    infos = [EvaluatorInfo(name="judge", kind="judge"), EvaluatorInfo(name="other")]
    return results(rows, cells, infos=infos), truth, says


def test_half_of_a_mixed_queue_is_hard_and_weights_add_up_to_all_runs():
    given, truth, says = judged()
    metric = labelled_metric([given], "judge")
    picks = choose(metric, 80)
    assert len({each.run_id for each in picks}) == 80
    assert sum(each.weight for each in picks) == pytest.approx(600)
    wrong = {f"r{i}" for i in np.flatnonzero(truth != says)}
    hard = [each for each in picks if each.weight == 1.0]
    assert sum(each.run_id in wrong for each in hard) == 40
    assert choose(metric, 80) == picks
    assert choose(metric, 80, seed=1) != picks
    only = choose(metric, 30, "disagreement")
    assert {each.weight for each in only} == {None}
    assert all(each.run_id in wrong for each in only)


def test_a_weighted_sample_speaks_for_all_runs():
    """Agreement of all runs lies in the interval at its level; unweighted it never does."""
    given, truth, says = judged()
    whole = float((truth == says).mean())
    metric = labelled_metric([given], "judge")
    held, plain = 0, 0
    for seed in range(200):
        picks = choose(metric, 100, seed=seed)
        place = [int(each.run_id[1:]) for each in picks]
        right = (truth == says)[place].astype(float)
        weights = np.array([each.weight for each in picks])
        figure = weighted_figure(share(right, weights, np.arange(100)), 0.95)
        held += figure.low <= whole <= figure.high
        plain += abs(right.mean() - whole) < 0.1
    assert held >= 184  # 92 %
    assert plain == 0


def test_agree_weighs_and_says_so():
    given, truth, says = judged()
    picks = choose(labelled_metric([given], "judge"), 200)
    labels = [
        Label(value=str(int(truth[int(p.run_id[1:])])), run_id=p.run_id, weight=p.weight, rater="a")
        for p in picks
    ]
    found = agree(given, labels, "judge")
    assert found.weighted
    assert found.n == 200
    assert found.agreement.low < float((truth == says).mean()) < found.agreement.high
    assert found.corrected_rate.low < truth.mean() < found.corrected_rate.high
    assert found.kappa.low < found.kappa.value < found.kappa.high
    assert sum(map(sum, found.confusion)) == 200
    equal = [Label(each.value, run_id=each.run_id, weight=3.0) for each in labels]
    plain = [Label(each.value, run_id=each.run_id) for each in labels]
    assert agree(given, equal, "judge").agreement == agree(given, plain, "judge").agreement


def test_numbers_are_hard_near_their_threshold():
    rows = [run(f"r{i}", f"e{i}") for i in range(40)]
    cells = [cell(f"r{i}", i / 40, key="near") for i in range(40)]
    infos = [EvaluatorInfo(name="near", threshold=0.5, range=(0.0, 2.0), score_kind="number")]
    metric = labelled_metric([results(rows, cells, infos=infos)], "near")
    hard = {each.run_id for each in choose(metric, 5, "uncertainty")}
    assert hard == {"r18", "r19", "r20", "r21", "r22"}
    assert [each.text for each in choices_of(metric)] == ["Pass", "Fail", "Cannot say"]


def test_the_buttons_are_the_words_of_the_score():
    def of(values, **info):
        rows = [run(f"r{i}", f"e{i}") for i in range(len(values))]
        cells = [
            cell(f"r{i}", value=v, key="m") if isinstance(v, str) else cell(f"r{i}", v, key="m")
            for i, v in enumerate(values)
        ]
        given = results(rows, cells, infos=[EvaluatorInfo(name="m", **info)])
        return [each.text for each in choices_of(labelled_metric([given], "m"))]

    assert of([True, False]) == ["Pass", "Fail", "Cannot say"]
    assert of([True, False], direction="lower") == ["Yes", "No", "Cannot say"]
    assert of(["red", "blue", "unsure"]) == ["blue", "red", "Cannot say"]
    assert of([1.0, 3.0, 2.0]) == ["1", "2", "3", "Cannot say"]
    with pytest.raises(ConfigError, match="a number without a threshold"):
        of([n * 1.5 for n in range(12)])
    with pytest.raises(ConfigError, match="has 9 categories"):
        of([f"c{n}" for n in range(9)])


def test_a_metric_nobody_scored_needs_words():
    given, _, _ = judged(30)
    with pytest.raises(ConfigError, match=r"label: .* 'judgee' .*Did you mean 'judge'"):
        labelled_metric([given], "judgee")
    metric = labelled_metric([given], "new", unscored=True)
    assert len(choose(metric, 100)) == 30
    assert [each.text for each in choices_of(metric, ["good", "bad"])][:2] == ["good", "bad"]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 60), st.integers(0, 10**6)
)
def test_runs_are_drawn_with_exactly_their_chances(hardness, size, seed):
    size = min(size, len(hardness))
    chance = draw_chances(np.array(hardness), size)
    assert chance.sum() == pytest.approx(size)
    assert (chance > 0).all()
    assert (chance <= 1).all()
    assert (np.diff(chance[np.argsort(hardness, kind="stable")]) >= -1e-12).all()
    starts = (np.arange(500) + seed / 10**6) / 500
    seen = np.zeros(len(chance))
    for start in starts:
        places = drawn(chance, start)
        assert len(places) == size
        seen[places] += 1
    assert np.abs(seen / len(starts) - chance).max() <= 0.01


def test_a_rate_of_all_labels_is_people_s_and_its_interval_that_of_the_runs():
    people = np.array([1.0, 0, 1, 1] * 25)
    said = 1 - people  # an evaluator that is always wrong is followed in nothing
    figure = powered_rate(cluster_sums(said, None), said, people, np.ones(100), np.arange(100))
    assert figure.value == pytest.approx(0.75)
    assert figure.low < 0.75 - 1.96 * np.sqrt(0.75 * 0.25 / 100)
    few = powered_rate(cluster_sums(said, None), said[:1], people[:1], np.ones(1), np.zeros(1))
    assert (few.value, few.method) == (None, "none: too few labels")


def tight(n=400, size=60):
    """Return results of a judge that errs on runs another score contradicts, and people's words."""
    dice = np.random.default_rng(8)
    runs, cells, good = [], [], {}
    for i in range(n):
        hard = i % 5 == 0
        good[f"r{i}"] = truth = bool(dice.random() < 0.7)
        said = truth != (dice.random() < (0.4 if hard else 0.01))
        runs.append(run(f"r{i}", f"e{i}"))
        cells.append(cell(f"r{i}", said))
        cells.append(cell(f"r{i}", said != hard, key="other", evaluator="other"))
    found = results(runs, cells, name="exp")
    return found, good, choose(labelled_metric([found], "ok"), size, "tightest", 3)


def test_the_tightest_queue_labels_the_hard_runs_more_often_and_weighs_them_less():
    _, _, picks = tight()
    assert len({each.run_id for each in picks}) == 60
    weights = {each.run_id: each.weight for each in picks}
    hard = [w for run_id, w in weights.items() if int(run_id[1:]) % 5 == 0]
    assert 18 <= len(hard) <= 30  # of 12 that chance alone would bring
    assert max(hard) < min(set(weights.values()) - set(hard))
    assert sum(weights.values()) == pytest.approx(400, rel=0.25)


def test_agree_uses_the_chances_that_runs_were_drawn_with():
    found, good, picks = tight()
    truth = sum(good.values()) / len(good)

    def labels(**more):
        return [
            Label("1" if good[p.run_id] else "0", p.run_id, weight=p.weight, **more) for p in picks
        ]

    active = agree(found, labels(drawn="tightest"), "ok").corrected_rate
    plain = agree(found, labels(), "ok").corrected_rate
    assert active.method == "prediction-powered, active"
    assert plain.method.startswith("rogan-gladen")
    assert active.low < truth < active.high
    assert active.high - active.low < plain.high - plain.low
    blind = [Label(each.value, each.run_id, weight=1.0, drawn="tightest") for each in labels()]
    assert agree(found, blind, "ok").corrected_rate.value != pytest.approx(active.value)
