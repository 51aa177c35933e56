"""Small experiments in a real store, scored by the real engine: what reports are tested on."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.report.sections.view import content
from evalkit.scoring import engine
from evalkit.scoring.definition.evaluator import as_evaluator, evaluator
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
TOPICS = ("billing", "delivery and returns", "repairs")
FACTS = [
    f"Passage {n}: the warranty of article {n} lasts {n % 5 + 1} years and covers parts, labour "
    f"and the way to the workshop, as the terms of sale number {n * 7} say in full. " * 3
    for n in range(12)
]


@evaluator
def correct(outputs, reference_outputs) -> bool | None:
    """The answer is the expected one."""
    return None if outputs is None else outputs.get("answer") == reference_outputs["answer"]


@evaluator(range=(0.0, 1.0), threshold=0.7)
def closeness(outputs, reference_outputs) -> Score:
    """How near the answer is, 0 to 1."""
    if outputs is None:
        raise ValueError("there is no answer to compare")
    score = 1.0 if outputs["answer"] == reference_outputs["answer"] else outputs["near"]
    return Score(score=score, comment=f"expected {reference_outputs['answer']}")


@evaluator(direction="lower")
def words(outputs) -> int | None:
    """How many words the answer has."""
    return None if outputs is None else len(outputs["answer"].split())


@evaluator
def tone(outputs) -> Score | None:
    """How the answer sounds."""
    return None if outputs is None else Score(value=outputs["tone"])


@evaluator(kind="judge")
def polite(outputs) -> bool | None:
    """A judge that nobody has held against people."""
    return None if outputs is None else outputs["tone"] != "curt"


@evaluator
def step_in_time(step) -> bool | None:
    """A tool answers within half a second."""
    return None if step.kind != "tool" else (step.latency or 0) < 0.5


EVALUATORS = (correct, closeness, words, tone, polite, step_in_time)


def between(start: datetime, first: float, last: float) -> dict[str, datetime]:
    """Times of a step, in seconds from the start of its run."""
    return {
        "started_at": start + timedelta(seconds=first),
        "ended_at": start + timedelta(seconds=last),
    }


def passage(rank: int, text: str) -> dict[str, object]:
    return {"id": f"doc-{rank}", "page_content": text, "score": 0.9 - rank / 10}


def make_run(name: str, number: int, repetition: int, rng: random.Random, better: float) -> Run:
    """One run of a support agent: a plan, a retrieval, a tool, an answer."""
    start = START + timedelta(minutes=number, seconds=repetition)
    lag = rng.uniform(0.2, 1.4)
    draw = rng.random()
    broken = draw < 0.06
    right = rng.random() < better
    answer = f"It lasts {number % 5 + 1} years." if right else f"I am not sure about {number}."
    tone = rng.choice(["warm", "curt", "plain"])
    said = {"answer": answer, "near": round(rng.uniform(0, 0.9), 2), "tone": tone}
    facts = rng.sample(FACTS, 3)
    steps = [
        Step(step_id="1", kind="node", name="agent", **between(start, 0, lag * 3)),
        _llm("2", "1", "plan", start, lag, number),
        Step(
            step_id="3", parent_id="1", kind="retriever", name="search",
            inputs={"query": f"warranty of article {number}"},
            outputs={"documents": [passage(i, text) for i, text in enumerate(facts)]},
            **between(start, lag, lag * 1.4),
        ),
        Step(
            step_id="4", parent_id="1", kind="tool", name="lookup" if right else "lookup_order",
            inputs={"article": number}, outputs=None if broken else {"years": number % 5 + 1},
            error="ToolError: the catalogue is closed" if broken else None,
            **between(start, lag * 1.4, lag * 2),
        ),
    ]  # fmt: skip
    return Run(
        run_id=f"{name}-{number:03d}-{repetition}",
        example_id=f"ex-{number:03d}",
        repetition=repetition,
        thread_id=f"thread-{name}-{number}",
        status="error" if broken else "timeout" if draw > 0.97 else "success",
        error="ToolError: the catalogue is closed" if broken else None,
        inputs={"question": f"How long is the warranty of article {number}?"},
        outputs=None if broken else said,
        steps=steps if not broken else steps[:4],
        created_at=start,
        started_at=start,
        first_token_at=start + timedelta(seconds=lag / 2),
        ended_at=start + timedelta(seconds=lag * 3),
        usage=Usage(
            input_tokens=200 + number,
            output_tokens=40,
            total_tokens=240 + number,
            total_cost=0.0004 * (1 + number),
        ),
        metadata={"host": f"w{number % 3}"},
    )  # fmt: skip


def _llm(step_id: str, parent: str, name: str, start: datetime, lag: float, number: int) -> Step:
    arguments = json.dumps({"article": number})
    call = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": arguments}}
    system = "You answer questions about warranties from passages only. " * 6
    return Step(
        step_id=step_id, parent_id=parent, kind="llm", name=name,
        inputs={"messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": f"Article {number}?"},
        ]},
        outputs={"role": "assistant", "content": "", "tool_calls": [call]},
        **between(start, 0, lag),
        usage=Usage(input_tokens=100, output_tokens=20, total_tokens=120),
        metadata={"model": "small-1"},
    )  # fmt: skip


def make_examples(count: int) -> list[Example]:
    return [
        Example(
            example_id=f"ex-{n:03d}",
            inputs={"question": f"How long is the warranty of article {n}?"},
            reference_outputs={"answer": f"It lasts {n % 5 + 1} years."},
            metadata={"topic": TOPICS[n % 3], "hard": n % 4 == 0},
        )
        for n in range(count)
    ]


def stored(root: Path, name: str, runs, examples, evaluators=EVALUATORS):
    """Write one experiment to a store, score it, and return its results."""
    experiment = Store(root).experiment(name)
    with open_writer(experiment, source="evalkit") as writer:
        for run in runs:
            writer.add(run)
        writer.add_examples(examples)
        writer.finish({"expected": None})
    with open_scoring(experiment) as work:
        engine.score(work, [as_evaluator(each) for each in evaluators], workers=0)
    return read_results(experiment)


def make_results(
    root: Path, *, examples: int = 24, repetitions: int = 2, names=("baseline", "candidate")
):
    """Return the results of experiments over the same examples; the later the better."""
    found = []
    for place, name in enumerate(names):
        rng = random.Random(place + 1)
        runs = [
            make_run(name, n, r, rng, 0.55 + 0.2 * place)
            for n in range(examples)
            for r in range(repetitions)
        ]
        found.append(stored(root, name, runs, make_examples(examples)))
    return found


def make_content(results, *, gates=(), **options):
    """Return the report's content of some results, compared when there are several."""
    slices = options.pop("slices", ("metadata.topic",))
    summaries = [summarise(r, slices=slices, reducers=("mean", "pass^2")) for r in results]
    also = options.pop("reducers", ())  # compared beside the means
    comparison = compare(results, slices=slices, reducers=also) if len(results) > 1 else None
    checked = [
        one for s in summaries for one in check([parse(g) for g in gates], s, comparison)
    ]  # fmt: skip
    options.setdefault("generated", "2026-03-02 09:00 UTC")
    options.setdefault("version", "0.0")
    options.setdefault("title", "warranty agent")
    return content(summaries, comparison, results=results, gates=checked, **options)


def summaries_over_time(results, days: int = 9):
    """Yield summaries of one experiment as if saved every day, better from the sixth on."""
    base = summarise(results)
    for day in range(days):
        lift = 0.25 if day >= 5 else 0.0
        score = base.scores["correct"]
        moved = replace(
            score,
            mean=min(1.0, score.mean - 0.3 + lift + day % 2 / 50),
            interval=(score.mean - 0.36 + lift, score.mean - 0.24 + lift),
        )
        yield replace(
            base,
            experiment=f"nightly-{day + 1}",
            scores={**base.scores, "correct": moved},
            provenance=replace(base.provenance, last_run_at=f"2026-03-{day + 1:02d}T06:00:00"),
        )
