"""Report: what a page costs to make, to carry and to use, held against its budgets.

    python benchmarks/report.py 1000 10000 [100000]

Each number is the runs in the page: two experiments over half as many examples, 8 steps and five
evaluators a run, about 10 KB of JSON with text from Python's own documentation. Times of a browser
are given beside those of a blank page on the same machine: ratios travel, milliseconds do not.
"""

from __future__ import annotations

import gzip
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from pydoc_data import topics
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.example import Example
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.report.page import html
from evalkit.report.page.write import write_report
from evalkit.report.runs.detail import of_run
from evalkit.report.runs.traces import TraceWriter, dumps, plain
from evalkit.report.sections.view import content
from evalkit.scoring import engine
from evalkit.scoring.definition.evaluator import as_evaluator, evaluator
from evalkit.store.rescoring import open_scoring
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

START = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = ("llm", "retriever", "node", "tool", "llm", "tool", "llm", "guardrail")
NAMES = ("plan", "search", "rerank", "lookup", "draft", "run_snippet", "answer", "filter")
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
ARGS += ["--disable-background-networking", "--enable-precise-memory-info"]
SYSTEM = "You answer questions about Python from the passages only, and cite every claim. " * 6


@evaluator
def correct(outputs: dict[str, Any]) -> bool:
    """The answer was marked right."""
    return bool(outputs["right"])


@evaluator(range=(0.0, 1.0), threshold=0.6)
def grounded(outputs: dict[str, Any]) -> float:
    """Share of sentences with a source."""
    return float(outputs["grounded"])


@evaluator
def recall(outputs: dict[str, Any]) -> float:
    """Passages found."""
    return float(outputs["found"]) / 5


@evaluator
def cited(outputs: dict[str, Any]) -> bool:
    """Every marker points to a passage."""
    return "[1]" in outputs["answer"]


@evaluator
def quick(run: Run) -> bool:
    """Below eight seconds."""
    return (run.latency or 0) < 8


def passages() -> list[str]:
    """Return about a thousand paragraphs of real English."""
    found = [" ".join(p.split()) for text in topics.topics.values() for p in text.split("\n\n")]
    return [p[:1200] for p in found if len(p) > 300]


def make_run(name: str, number: int, texts: list[str], rng: random.Random) -> Run:
    """Make one run of a documentation agent."""
    pace = rng.lognormvariate(0, 0.4)
    docs = rng.sample(texts, 5)
    words = rng.choice(texts).split()
    answer = " ".join(words[: rng.randrange(20, 60)]) + (" [1]" if rng.random() < 0.95 else "")
    at, steps = START + timedelta(seconds=number), []
    for i, (kind, step) in enumerate(zip(KINDS, NAMES, strict=True)):
        end = at + timedelta(seconds=pace * rng.uniform(0.05, 1.6))
        asked: Any = {"query": " ".join(words[:8]), "k": 5, "call": number * 8 + i}
        gave: Any = {"done": True, "chars": len(answer)}
        if kind == "llm":
            user = {"role": "user", "content": " ".join(words[:20])}
            asked = {"messages": [{"role": "system", "content": SYSTEM}, user]}
            gave = {"role": "assistant", "content": answer if i == 6 else " ".join(words[:30])}
        elif kind == "retriever":
            gave = {
                "documents": [
                    {"id": f"d{len(d)}", "page_content": d, "score": rng.random()} for d in docs
                ]
            }
        steps.append(
            Step(
                step_id=str(i),
                kind=kind,
                name=step,
                inputs=asked,
                outputs=gave,
                started_at=at,
                ended_at=end,
            )
        )
        at = end
    return Run(
        run_id=f"{rng.getrandbits(128):032x}", example_id=f"ex-{number:06d}", repetition=0,
        inputs={"question": " ".join(words[:20])},
        outputs={
            "answer": answer, "right": rng.random() < 0.8,
            "grounded": round(rng.betavariate(5, 2), 3), "found": rng.randrange(6),
        },
        steps=steps, started_at=START + timedelta(seconds=number), ended_at=at,
        usage=Usage(total_tokens=rng.randrange(900, 6000), total_cost=rng.randrange(1, 900) / 1e6),
    )  # fmt: skip


def experiment(root: Path, name: str, count: int, seed: int) -> Results:
    """Store and score `count` runs."""
    rng, texts = random.Random(seed), passages()
    stored = Store(root).experiment(name)
    with open_writer(stored, source="evalkit") as writer:
        for number in range(count):
            writer.add(make_run(name, number, texts, rng))
        writer.add_examples(
            Example(example_id=f"ex-{n:06d}", metadata={"topic": f"topic {n % 9}"})
            for n in range(count)
        )
        writer.finish({"expected": None})
    with open_scoring(stored) as work:
        engine.score(work, [as_evaluator(e) for e in (correct, grounded, recall, cited, quick)])
    return read_results(stored)


