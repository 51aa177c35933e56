"""Several judges: majority, median, ties, failures; pairs in both orders; probes for bias."""

import asyncio
import re
from typing import Any

import pytest
from judge_server import fault, serving, verdict

from evalkit.evaluators.judge import session
from evalkit.evaluators.judge.asking.errors import JudgeError
from evalkit.evaluators.judge.judge import judge
from evalkit.evaluators.judge.pairwise import pairwise
from evalkit.evaluators.judge.panel import panel
from evalkit.evaluators.judge.probe import FILLER, padded, probe_length, probe_position
from evalkit.model.score import Score
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.side_by_side import judge_all
from evalkit.testing import make_example, make_run

PROMPT = "{{ outputs.answer }} is good?"


@pytest.fixture(autouse=True)
def own_session() -> Any:
    session.configure(None)
    yield
    session.configure(None)


def by_model(said: dict[str, Any]) -> Any:
    """Answer each model in its own way; an int is an HTTP status."""

    def answer(body: dict[str, Any]) -> Any:
        what = said[body["model"]]
        return fault(what, "no") if isinstance(what, int) and what >= 400 else verdict(what)

    return answer


def panel_says(said: dict[str, Any], *, rule: str = "majority", scale: Any = "pass_fail") -> Score:
    with serving(by_model(said)) as server:
        members = [
            judge(name, model=name, prompt=PROMPT, base_url=server.url, scale=scale, price=[1, 1])
            for name in said
        ]
        made = as_evaluator(panel("together", members, rule=rule))
        run = make_run(outputs={"answer": "x"})
        (score,) = made.scores(asyncio.run(made.invoke(run, None)))
    return score


@pytest.mark.parametrize(
    ("said", "rule", "expected"),
    [
        (["pass", "pass", "fail"], "majority", True),
        (["pass", "fail", "fail"], "majority", False),
        (["pass", "fail"], "majority", None),
        (["pass", "pass", "fail"], "unanimous", None),
        (["pass", "pass", "pass"], "unanimous", True),
        (["pass", "pass", 404], "majority", True),
    ],
)
def test_verdicts_are_counted(said: list[Any], rule: str, expected: Any) -> None:
    score = panel_says(dict(zip("abc", said, strict=False)), rule=rule)
    assert score.score is expected
    assert score.key == "together"


def test_numbers_give_their_median_and_categories_the_commonest() -> None:
    assert panel_says({"a": 1, "b": 4, "c": 5}, scale=[1, 5]).score == 4
    score = panel_says({"a": "x", "b": "y", "c": "x"}, scale=["x", "y", "z"])
    assert (score.value, score.metadata["agreement"]) == ("x", 2 / 3)


def test_the_votes_and_the_accounts_are_kept() -> None:
    score = panel_says({"a": "pass", "b": "fail", "c": "pass"})
    assert score.metadata["votes"] == {"a": True, "b": False, "c": True}
    assert score.metadata["judge"]["calls"] == 3
    assert score.metadata["judge"]["cost"] == pytest.approx(3 * 120e-6)


def test_half_of_the_judges_is_no_panel() -> None:
    with pytest.raises(JudgeError, match=r"only 1 of 3 judges answered.*b: .*404"):
        panel_says({"a": "pass", "b": 404, "c": 404})


def test_one_judge_is_no_panel() -> None:
    with pytest.raises(JudgeError, match="two judges"):
        panel("alone", [judge("a", model="a", prompt=PROMPT)])


def test_any_setting_of_any_judge_changes_the_version() -> None:
    def version(**settings: Any) -> Any:
        members = [judge(n, model=n, prompt=PROMPT, **settings) for n in "ab"]
        return as_evaluator(panel("p", members)).version

    assert version() == version()
    assert len({version(), version(temperature=1.0), version(scale=[1, 5])}) == 3


# Pairs: the judge sees "1: <data>...</data>" and so on.

PAIR = "{% for each in outputs %}{{ loop.index }}: {{ each.answer }}\n{% endfor %}Which is best?"


def shown(body: dict[str, Any]) -> list[str]:
    return re.findall(r"<data-\w+>(.*?)</data-\w+>", body["messages"][1]["content"])


def longest(body: dict[str, Any]) -> Any:
    answers = shown(body)
    best = max(range(len(answers)), key=lambda i: len(answers[i]))
    tied = len({len(each) for each in answers}) == 1
    return verdict("tie" if tied else str(best + 1))


def groups(*answers: dict[str, str]) -> list[Any]:
    return [
        (
            make_example(example_id=f"e{n}"),
            {
                name: [make_run(run_id=f"{name}-{n}", outputs={"answer": text})]
                for name, text in row.items()
            },
        )
        for n, row in enumerate(answers)
    ]


def test_the_best_answer_gets_one_wherever_it_is_shown() -> None:
    rows = groups({"a": "short", "b": "a longer one"}, {"a": "same", "b": "size"})
    with serving(longest) as server:
        made = pairwise("best", model="m", prompt=PAIR, base_url=server.url)
        said = list(judge_all([as_evaluator(made)], rows))
    assert [dict(each.scores) for each in said[:2]] == [{"a": 0.0, "b": 1.0}] * 2
    assert [dict(each.scores) for each in said[2:]] == [{"a": 0.5, "b": 0.5}] * 2
    assert {each.order for each in said[:2]} == {("a", "b"), ("b", "a")}


def test_a_judge_that_reads_is_consistent_and_one_that_takes_the_first_is_not() -> None:
    rows = groups(*({"a": "x" * n, "b": "y" * (n + 1)} for n in range(6)))
    with serving(longest) as server:
        made = pairwise("best", model="m", prompt=PAIR, base_url=server.url)
        fair = probe_position(made, rows)
    assert (fair.n, fair.consistent, fair.first, fair.last) == (6, 6, 0, 0)
    with serving(verdict("1")) as server:
        made = pairwise("best", model="n", prompt=PAIR, base_url=server.url)
        first = probe_position(made, rows)
    assert (first.n, first.consistent, first.first, first.consistency) == (6, 0, 6, 0.0)
    assert probe_position(made, []).consistency is None


def by_length(body: dict[str, Any]) -> Any:
    return verdict(min(5, 1 + len(shown(body)[0]) // 100))


def test_a_judge_that_likes_length_is_found_out() -> None:
    pairs = [(make_run(outputs={"answer": "x" * n}), None) for n in (10, 60, 110)]
    pairs.append((make_run(outputs={"n": 1}), None))
    with serving(by_length) as server:
        made = judge("g", model="m", prompt=PROMPT, base_url=server.url, scale=[1, 5])
        bias = probe_length(made, pairs)
    assert (bias.n, bias.raised, bias.lowered) == (3, 3, 0)
    assert bias.mean_change is not None
    assert bias.mean_change > 0.5
    with serving(verdict(3)) as server:
        made = judge("g", model="k", prompt=PROMPT, base_url=server.url, scale=[1, 5])
        assert probe_length(made, pairs).mean_change == 0


def test_padding_changes_the_answer_and_nothing_else() -> None:
    run = make_run(run_id="r", outputs={"answer": "x", "n": 1})
    longer = padded(run)
    assert longer is not None
    assert longer.outputs == {"answer": "x" + FILLER, "n": 1}
    assert (longer.run_id, longer.latency, run.outputs["answer"]) == ("r", run.latency, "x")
    assert padded(make_run(outputs=None)) is None
