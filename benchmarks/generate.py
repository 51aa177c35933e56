"""Makes seeded agent runs in LangSmith's shape: a root with about eight steps, 8 to 13 KB of JSON.

Run `i` is the same whatever the number of runs; there are at most 10,000 examples.

    python benchmarks/generate.py --runs 1000 --folder /somewhere
"""

from __future__ import annotations

import argparse
import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

SEED = 7
START = datetime(2025, 3, 1, 8, tzinfo=UTC)
SPACE = uuid.UUID("0b7f3b1e-3f0e-4a0c-9d5d-6f2a52c0a001")
TOOLS = ("find_order", "search_help", "compute", "refund_rules", "quote", "customer", "exchange")
MODELS = ("small-2025", "medium-2025", "large-2025")
WORDS = [
    *("order", "customer", "refund", "shipment", "invoice", "delivery", "price", "amount"),
    *("policy", "item", "return", "café", "the", "of", "to", "a", "in", "for", "is", "on", "that"),
    *("with", "from", "parcel", "address", "window", "account", "number", "today", "week"),
]
ERRORS = ("RateLimitError: code 429", "TimeoutError: after 30 s", "ValueError: no answer found")
EXAMPLES = 10_000


def _sentences() -> list[str]:
    rng = random.Random(SEED)
    odd = ["".join(rng.choices("abcdefghiklmnoprstuvz", k=rng.randint(3, 9))) for _ in range(4000)]
    words = odd + WORDS * 60
    return [
        " ".join(rng.choices(words, k=rng.randint(3, 7))).capitalize() + "." for _ in range(6000)
    ]


SENTENCES = _sentences()


def text(rng: random.Random, count: int) -> str:
    """Return some sentences."""
    return " ".join(rng.choices(SENTENCES, k=count))


def example(number: int) -> dict[str, Any]:
    """Return one dataset row."""
    rng = random.Random(SEED * 1_000_003 + number)
    calls = rng.choice([1, 1, 2, 2, 2, 3, 3, 4])
    return {
        "id": str(uuid.uuid5(SPACE, f"example-{number}")),
        "inputs": {"question": text(rng, 2), "customer": f"C{rng.randint(10000, 99999)}"},
        "outputs": {
            "answer": rng.choice(SENTENCES)[:60],
            "value": round(rng.lognormvariate(4, 1.2), 2),
            "trajectory": rng.choices(TOOLS, k=calls),
            "relevant_docs": [f"doc-{rng.randint(0, 4999)}" for _ in range(rng.randint(1, 3))],
        },
        "metadata": {"category": rng.choice(["billing", "shipping", "returns"])},
    }


