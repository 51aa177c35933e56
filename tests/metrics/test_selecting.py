"""Which runs a page lists and holds whole: by rule, then by a seed of the content alone."""

import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from report_world import EVALUATORS, make_examples, make_results, make_run, stored

from evalkit.metrics.columns.reading import Said, read_cells
from evalkit.metrics.selecting import chosen as rule
from evalkit.metrics.selecting.chosen import FAILING, NAMED, REST, SLOW, WRONG, choose, everything
from evalkit.metrics.selecting.ordered import ordered
from evalkit.metrics.selecting.scored import MISSING, Cells, Owners, Scored, read
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.kept.seal import hash_of, hash_of_list
from evalkit.model.scales.said import are_grades, number_of


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("world"), examples=40, repetitions=3)


def every_of(results):
    summaries = [summarise(one) for one in results]
    every = everything(results, None)
    return replace(every, scored=read(results, summaries, every.sizes))


def ids_of(results, chosen, which):
    """The (experiment, run) pairs of what was chosen."""
    names = [(one.experiment, run.run_id) for one in results for run in one.runs()]
    return {names[place] for place in chosen.listed[which].tolist()}


REGRESSED = ["ex-003", "ex-004", "ex-020"]


@pytest.mark.parametrize("most", [1, 30, 100, 239, 240, 1000, None])
def test_first_come_the_groups_in_order(world, most):
    every = every_of(world)
    chosen = choose(every, world, most, REGRESSED, REGRESSED[:1])
    assert chosen.total == len(chosen.listed) == 240
    assert chosen.n == min(most or 240, 240)
    assert not chosen.partial
    groups = np.minimum(chosen.groups, REST)
    left = groups[~chosen.whole]
    assert not len(left) or groups[chosen.whole].max() <= left.min()


def test_each_group_is_what_it_says(world):
    every = every_of(world)
    groups = rule.groups_of(every, REGRESSED, REGRESSED[:1])
    runs = [run for one in world for run in one.runs()]
    failing = every.failing
    broken = {
        (one.experiment, cell["run_id"])
        for one in world
        for cell in one.table("cells").to_pylist()
        if cell["outcome"] == "evaluator_error"
    }
    slowest = sorted((run.latency for run in runs if run.latency), reverse=True)
    names = [one.experiment for one in world for _ in one.runs()]
    for place, (run, group) in enumerate(zip(runs, groups, strict=True)):
        wrong = run.outcome != "success" or (names[place], run.run_id) in broken
        right = (
            NAMED if run.example_id == REGRESSED[0]
            else WRONG if wrong or run.example_id in REGRESSED
            else FAILING if failing[place]
            else SLOW if run.latency is not None and run.latency >= slowest[2]
            else REST
        )  # fmt: skip
        assert group == right
    assert {NAMED, WRONG, FAILING, REST} <= set(groups.tolist())


def test_alone_the_runs_with_most_failing_scores_are_named(world):
    every = every_of(world[:1])
    groups = rule.groups_of(every, (), None)
    failing = every.failing
    assert (groups == NAMED).sum() == rule.WORST
    assert failing[groups == NAMED].min() >= failing[groups != NAMED].max()


def test_order_and_parts_of_the_store_do_not_matter_and_content_does(tmp_path):
    rng = random.Random(3)
    runs = [make_run("one", n, r, rng, 0.6) for n in range(30) for r in range(2)]
    found = []
    for folder, order in (("a", runs), ("b", runs[::-1]), ("c", runs[:-1])):
        results = [stored(tmp_path / folder, "one", order, make_examples(30))]
        chosen = choose(every_of(results), results, 40, (), ())
        found.append((chosen.seed, ids_of(results, chosen, chosen.whole)))
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]