@contextmanager
def browser() -> Iterator[BrowserContext]:
    """Open the system's Chromium with a fresh profile."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path="/usr/bin/chromium", args=ARGS,
            viewport={"width": 1360, "height": 900},
        )  # fmt: skip
        yield context
        context.close()


def first_paint(page: Page, address: str) -> float:
    """Return the first contentful paint in ms, the best of three."""
    found = []
    for _ in range(3):
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_timeout(300)
        entry = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        found.append(page.evaluate(entry) or float("nan"))
    return min(found)


def use(page: Page, path: Path) -> dict[str, float]:
    """Filter, open and scroll; return milliseconds and megabytes."""
    page.goto(path.as_uri() + "#/runs?exp=all")
    page.evaluate("window.evalkitReport.data()")
    page.locator("#v-runs tr.row").first.wait_for()
    key = """async q => { const box = document.querySelector('#q-runs'); box.value = q;
        box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
        return window.evalkitReport.stats().runs; }"""
    queries = ["correct:no", "generator", "latency>5s grounded<0.5", "", 'topic:"topic 3" object']
    took = [page.evaluate(key, q) for q in queries * 4]
    rows, opened = page.evaluate("window.evalkitReport.stats().rows"), []
    for at in range(0, rows, max(1, rows // 12)):
        start = """async r => { const t = performance.now(); await evalkitReport.trace(r);
            return performance.now() - t; }"""
        opened.append(page.evaluate(start, at))
    nodes = page.evaluate("document.querySelectorAll('*').length")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    return {
        "filter p50 ms": statistics.median(took), "filter max ms": max(took),
        "open p50 ms": statistics.median(opened), "open max ms": max(opened),
        "nodes": nodes, "heap MB": heap,
    }  # fmt: skip


def measure(count: int, blank: float, page: Page) -> dict[str, float]:
    """Make a report of `count` runs, without a size budget, and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        results = [
            experiment(root / "store", n, count // 2, s) for s, n in enumerate(("base", "cand"))
        ]
        summaries = [summarise(one, slices=["metadata.topic"]) for one in results]
        comparison = compare(results, bootstrap=False)
        began = time.process_time()
        made = content(summaries, comparison, results=results, title="documentation agent")
        written = write_report(made, root / "report.html", max_size=10**12)
        took = time.process_time() - began
        bare = write_report(made, root / "none.html", traces="none")
        plain_bytes, speed = packing(results)
        paint = first_paint(page, written.path.as_uri())
        base = len("".join(html.page(made.view)).encode())
        return {
            "runs": count, "MB": written.bytes / 1e6, "core B/run": (bare.bytes - base) / count,
            "plain/file": plain_bytes * count / written.bytes, "write s": took,
            "gzip/pack": speed,
            "first paint ms": paint, "paint/blank": paint / blank, **use(page, written.path),
            "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }  # fmt: skip


def packing(results: list[Results]) -> tuple[float, float]:
    """Return bytes of a run as plain JSON, and how fast packing is beside `gzip -6` of it."""
    documents = [
        plain(of_run(run, None, [])) for one in results for run in islice(one.runs(), 1000)
    ]
    began = time.process_time()
    squeezed = [gzip.compress(dumps(document), 6) for document in documents]
    alone = time.process_time() - began
    began = time.process_time()
    with TraceWriter() as writer:
        for row, document in enumerate(documents):
            writer.add(row, document)
        writer.finish()
    packed = time.process_time() - began
    assert len(squeezed) == len(documents)
    return sum(len(dumps(d)) for d in documents) / len(documents), alone / packed


BUDGETS = {
    "core B/run": ("<=", 120), "plain/file": (">=", 8), "gzip/pack": (">=", 0.5),
    "paint/blank": ("<=", 5), "filter p50 ms": ("<=", 150), "nodes": ("<=", 4000),
}  # fmt: skip


def main() -> int:
    """Print one column a size; return 1 when a budget is broken."""
    counts = [int(arg) for arg in sys.argv[1:]] or [1000, 10_000]
    with browser() as context, tempfile.TemporaryDirectory() as folder:
        page = context.new_page()
        empty = Path(folder, "blank.html")
        empty.write_text("<!doctype html><title>blank</title><p>blank")
        blank = first_paint(page, empty.as_uri())
        columns = [measure(count, blank, page) for count in counts]
    broken = 0
    for name in columns[0]:
        sign, budget = BUDGETS.get(name, ("", None))
        cells = []
        for column in columns:
            bad = budget is not None and not (
                column[name] <= budget if sign == "<=" else column[name] >= budget
            )
            broken += bad
            cells.append(f"{column[name]:>14,.2f}{'!' if bad else ' '}")
        print(f"{name:<16}{''.join(cells)}  {f'{sign} {budget:g}' if budget else ''}")
    return 1 if broken else 0


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    raise SystemExit(main())
