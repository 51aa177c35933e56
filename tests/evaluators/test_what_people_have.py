"""Built-in evaluators on what people have: other orders, scripts, units, wrappers, polling."""

from itertools import permutations
from typing import Any

import pytest

from evalkit.evaluators.behaviour.loops import no_loops, no_repeated_calls
from evalkit.evaluators.matching import same
from evalkit.evaluators.numeric import numeric_match
from evalkit.evaluators.quantity import quantity_of
from evalkit.evaluators.retrieval.at_k import retrieval_ndcg, retrieval_recall
from evalkit.evaluators.retrieval.quotes import citations_exist, quotes_are_verbatim
from evalkit.evaluators.structure.json_match import json_match
from evalkit.evaluators.structure.json_schema import json_schema_valid
from evalkit.evaluators.text import contains, normalised_match, regex_match
from evalkit.evaluators.tokens import normalise, words
from evalkit.evaluators.trajectory.score import trajectory_credit, trajectory_match
from evalkit.testing import make_run, make_step, retrieval, tool


def lcs(a: str, b: str) -> int:
    """By the definition: the longest of all subsequences that both have."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + lcs(a[1:], b[1:])
    return max(lcs(a[1:], b), lcs(a, b[1:]))


ORDERS = [(want, "".join(p)) for want in ("ab", "abc", "abcd") for p in permutations(want)]
WITH_EXTRAS = [("ab", "bxa"), ("abab", "ba"), ("aab", "abb"), ("abc", ""), ("abcd", "xaxcxd")]


@pytest.mark.parametrize(("want", "got"), ORDERS + WITH_EXTRAS)
def test_recall_precision_and_f1_are_those_of_the_longest_common_subsequence(
    want: str, got: str
) -> None:
    assert len(ORDERS) == 32
    run, common = make_run(steps=[tool(name) for name in got]), lcs(want, got)
    wanted = {
        "recall": common / len(want),
        "precision": common / len(got) if got else 1.0,
        "f1": 2 * common / (len(want) + len(got)),
    }
    for figure, value in wanted.items():
        score = trajectory_credit(run, {"trajectory": list(want)}, figure=figure)
        assert score.score == pytest.approx(value), figure


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("A", "", False), ("A", "The", False), ("The", "the", True),
        ("vitamin A", "vitamin", False),
        ("The answer", "answer", True), ("+", "-", False), ("?!", "?!", True), (".", "", False),
        ("\u0926\u093f\u0928", "\u0926\u0940\u0928", False),  # Hindi: day, poor
        ("\u0915\u0932", "\u0915\u093e\u0932", False),  # Hindi: yesterday, time
        ("\u0e19\u0e49\u0e33", "\u0e19\u0e32", False),  # Thai: water, field
        ("\u09a6\u09bf\u09a8", "\u09a6\u09c0\u09a8", False),  # Bengali
        ("\u0b95\u0bbf\u0bb3\u0bbf", "\u0b95\u0bb3\u0bbf", False),  # Tamil: parrot, joy
        ("caf\u00e9", "cafe\u0301", True), ("\ufb01n", "fin", True),
        ("\uff21\uff22\uff11", "ab1", True),
        ("co\u00adoperate", "cooperate", True), ("don\u2019t", "don't", True),
        ("non\u2011stop", "non-stop", True), ("5\u202f000", "5 000", True),
        ("Stra\u00dfe", "STRASSE", True),
    ],
)  # fmt: skip
def test_the_normal_form_tells_different_words_apart(one: str, other: str, equal: bool) -> None:
    assert (normalise(one) == normalise(other)) is equal


def test_words_of_scripts_without_spaces() -> None:
    assert words("\u6211\u7231 Bern") == ["\u6211", "\u7231", "bern"]
    assert words("\u0926\u093f\u0928 \u0926\u0940\u0928") == [
        "\u0926\u093f\u0928",
        "\u0926\u0940\u0928",
    ]


@pytest.mark.parametrize("reference", ["", "  ", "\n", {"answer": ""}])
def test_an_empty_reference_matches_nothing_unless_asked(reference: Any) -> None:
    for evaluator in (contains, normalised_match, regex_match):
        assert evaluator({"answer": "anything"}, reference).score is None
    assert contains({"answer": "x"}, None, words=[""]).score is None
    assert normalised_match({"answer": ""}, reference, empty=True).score is True
    assert normalised_match({"answer": "x"}, reference, empty=True).score is False


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("it\u2019s \u201chere\u201d", "it's \"here\""), ("10\u202f000 \u20ac", "10 000"),
        ("a state\u2011of\u2011the\u2011art", "state-of-the-art"), ("one\u00a0two", "one two"),
    ],
)  # fmt: skip
def test_typesetting_does_not_hide_what_an_answer_contains(answer: str, found: str) -> None:
    assert contains({"answer": answer}, found).score is True
    assert contains({"answer": answer}, found, case_sensitive=True).score is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 000", 10000), ("10\u00a0000", 10000), ("10\u202f000", 10000), ("10\u2009000", 10000),
        ("10'000", 10000), ("10\u2019000.50", 10000.5), ("1_000_000", 1e6), ("1,00,000", 1e5),
        ("1.234.567", 1234567), ("1.234,56", 1234.56), ("1,234.56", 1234.56), ("10.000", 10),
        ("1 234,5", 1234.5), ("2019 300", 300), ("3,5", 5), ("\u0663\u066b\u0665", 3.5),
        ("1.5 lakh", 150000), ("5\u4e07", 50000), ("$2.5m", 2.5e6), ("2.5 m", 2.5),
        ("3.2\u00d710^5", 320000), ("6.02 x 10\u00b2\u00b3", 6.02e23), ("5 m\u00b2", 5),
        ("2 million", 2e6), ("-$5", -5), ("\u22127", -7), ("USD 5", 5), ("\u20b91,50,000", 150000),
        ("5%-10%", 0.1), ("12,5 %", 0.125), ("0,125", 0.125), ("\u20ac2,50", 2.5), ("1,5 km", 1500),
        ("0,5 kg", 0.5), ("2,50 \u20ac", 2.5), ("1,5 Mio", 1.5e6), ("2 Million", 2e6),
        ("10,20,30 kg", 30), ("1,5 monkeys", 5), ("12,345 kg", 12345), ("(1,5)", 5),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    found = quantity_of(text)
    assert found is not None
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        ("The share is 50%", "50", True), ("50%", "0.5", True), ("0.5", "50 %", True),
        ("20", "20%", True), ("3 hours", "3", True), ("3", "3 hours", True), ("$50", "50", True),
        ("50 CHF", "50", True), ("3 kg", 3, True), ("3 kg", "3000 g", True), ("3 kg", "3 m", False),
        ("180", "3 min", False), ("$50", "\u20ac50", False), ("60 km/h", "60 m/s", False),
        ("60 km/h", 60, True), ("5 m\u00b2", "5 m", False), ("12 per cent", "12%", True),
        ("10 000", 10000, True), ("5 \u2030", "0.5%", True),
    ],
)  # fmt: skip
def test_a_reference_without_a_unit_asks_for_none(answer: str, reference: Any, right: bool) -> None:
    assert numeric_match({"answer": answer}, reference).score is right


@pytest.mark.parametrize(
    ("got", "want", "right"),
    [
        (1, True, False), (True, 1, False), (0, False, False), (1.0, True, False), (1, 1.0, True),
        ([1], [True], False), ({"a": {"b": [0]}}, {"a": {"b": [False]}}, False),
        ({"a": {"b": [0.0]}}, {"a": {"b": [0]}}, True), (True, True, True),
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}, True), ("true", True, False),
    ],
)  # fmt: skip
def test_true_is_not_one(got: Any, want: Any, right: bool) -> None:
    assert same(got, want) is right
    assert json_match({"v": got, "w": 2}, {"v": want, "w": 2}).score == (1.0 if right else 0.5)
    run = make_run(steps=[tool("f", {"v": got})])
    reference = {"trajectory": [{"name": "f", "args": {"v": want}}]}
    assert trajectory_match(run, reference).score is right


TEXT = '{"city": "Lyon", "n": 1}'
TABLE = {"city": "Lyon", "n": 1}


@pytest.mark.parametrize(
    ("outputs", "reference"),
    [
        ({"city": "Lyon"}, {"city": "Lyon"}), ({"answer": "Lyon"}, {"answer": "Lyon"}),
        ({"answer": "x", "sources": ["a"]}, {"answer": "x", "sources": ["a"]}),
        ({"answer": TEXT}, {"answer": '{"n": 1,  "city": "Lyon"}'}), ({"answer": TEXT}, TABLE),
        ({"answer": TEXT}, {"answer": TABLE}), (TABLE, {"answer": TABLE}),
        (TABLE, {"expected": TEXT}),
        ({"output": TABLE}, TABLE), (TEXT, TABLE), (f"So:\n```json\n{TEXT}\n```\n", TABLE),
        ({"answer": "5"}, {"answer": "5"}), ({"text": "true"}, {"text": "true"}),
        ({"messages": [], "structured_response": TABLE}, TABLE),
        ({"messages": [{"role": "assistant", "content": TEXT}]}, TABLE),
        ({"answer": TEXT, "model": "m"}, TABLE), ([TABLE], {"answer": [TABLE]}),
    ],
)  # fmt: skip
def test_equal_structured_outputs_are_equal(outputs: Any, reference: Any) -> None:
    assert json_match(outputs, reference).score == 1.0


def test_what_was_unwrapped_is_said() -> None:
    said = json_match({"answer": TEXT}, {"expected": TABLE}).comment
    assert said == "of the output 'answer'; of the reference 'expected'"
    assert json_match(TABLE, TABLE).comment is None


@pytest.mark.parametrize(
    ("outputs", "schema", "valid"),
    [
        ({"city": "Lyon"}, {"type": "object"}, True),
        ({"answer": "x"}, {"required": ["answer"]}, True),
        ({"answer": "5"}, {"properties": {"answer": {"type": "string"}}}, True),
        ({"answer": "5"}, {"type": "integer"}, True), ({"answer": TEXT}, {"required": ["n"]}, True),
        ({"answer": "five"}, {"type": "integer"}, False), (TABLE, {"required": ["m"]}, False),
        ({"e": "a@b.example"}, {"properties": {"e": {"format": "email"}}}, True),
        ({"e": "a b@c"}, {"properties": {"e": {"format": "email"}}}, False),
        ({"e": "@"}, {"properties": {"e": {"format": "email"}}}, False),
    ],
)  # fmt: skip
def test_a_table_is_checked_before_what_it_holds(outputs: Any, schema: Any, valid: bool) -> None:
    assert json_schema_valid(outputs, {}, schema=schema).score is valid


def test_a_format_nobody_can_check_is_named() -> None:
    schema = {"properties": {"a": {"format": "iban"}}}
    assert "iban" in str(json_schema_valid({"a": "x"}, {}, schema=schema).comment)


def calls(*results: Any, name: str = "status") -> list[Any]:
    return [tool(name, {"id": 1}, result) for result in results]


@pytest.mark.parametrize(
    ("steps", "loops", "repeats"),
    [
        (calls("a", "b", "c", "d"), False, False),  # polling, each time another word
        (calls("waits", "waits", "waits", "done"), False, False),
        (calls("x", "y", "y", "y"), True, True),
        (calls("same", "same", "same"), True, True),
        ([tool("page", {"p": n}, "rows") for n in range(5)], False, False),
        ([tool("pay", {}, error="503")] * 4 + [tool("pay", {}, "ok")], False, False),
        ([*calls("1"), tool("wait", {}, "ok")] * 3, True, True),
        ([s for n in range(3) for s in (*calls(n), tool("wait", {}, "ok"))], False, True),
        ([tool("a", {}, {"tool_call_id": str(n), "content": "x", "role": "tool"}) for n in "abc"],
         True, True),
    ],
)  # fmt: skip
def test_a_loop_is_the_same_call_with_the_same_result(
    steps: list[Any], loops: bool, repeats: bool
) -> None:
    run = make_run(steps=steps)
    assert no_loops(run.tool_calls).score is not loops
    assert no_repeated_calls(run.tool_calls).score is not repeats


def test_arguments_nobody_recorded_are_not_the_same() -> None:
    run = make_run(steps=[make_step("find", "tool") for _ in range(3)])
    for evaluator in (no_loops, no_repeated_calls):
        score = evaluator(run.tool_calls)
        assert score.score is None
        assert "find" in score.comment


def retrieved(*documents: Any) -> Any:
    return make_run(steps=[retrieval(*documents)])


FAQ = {"id": "7f3c", "page_content": "Refunds take five days.", "metadata": {"source": "faq.md"}}


@pytest.mark.parametrize(
    ("documents", "reference", "recall"),
    [
        ([FAQ], {"sources": ["faq.md"]}, 1.0), ([FAQ], {"doc_ids": ["7f3c"]}, 1.0),
        ([FAQ], {"documents": ["Refunds take five days."]}, 1.0),
        ([{**FAQ, "source": "x.md"}], {"sources": ["faq.md"]}, 1.0),
        ([{"id": "1", "url": "https://a.example/b"}], {"sources": ["https://a.example/b"]}, 1.0),
        ([{"text": "Cats purr. Dogs bark."}], {"documents": ["Cats purr.", "Dogs bark."]}, 1.0),
        ([{"page_content": "the red fox jumps"}], ["the red fox", "the red fox jumps"], 1.0),
        ([{"page_content": "see doc 7 for more"}], {"doc_ids": ["doc 7"]}, 0.0),
        ([{"id": "doc 7", "page_content": "x"}], {"doc_ids": ["doc 7"]}, 1.0),
        ([{"id": "doc 7", "page_content": "x"}, {"page_content": "see doc 7"}], ["doc 7"], 1.0),
        ([{"page_content": "\u9000\u6b3e\u9700\u8981\u4e94\u5929\u3002"}],
         {"contexts": ["\u9000\u6b3e\u9700\u8981\u4e94\u5929"]}, 1.0),
        ([FAQ], {"sources": ["faq.md", "terms.md"]}, 0.5), ([], {"doc_ids": ["a"]}, 0.0),
    ],
)  # fmt: skip
def test_documents_are_found_by_name_or_by_passage(
    documents: list[Any], reference: Any, recall: float
) -> None:
    run = retrieved(*documents)
    assert retrieval_recall(run, reference).score == recall
    assert 0 <= retrieval_ndcg(run, reference).score <= 1


def test_what_cannot_be_compared_is_counted() -> None:
    score = retrieval_recall(retrieved("some text", FAQ), {"sources": ["terms.md"]})
    assert score.comment == "not retrieved: 'terms.md'; 1 of 2 documents have no id or source"


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("Five days [1], see [FAQ](https://x.example).", 1.0), ("- [x] done\n- [ ] not [1]", 1.0),
        ("Use items[0] and `a[9]` [1].", 1.0), ("Five days[1].", 1.0), ("[1][2]", 0.5),
        ("![a](b.png) [^1]", 1.0), ("[1, 2]", 0.5), ("[see note] [1]", 1.0),
        ("[FAQ][1]\n\n[1]: https://x.example", 1.0), ("\u30101\u3011", 1.0),
        ("[7f3c] [faq.md]", 1.0),
        ("arr[5] is [text](u)", None), (r"\[x\]", None), ("```\nx[3]\n[9]\n```", None),
        ("[9]", 0.0),
    ],
)  # fmt: skip
def test_markdown_cites_nothing(answer: str, share: float | None) -> None:
    run = make_run(outputs=answer, steps=[retrieval(FAQ)])
    assert citations_exist(run).score == share


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("\u201eRefunds take five days\u201c", 1.0), ("\u00abRefunds take five days\u00bb", 1.0),
        ('"refunds ... five days"', 1.0), ('5" and 6" pipes and 10" more', None),
        ("\u201crefunds take nine days\u201d", 0.0), ('`"key": "some other long value"`', None),
    ],
)  # fmt: skip
def test_quotes_in_every_kind_of_marks(answer: str, share: float | None) -> None:
    run = make_run(outputs=answer, steps=[retrieval(FAQ)])
    assert quotes_are_verbatim(run).score == share
