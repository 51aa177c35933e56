"""Record both versions of the support agent: python datasets/recording/record.py (about 3 minutes).

Starts a LangGraph server, runs every example five times against each version, fetches the runs
with evalkit's own fetcher and writes them beside this folder as JSON Lines.
"""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from shop import EXAMPLES

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher
from evalkit.model.schema.records import run_to_record

HERE = Path(__file__).resolve().parent
DATASETS = HERE.parent
VERSIONS = ("baseline", "candidate")
REPETITIONS = 5
ENDED = {"success", "error", "timeout", "interrupted"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def example_lines():
    for example_id, topic, difficulty, question, answer, documents, calls in EXAMPLES:
        tools = [{"name": name, "args": args} for name, args in calls]
        reference = {"answer": answer, "document_ids": documents, "tools": tools}
        metadata = {"topic": topic, "difficulty": difficulty}
        yield {
            "kind": "example",
            "example_id": example_id,
            "inputs": {"question": question},
            "reference_outputs": reference,
            "metadata": metadata,
        }


async def play(http, assistant_id, version, example, repetition):
    """Run one example once, as an application would: a thread, a run on it, wait."""
    tags = {
        "experiment": version,
        "example_id": example["example_id"],
        "repetition": repetition,
        **example["metadata"],
    }
    thread = (await http.post("/threads", json={"metadata": tags})).raise_for_status().json()
    body = {"assistant_id": assistant_id, "input": example["inputs"], "metadata": tags}
    runs = f"/threads/{thread['thread_id']}/runs"
    run = (await http.post(runs, json=body)).raise_for_status().json()
    while run["status"] not in ENDED:
        await asyncio.sleep(0.5)
        run = (await http.get(f"{runs}/{run['run_id']}")).raise_for_status().json()


async def play_all(url, examples):
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        seats = asyncio.Semaphore(8)

        async def one(*what):
            async with seats:
                await play(http, *what)

        for version in VERSIONS:
            settings = {"configurable": {"version": version}}
            body = {"graph_id": "support", "name": version, "config": settings}
            answer = await http.post("/assistants", json=body)
            assistant_id = answer.raise_for_status().json()["assistant_id"]
            rounds = [(e, n) for n in range(1, REPETITIONS + 1) for e in examples]
            await asyncio.gather(*(one(assistant_id, version, e, n) for e, n in rounds))
            print(f"{version}: {len(rounds)} runs")


def wait_until_up(url):
    for _ in range(300):
        try:
            return httpx.get(f"{url}/ok").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def fetch(url, version, path):
    options = LangGraphFetcher.Options(
        url=url, thread_metadata={"experiment": version}, spans="spans"
    )
    fetcher = LangGraphFetcher(options, FetchContext(experiment=version, base=DATASETS))
    records = [run_to_record(run) for run in fetcher.runs()]
    for record in records:
        record.pop("url", None)  # the server is gone
    records.sort(key=lambda r: (r["example_id"], r["repetition"]))
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(fetcher.counts())


def main():
    examples = list(example_lines())
    lines = "".join(json.dumps(line) + "\n" for line in examples)
    (DATASETS / "support.examples.jsonl").write_text(lines, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [sys.executable, str(HERE / "serve.py"), url.rsplit(":", 1)[1]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(url)
        asyncio.run(play_all(url, examples))
        for version in VERSIONS:
            fetch(url, version, DATASETS / f"support.{version}.runs.jsonl.gz")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