def test_chance_takes_the_same_example_and_repetition_everywhere(world):
    every = every_of(world)
    groups = rule.groups_of(every, (), ())
    most = int((groups < REST).sum() + (groups == REST).sum() // 2)
    chosen = choose(every, world, most, (), ())
    rest = {
        place: bool(whole)
        for place, whole, group in zip(chosen.listed, chosen.whole, chosen.groups, strict=True)
        if group >= REST
    }
    pairs = [(rest[at], rest[at + 120]) for at in range(120) if {at, at + 120} <= rest.keys()]
    assert any(one for one, _ in pairs)
    assert not all(one for one, _ in pairs)
    assert sum(one != other for one, other in pairs) <= 1  # where the last place falls between


def test_another_seed_takes_others(world, monkeypatch):
    every, found = every_of(world), []
    most = int((rule.groups_of(every, (), ()) < REST).sum()) + 20
    for seed in ("00000000", "00000001"):
        monkeypatch.setattr(rule, "seed_of", lambda _, seed=seed: seed)
        chosen = choose(every, world, most, (), ())
        found.append(ids_of(world, chosen, chosen.whole))
    assert found[0] != found[1]


@pytest.mark.parametrize("listed", [20, 60, 239])
def test_a_list_holds_whole_examples(world, monkeypatch, listed):
    monkeypatch.setattr(rule, "LISTED", listed)
    every = every_of(world)
    chosen = choose(every, world, 10, REGRESSED, REGRESSED[:1])
    assert chosen.partial
    assert listed - 6 < len(chosen.listed) <= listed
    assert chosen.n == 10
    sizes = np.bincount(every.examples[chosen.listed], minlength=40)
    assert set(sizes.tolist()) == {0, 6}
    assert {NAMED, WRONG} >= set(chosen.groups[chosen.whole].tolist())


def test_an_example_too_large_for_a_list_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(rule, "LISTED", 5)
    results = make_results(tmp_path, examples=1, repetitions=9, names=("one",))
    chosen = choose(every_of(results), results, 2, (), None)
    assert (len(chosen.listed), chosen.n, chosen.total) == (5, 2, 9)


class Plainly:
    """The scores of every run, cell by cell."""

    def __init__(self, results, name, score):
        self.outcomes, self.values, self.words, texts = {}, {}, {}, []
        for run in results.runs():
            self.outcomes[run.run_id], self.values[run.run_id] = "missing", []
        owners = Owners(summarise(results))
        for cell in results.table("cells").to_pylist():
            run = cell["run_id"]
            if run is None or name not in owners.names(cell["evaluator"], cell["key"]):
                continue
            if cell["outcome"] == "scored" or self.outcomes[run] == "missing":
                self.outcomes[run] = cell["outcome"]
            if cell["outcome"] == "scored" and cell["score"] is not None:
                self._count(run, cell["score"], score)
            elif cell["outcome"] == "scored":
                self.words[run] = cell["value"].strip('"')
                texts.append((run, self.words[run]))
        letters = are_grades(text for _, text in texts)
        for run, text in texts:
            if (number := number_of(text, letters=letters)) is not None:
                self._count(run, float(number), score)

    def _count(self, run, number, score):
        if score.range is None or score.range[0] <= number <= score.range[1]:
            self.values[run].append(number)


def grade(outputs) -> str | None:
    """Words that are grades, and one that is none."""
    answer = (outputs or {}).get("answer", "")
    return None if not answer else "ABC?"[len(answer) % 4]


def mood(outputs) -> str:
    return ["kind", "curt"][len(str(outputs)) % 2]


def test_scores_are_those_of_the_cells(tmp_path):
    rng = random.Random(5)
    runs = [make_run("one", n, r, rng, 0.6) for n in range(25) for r in range(2)]
    results = stored(tmp_path, "one", runs, make_examples(25), (*EVALUATORS, grade, mood))
    summary = summarise(results)
    found = {each.name: each for each in read([results], [summary], [50])}
    assert len(found) >= len(EVALUATORS) + 2
    assert read_cells(results).n > 300
    ids = [run.run_id for run in results.runs()]
    for name, scored in found.items():
        plain = Plainly(results, name, summary.scores[name])
        values, words = scored.of(np.arange(50))
        for place, run in enumerate(ids):
            assert scored.outcomes[place] == rule_code(plain.outcomes[run])
            if scored.type == "category":
                there = None if values[place] is None else words[int(values[place])]
                assert there == plain.words.get(run)
            else:
                own = plain.values[run]
                right = sum(own) / len(own) if own else None
                assert values[place] == pytest.approx(right) if own else values[place] is None


def rule_code(outcome):
    from evalkit.model.score import CELL_OUTCOMES

    return CELL_OUTCOMES.index(outcome)


def test_what_a_run_was_first_said_to_be_stays_whatever_comes_later(world):
    scored = Scored("correct", summarise(world[0]).scores["correct"], 3)
    for outcomes in ([0, 2, MISSING], [2, 3, 2], [3, 0, 3]):
        scores = np.where(np.array(outcomes) == 0, 1.0, np.nan)
        given = (np.arange(3), np.arange(3), np.array(outcomes), scores)
        scored.add(Cells(*given, Said(None)))
    assert scored.outcomes.tolist() == [0, 0, 2]


@pytest.mark.parametrize("size", [0, 1, 4096, 10_000])
@pytest.mark.parametrize("begin", ["é", "", '"', "\\", "\n", "\x7f", "], ["])
def test_a_hash_of_many_rows_is_that_of_the_sorted_list(size, begin):
    pairs = [(f"{begin if n % 3 else ''}{n * 7919 % 10_007}", str(n)) for n in range(size)]
    table = pa.table([[a for a, _ in pairs], [b for _, b in pairs]], names=["a", "b"])
    assert hash_of_list(ordered(table, ["a", "b"])) == hash_of(sorted(pairs))


@pytest.mark.parametrize(
    "rows",
    [
        [("a", None), ("b", "c")],
        [("a", 1.5)],
        [(), ("a",)],
        [("a",), ()],
        ["ab", "cd"],
        [["a", "b"]],
        [("a", '","'), ("b", "")],
        [("",)],
        [(), ('", "',)],
    ],
)
def test_a_hash_of_odd_rows_is_that_of_the_list(rows):
    assert hash_of_list(rows) == hash_of(rows)
