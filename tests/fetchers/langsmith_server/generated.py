"""Seeded experiments of any size, shaped like a tool-using agent traced with the SDK."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from .shape import zoned
from .world import Record, World

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MODELS = ("gpt-4o-mini", "claude-haiku", "mistral-small")
TOOLS = ("lookup_order", "search_kb", "calculator", "refund_policy", "ship_quote")
_WORDS = """
order refund parcel invoice delivery price amount total policy item return café naïve customer
agent answer model search result warehouse courier label weight discount coupon address window
before after because within under over between without please thank sorry confirm cancel change
"""
WORDS = _WORDS.split()


class _Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def pass_(self, seconds: float) -> datetime:
        self.at += timedelta(microseconds=max(1, round(seconds * 1e6)))
        return self.at


def generated_world(
    n: int = 1000,
    *,
    examples: int | None = None,
    seed: int = 7,
    start: datetime = START,
    name: str = "agent-7be21f",
) -> World:
    """Return a world with one experiment of `n` root runs over `examples` examples (default: n)."""
    world = World()
    dataset = world.add_dataset("support questions")
    count = min(n, examples or n)
    rows = [
        world.put_example(_example(seed, i, dataset["id"]), start - timedelta(days=9))
        for i in range(count)
    ]
    session = world.add_session(
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{seed}/{n}")),
            "name": name,
            "start_time": zoned(start),
            "reference_dataset_id": dataset["id"],
            "_expected": n,
            "extra": {
                "metadata": {
                    "models": "mixed",
                    "revision_id": "a1b2c3d",
                    "num_repetitions": max(1, n // count) if count else 1,
                    "dataset_version": (start - timedelta(days=8)).replace(tzinfo=None).isoformat(),
                    "dataset_splits": ["base"],
                    "__ls_runner": "py_sdk_evaluate",
                }
            },
        }
    )
    world.add_runs(
        (
            run
            for i in range(n)
            for run in _trace(random.Random(seed * 1_000_003 + i), i, rows[i % count], start)
        ),
        session["id"],
    )
    return world


def _example(seed: int, index: int, dataset_id: str) -> Record:
    dice = random.Random(seed * 7919 + index)
    return {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "dataset_id": dataset_id,
        "inputs": {"question": _text(dice, 12), "customer": f"C{dice.randint(10_000, 99_999)}"},
        "outputs": {
            "answer": _text(dice, 6),
            "value": round(dice.lognormvariate(4, 1.2), 2),
            "trajectory": [dice.choice(TOOLS) for _ in range(dice.choice([1, 2, 2, 3, 4]))],
            "relevant": [f"doc-{dice.randint(0, 999)}" for _ in range(dice.randint(1, 3))],
        },
        "metadata": {
            "dataset_split": ["base"],
            "topic": dice.choice(["billing", "shipping", "returns"]),
        },
    }


def _text(dice: random.Random, words: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(words)).capitalize() + "."


class _Trace:
    """Collects the runs of one trace; a clock runs through them."""

    def __init__(self, dice: random.Random, clock: _Clock, model: str) -> None:
        self.dice, self.clock, self.model, self.runs = dice, clock, model, []

    def open(
        self,
        name: str,
        kind: str,
        parent: Record | None,
        inputs: Any,
        metadata: Record | None = None,
    ) -> Record:
        run_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        start = self.clock.pass_(self.dice.uniform(0.0005, 0.004))
        segment = start.strftime("%Y%m%dT%H%M%S%fZ") + run_id
        run: Record = {
            "id": run_id,
            "name": name,
            "run_type": kind,
            "start_time": start,
            "inputs": inputs,
            "outputs": None,
            "dotted_order": f"{parent['dotted_order']}.{segment}" if parent else segment,
            "error": None,
            "events": [],
            "tags": [],
            "extra": {"metadata": {"ls_method": "traceable", **(metadata or {})}},
        }
        self.runs.append(run)
        return run

    def close(self, run: Record, seconds: float, outputs: Any, error: str | None = None) -> None:
        run["end_time"] = self.clock.pass_(seconds)
        run["outputs"], run["error"] = outputs, error

    def model_call(
        self, parent: Record, messages: list[Record], text: str, error: str | None = None
    ) -> None:
        metadata = {
            "ls_provider": "openai",
            "ls_model_name": self.model,
            "ls_model_type": "chat",
            "ls_temperature": 0.0,
        }
        run = self.open("ChatModel", "llm", parent, {"messages": [messages]}, metadata)
        seconds = self.dice.lognormvariate(-0.5, 0.5)
        prompt = 120 + sum(len(m["content"]) for m in messages) // 4
        completion = 8 + len(text) // 4
        usage = {
            "input_tokens": prompt,
            "output_tokens": completion,
            "total_tokens": prompt + completion,
            "input_token_details": {"cache_read": prompt // 3},
            "input_cost": round(prompt * 2.5e-6, 8),
            "output_cost": round(completion * 1e-5, 8),
            "total_cost": round(prompt * 2.5e-6 + completion * 1e-5, 8),
        }
        if error is None:
            first = run["start_time"] + timedelta(seconds=seconds * 0.4)
            run["events"] = [
                {"name": "start", "time": zoned(run["start_time"])},
                {"name": "new_token", "time": zoned(first)},
            ]
        message = {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": {"content": text, "type": "ai", "tool_calls": [], "usage_metadata": usage},
        }
        outputs = {
            "generations": [[{"text": text, "type": "ChatGeneration", "message": message}]],
            "llm_output": None,
        }
        self.close(run, seconds, None if error else outputs, error)


def _trace(dice: random.Random, index: int, example: Record, start: datetime) -> list[Record]:
    clock = _Clock(start + timedelta(milliseconds=41 * index))
    trace = _Trace(dice, clock, MODELS[index % 3])
    wanted, question = example["outputs"], example["inputs"]["question"]
    root = trace.open(
        "Target",
        "chain",
        None,
        dict(example["inputs"]),
        {
            "num_repetitions": 1,
            "example_version": "2026-02-20T00:00:00",
            "__ls_runner": "py_sdk_evaluate",
            "model": trace.model,
        },
    )
    root["reference_example_id"] = example["id"]
    messages = [
        {"role": "system", "content": _text(dice, 20)},
        {"role": "user", "content": question},
    ]
    trace.model_call(root, messages, _text(dice, 10))
    context = trace.open("retrieve_context", "chain", root, {"query": question})
    retrieval = trace.open("retrieve", "retriever", context, {"query": question, "k": 3})
    found = [doc for doc in wanted["relevant"] if dice.random() < 0.8]
    found += [f"doc-{dice.randint(0, 999)}" for _ in range(3 - len(found))]
    trace.close(
        retrieval,
        dice.lognormvariate(-3.2, 0.5),
        {
            "output": [
                {
                    "page_content": _text(dice, 20),
                    "type": "Document",
                    "metadata": {"id": doc, "source": f"kb/{doc}.md"},
                }
                for doc in found
            ]
        },
    )
    trace.close(context, 0.002, {"documents": len(found)})
    path = list(wanted["trajectory"])
    if dice.random() < 0.25:
        path[dice.randrange(len(path))] = dice.choice(TOOLS)
    tools = trace.open("tools", "chain", root, {"plan": path})
    for name in path:
        arguments = {
            "id": example["inputs"]["customer"],
            "q": _text(dice, 8),
            "amount": round(dice.uniform(1, 400), 2),
        }
        call = trace.open(name, "tool", tools, {"input": json.dumps(arguments)})
        trace.close(
            call,
            dice.lognormvariate(-2.3, 0.8),
            {"output": {"content": _text(dice, 15), "status": "success"}},
        )
    trace.close(tools, 0.001, {"calls": len(path)})
    _finish(trace, root, wanted, messages, failed=dice.random() < 0.05)
    return trace.runs


def _finish(
    trace: _Trace, root: Record, wanted: Record, messages: list[Record], *, failed: bool
) -> None:
    dice = trace.dice
    if failed:
        frame = f'  File "/app/agent.py", line {dice.randint(9, 400)}, in call'
        traced = f"Traceback (most recent call last):\n{frame}\nTimeoutError: no answer"
        error = f"TimeoutError('no answer')\n\n{traced}"
        trace.model_call(root, messages, "", error)
        trace.close(root, 0.001, {"output": None}, error)
        return
    right = dice.random() < 0.8
    answer = wanted["answer"] if right else _text(dice, 6)
    value = wanted["value"] if right else round(wanted["value"] * dice.uniform(0.9, 1.1), 2)
    trace.model_call(
        root,
        [*messages, {"role": "tool", "content": _text(dice, 30)}],
        json.dumps({"answer": answer}),
    )
    parsed = trace.open("parse_answer", "parser", root, {"text": answer})
    trace.close(parsed, 0.0004, {"answer": answer, "value": value})
    trace.close(
        root,
        0.002,
        {
            "answer": answer,
            "value": value,
            "messages": [
                messages[1],
                {"role": "assistant", "content": answer},
            ],
        },
    )