class RunMaker:
    """One run in the making."""

    def __init__(self, number: int, row: dict[str, Any]) -> None:
        self.rng = random.Random(SEED * 15_485_863 + number)
        self.row, self.clock = row, START + timedelta(milliseconds=37 * number)
        self.model = MODELS[number % 3]
        self.trace = self.identity()
        self.tokens, self.cost = [0, 0], 0.0

    def identity(self) -> str:
        """Return a new id."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def passes(self, milliseconds: float) -> None:
        """Let time pass."""
        self.clock += timedelta(milliseconds=milliseconds)

    def span(self, name: str, kind: str, parent: Any, inputs: Any) -> dict[str, Any]:
        """Begin a span inside another one."""
        identity = self.trace if parent is None else self.identity()
        before = f"{parent['dotted_order']}." if parent else ""
        return {
            "id": identity,
            "name": name,
            "run_type": kind,
            "trace_id": self.trace,
            "parent_run_id": parent["id"] if parent else None,
            "dotted_order": f"{before}{self.clock:%Y%m%dT%H%M%S%fZ}{identity}",
            "session_id": str(SPACE),
            "start_time": self.clock.isoformat(),
            "end_time": None,
            "status": "success",
            "error": None,
            "inputs": inputs,
            "outputs": None,
            "extra": {
                "metadata": {"ls_method": "traceable", "revision": "a1b2c3d"},
                "runtime": {"sdk": "langsmith-py", "sdk_version": "0.3.11", "runtime": "python"},
            },
            "tags": [],
            "child_runs": [],
        }

    def ends(self, span: dict[str, Any], outputs: Any) -> dict[str, Any]:
        """End a span."""
        span["outputs"], span["end_time"] = outputs, self.clock.isoformat()
        return span

    def asks_model(self, parent: Any, messages: list[Any], answer: str | None) -> dict[str, Any]:
        """Call a model; no answer is a failure."""
        span = self.span("ChatModel", "llm", parent, {"messages": [messages]})
        span["extra"] = {
            "metadata": {"ls_provider": "acme", "ls_model_name": self.model, "ls_temperature": 0.0},
            "invocation_params": {"model": self.model, "temperature": 0.0, "max_tokens": 512},
        }
        took = self.rng.lognormvariate(6.4, 0.55)
        self.passes(took)
        sent = 180 + sum(len(each["content"]) for each in messages) // 4
        got = 12 + len(answer or "") // 4
        cost = round(sent * 2.5e-6 + got * 1e-5, 8)
        span["first_token_time"] = (self.clock - timedelta(milliseconds=took * 0.6)).isoformat()
        span |= {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}
        span["total_cost"] = cost
        self.tokens[0] += sent
        self.tokens[1] += got
        self.cost += cost
        message = {"role": "assistant", "content": answer, "tool_calls": []}
        said = [[{"text": answer, "type": "ChatGeneration", "message": message}]]
        return self.ends(span, None if answer is None else {"generations": said})

    def retrieves(self, parent: Any) -> dict[str, Any]:
        """Search documents, most of the relevant ones among them."""
        query = {"query": self.row["inputs"]["question"][:80]}
        outer = self.span("retrieve_context", "chain", parent, query)
        inner = self.span("vector_search", "retriever", outer, {**query, "k": 3})
        found = [d for d in self.row["outputs"]["relevant_docs"] if self.rng.random() < 0.8]
        found += [f"doc-{self.rng.randint(0, 4999)}" for _ in range(3 - len(found))]
        self.rng.shuffle(found)
        self.passes(self.rng.lognormvariate(3.6, 0.5))
        documents = [
            {
                "page_content": text(self.rng, 1),
                "type": "Document",
                "metadata": {"id": each, "score": round(self.rng.random(), 4)},
            }
            for each in found
        ]
        outer["child_runs"] = [self.ends(inner, {"documents": documents})]
        return self.ends(outer, {"ids": found})

    def calls_tools(self, parent: Any) -> dict[str, Any]:
        """Call the tools expected, more or less."""
        plan, luck = list(self.row["outputs"]["trajectory"]), self.rng.random()
        if luck < 0.12:
            plan[self.rng.randrange(len(plan))] = self.rng.choice(TOOLS)
        elif luck < 0.2:
            plan.append(self.rng.choice(TOOLS))
        elif luck < 0.25 and len(plan) > 1:
            plan.pop()
        outer = self.span("tools", "chain", parent, {"plan": plan})
        for name in plan:
            arguments = {"id": self.row["inputs"]["customer"], "q": text(self.rng, 1)[:50]}
            inner = self.span(name, "tool", outer, {"input": json.dumps(arguments)})
            self.passes(self.rng.lognormvariate(4.6, 0.8))
            result = {"content": text(self.rng, 1), "status": "success"}
            outer["child_runs"].append(self.ends(inner, {"output": result}))
        return self.ends(outer, {"calls": len(plan)})

    def run(self) -> dict[str, Any]:
        """Return the whole run."""
        inputs, expected = self.row["inputs"], self.row["outputs"]
        root = self.span("support_agent", "chain", None, inputs)
        root["reference_example_id"], root["tags"] = self.row["id"], ["experiment", "nightly"]
        top = root
        talk = [
            {"role": "system", "content": "You support customers of a shop. Use the tools. " * 3},
            {"role": "user", "content": inputs["question"]},
        ]
        steps = [self.asks_model(top, talk, text(self.rng, 1)), self.retrieves(top)]
        steps.append(self.calls_tools(top))
        if self.rng.random() < 0.05:
            trace = "".join(f'  File "/app/{m}.py", line {n}\n' for n, m in enumerate(TOOLS))
            error = f"Traceback (most recent call last):\n{trace}{self.rng.choice(ERRORS)}"
            failed = self.asks_model(top, talk, None) | {"error": error, "status": "error"}
            steps.append(failed)
            root |= {"error": error, "status": "error"}
            outputs = None
        else:
            outputs = self._answer(expected, talk[1])
            tool = {"role": "tool", "content": text(self.rng, 2)}
            steps.append(self.asks_model(top, [*talk, tool], json.dumps(outputs)))
            parser = self.span("parse_answer", "parser", top, {"text": outputs["answer"]})
            self.passes(self.rng.uniform(0.2, 1.5))
            steps.append(self.ends(parser, {"value": outputs["value"]}))
        self.passes(self.rng.uniform(0.3, 4))
        self.ends(root, outputs)
        root |= {"prompt_tokens": self.tokens[0], "completion_tokens": self.tokens[1]}
        root |= {"total_tokens": sum(self.tokens), "total_cost": round(self.cost, 8)}
        return root | {"child_runs": steps}

    def _answer(self, expected: dict[str, Any], question: Any) -> dict[str, Any]:
        rng, answer, value = self.rng, expected["answer"], expected["value"]
        if rng.random() > 0.78:
            answer = rng.choice(SENTENCES)[:60]
        elif rng.random() < 0.3:
            answer = answer.upper()
        if rng.random() > 0.7:
            value = round(value * rng.uniform(0.9, 1.1), 2)
        return {"answer": answer, "value": value, "messages": [question, {"content": answer}]}


def runs(count: int, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield runs."""
    for number in range(count):
        yield RunMaker(number, rows[number % len(rows)]).run()


def write(folder: Path, count: int) -> tuple[Path, Path]:
    """Write `runs.jsonl` and `examples.jsonl` unless they are there, and return their paths."""
    paths = folder / f"runs-{count}.jsonl", folder / f"examples-{count}.jsonl"
    if all(path.exists() for path in paths):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    rows = [example(number) for number in range(min(count, EXAMPLES))]
    for path, items in zip(paths, (runs(count, rows), rows), strict=True):
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.writelines(orjson.dumps(item) + b"\n" for item in items)
        temporary.replace(path)
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    print(*write(given.folder, given.runs))
