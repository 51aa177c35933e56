"""What a score is: declared or decided once, and how its words are read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_tables import cell, results, run

from evalkit.metrics.columns.reading import read_cells
from evalkit.metrics.columns.scores import decided
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.lookup import unread_text
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.scales.said import are_grades, number_of, plainly
from evalkit.model.scales.scale import Scale
from evalkit.model.score import EvaluatorInfo

WORDS = ["true", "False", "yes", "no", "0.7", "3", "unsure", "C", "I", "P", "N", "A", "nan", ""]


def said(values, name="exp", source="evaluator", **info):
    """Results of one score `ok` with these values, one run each; text is a word."""
    cells = [
        cell(f"{name}{i}", *(() if isinstance(v, str) else (v,)), source=source)
        | ({"value": f'"{v}"', "outcome": "scored"} if isinstance(v, str) else {})
        for i, v in enumerate(values)
    ]
    runs = [run(f"{name}{i}", f"e{i}") for i in range(len(values))]
    infos = [EvaluatorInfo(name="ok", **info)] if source == "evaluator" else []
    return results(runs, cells, infos=infos, name=name)


def score_of(values, scores=None, **info):
    return summarise(said(values, **info), scores=scores).scores["ok"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((word, True) for word in ("true", "True", " YES ", "y", "pass", "Passed", "correct")),
        *((word, False) for word in ("false", "No", "N", "f", "FAIL", "failed", "incorrect")),
        *(("0.7", 0.7), ("1", 1), ("-3", -3), ("+2.", 2.0), (".5", 0.5), ("1e3", 1000.0)),
        *((word, None) for word in ("unsure", "", "nan", "inf", "1e999", "1_000", "1,5", "70%")),
        *((word, None) for word in ("C", "P", "I", "A", "4/5", "\u0663", "0x1", "9" * 50)),
    ],
)
def test_words_are_read_one_way(text, number):
    found = number_of(text)
    assert found == number
    assert type(found) is type(number)


def test_letters_are_grades_only_where_one_tells_it():
    assert are_grades(["C", "I", "P", "N", "unsure"])
    assert are_grades(["C"])
    assert not are_grades(["P", "N"])  # positive, negative
    assert not are_grades(["A", "B", "C"])  # options
    assert not are_grades([])
    assert [number_of(letter, letters=True) for letter in "CPIN"] == [1.0, 0.5, 0.0, 0.0]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_plainly_is_read_back(number):
    assert number_of(plainly(number)) in (number, None)  # None: longer than any number people write
    if abs(number) < 1e15:
        assert number_of(plainly(number)) == number


@pytest.mark.parametrize(
    ("values", "info", "kind", "mean", "unread"),
    [
        ([1, 1, 1], {"range": (1, 5)}, "number", 1.0, 0),
        ([1, 1, 1], {"score_kind": "number"}, "number", 1.0, 0),
        ([1, 0, 0.5], {}, "rate", 0.5, 0),
        ([1, 0, 1, 0], {}, "rate", 0.5, 0),
        ([0.25, 0.75], {"range": (0, 1)}, "rate", 0.5, 0),
        ([0.25, 0.75], {"range": (0, 1), "score_kind": "number"}, "number", 0.5, 0),
        ([0, 1, 2], {}, "number", 1.0, 0),
        ([True, "true", "False", 1], {}, "rate", 0.75, 0),
        (["yes", "no", "1.0", "0"], {}, "rate", 0.5, 0),
        (["C", "I", "P", "N"], {}, "rate", 0.375, 0),
        (["P", "N", "P"], {}, "category", None, 0),
        (["A", "B", "C"], {}, "category", None, 0),
        (["yes", "no", "unsure"], {}, "category", None, 0),
        (["yes", "no", "unsure"], {"score_kind": "share"}, "rate", 0.5, 1),
        ([True, "unsure"], {}, "rate", 1.0, 1),
        ([True, 1, "yes"], {"score_kind": "category"}, "category", None, 0),
        ([4, True, "yes", "5", 7], {"range": (1, 5)}, "number", 4.5, 3),
        ([1, 0, 3], {"score_kind": "share"}, "rate", 0.5, 1),
        ([1.0 + 1e-9, 0], {"range": (0, 1)}, "rate", 0.5, 0),
        ([], {}, "none", None, 0),
    ],
)
def test_kinds(values, info, kind, mean, unread):
    found = summarise(said([*values, None], **info)).scores["ok"]
    assert (found.type, found.unread) == (kind, unread)
    assert found.mean == (None if mean is None else pytest.approx(mean))
    numbers = len(values) - unread
    assert found.n == (len(values) if kind == "category" else numbers)


def test_categories_keep_every_value_and_numbers_name_what_they_leave_out():
    words = score_of([True, 1, "yes", 0.5], score_kind="category")
    assert words.categories == {"0.5": 1, "1": 1, "true": 1, "yes": 1}
    left_out = score_of([True, False, "unsure", "unsure"])
    assert left_out.categories == {"unsure": 2}
    assert left_out.category_rates["unsure"].rate == 0.5
    assert left_out.bounds == (0.25, 0.75)
    assert "2 of 4 scores cannot be read as a share ('unsure' 2)" in unread_text(left_out)


def test_the_evaluator_comes_before_the_configuration_and_that_before_values():
    scale = Scale(kind="number", range=(0, 10), direction="lower", unit="points", threshold=3)
    found = score_of([1, 0], scores={"ok": scale}, source="recorded")
    assert (found.type, found.range, found.direction) == ("number", (0, 10), "lower")
    assert (found.unit, found.declared) == ("points", "configuration")
    assert found.passed.rate == 1.0
    own = score_of([1, 0], scores={"ok": scale}, score_kind="share", direction=None)
    assert (own.type, own.direction, own.declared) == ("rate", None, "evaluator")
    assert score_of([1, 0], source="recorded").declared == "values"


def test_lower_turns_what_passes_round():
    rules = ["ok.pass_rate >= 90%", "ok.pass^1 >= 90%"]
    for values, holds in (([1] * 19 + [0], False), ([0] * 19 + [1], True)):
        scores = {"ok": Scale(direction="lower")}
        summary = summarise(said(values, source="recorded"), scores=scores, reducers=["pass^1"])
        assert [each.passed for each in check(list(map(parse, rules)), summary)] == [holds] * 2


@pytest.mark.parametrize("rule", ["ok >= 80%", "ok.pass_rate >= 10%", "ok.low >= 0 points"])
def test_percent_of_a_number_is_missed_with_the_reason(rule):
    summary = summarise(said([1, 1, 4], range=(1, 5)))
    (found,) = check([parse(rule)], summary)
    assert found.passed is False
    said_so = ("says nothing", "declare a threshold", "goes from 1 to 5")
    assert any(words in found.why for words in said_so)


@pytest.mark.parametrize(
    "rule",
    [
        *("ok >= 0.5", "ok.low >= 0", "ok.pass_rate >= 0.5", "ok >= 0 for every example"),
        *("ok >= baseline", "ok not worse than baseline by 0.5"),
        "ok proven not worse than baseline by 1",
    ],
)
@pytest.mark.parametrize("unreadable", ["candidate", "baseline"])
def test_a_gate_on_what_cannot_be_read_is_missed(rule, unreadable):
    whole, parted = [True] * 20, [True] * 10 + ["unsure"] * 10
    one = said(parted if unreadable == "baseline" else whole, "one")
    two = said(parted if unreadable == "candidate" else whole, "two")
    comparison = compare([one, two], bootstrap=False)
    for baseline, pairs in ((None, comparison), (summarise(one), None)):
        (found,) = check([parse(rule)], summarise(two, beside=[one]), pairs, baseline)
        about = "baseline" in rule or unreadable == "candidate"
        assert found.passed is not about
        assert not about or "cannot be read" in found.why


def test_a_saved_baseline_has_its_say():
    from evalkit.metrics.columns.scores import decided

    saved = summarise(said([1, 2, 5], "old")).scores
    now = said([1, 1, 0], "now")
    cells = [(read_cells(now), now.evaluators)]
    assert decided(cells, {})["ok"].kind == "share"
    assert decided(cells, {}, [saved])["ok"].kind == "number"


VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([0.0, 0.5, 1.0, 0.25, 3.5]),
    st.sampled_from(WORDS),
)
MIXES = st.lists(VALUES, min_size=1, max_size=12)
INFOS = st.sampled_from(
    [{}, {}, {"range": (0, 1)}, {"range": (1, 5)}, {"score_kind": "share"}, {"threshold": 0.5}]
)


@settings(deadline=None, max_examples=150)
@given(MIXES, MIXES, INFOS, st.data())
def test_one_more_run_with_a_value_seen_before_changes_nothing_elsewhere(mine, theirs, info, data):
    """Kind, figures and verdicts are the same: what a score is does not hang on how many."""
    first, second = said(mine, "first", **info), said(theirs, "second", **info)
    again = data.draw(st.sampled_from([*mine, *theirs]))
    third = data.draw(st.lists(st.sampled_from([*mine, *theirs]), max_size=4))
    before, after = said(third, "third", **info), said([*third, again], "third", **info)
    rules = [parse("ok >= 0.5"), parse("ok.pass_rate >= 0.5"), parse("ok >= baseline")]
    seen = []
    for other in (before, after):
        everything = [first, second, other]
        decisions = decided([(read_cells(each), each.evaluators) for each in everything], {})
        summary = summarise(second, decisions=decisions, reducers=["pass^1"])
        comparison = compare([first, second], decisions=decisions, bootstrap=False)
        gates = check(rules, summary, comparison)
        documents = [summary.to_dict(), comparison.to_dict(), [each.to_dict() for each in gates]]
        seen.append(documents)
    assert seen[0] == seen[1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0, 1]), min_size=12, max_size=40), st.integers(0, 39))
def test_a_single_half_changes_no_unit_and_no_margin(values, at):
    mixed = [*values]
    mixed[at % len(values)] = 0.5
    base, tie, other = said(values, "base"), said(mixed, "tie"), said(values[::-1], "other")
    for pair in ((base, other), (tie, other), (other, tie)):
        (found,) = [d for d in compare(pair).candidates[0].differences if d.metric == "ok"]
        assert (found.unit, found.margin) == ("share", 0.03)
