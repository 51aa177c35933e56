"""Fetch 500 threads with their histories from a LangGraph server, against a bare download loop.

    python benchmarks/fetch_langgraph.py [THREADS] [--json]

Starts an in-memory server (needs the dev packages), plays a four-step chat on each thread, then
measures three things, each in a fresh process, the least CPU of several:

- `download`: an httpx loop, one request after the other, that gets the bytes and drops them
- `fetcher`: evalkit's fetcher, which also parses, converts and accounts for every run
- `evalkit fetch`: the whole command, which also starts up and writes the store

`cpu` is user plus system time of the process. Of the first two it is printed without the time to
import; the command is held against the loop as a process of its own, imports included. The wall
time is measured against the server as it is, and again with 40 ms added to every request.
"""

from __future__ import annotations

import asyncio
import json
import operator
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fetchers.langgraph.live import Application, free_port, running_server  # noqa: E402

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # see `AS_INSTALLED` in `measure.py`
LATENCY_S = 0.040
EXPERIMENT = {"experiment": "bench"}

DOWNLOAD = """
import json, sys, time
import httpx
url = sys.argv[1]
start, cpu = time.perf_counter(), time.process_time()
size = 0
with httpx.Client(base_url=url, timeout=60) as http:
    body = {"metadata": {"experiment": "bench"}, "limit": 1000, "sort_by": "created_at",
            "sort_order": "asc", "select": ["thread_id", "updated_at", "status", "metadata"]}
    found = http.post("/threads/search", json=body)
    for thread in found.json():
        path = f"/threads/{thread['thread_id']}"
        size += len(http.get(f"{path}/runs", params={"limit": 200}).content)
        size += len(http.post(f"{path}/history", json={"limit": 25}).content)
print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu,
                  "runs": len(found.json()), "bytes": size + len(found.content)}))
"""

FETCHER = """
import json, sys, time
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher
options = {"url": sys.argv[1], "thread_metadata": {"experiment": "bench"}}
options["concurrency"] = int(sys.argv[2])
start, cpu = time.perf_counter(), time.process_time()
fetcher = LangGraphFetcher(options, FetchContext(experiment="bench", base=Path()))
runs = sum(1 for _ in fetcher.runs())
print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu,
                  "runs": runs, "bytes": fetcher.http.stats.size}))
"""

WHOLE = """
import json, resource, shutil, subprocess, sys, time
shutil.rmtree(".evalkit", ignore_errors=True)
start = time.perf_counter()
subprocess.run([sys.executable, *sys.argv[1:]], check=True, capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall": time.perf_counter() - start, "cpu": used.ru_utime + used.ru_stime}))
"""


def seed(url: str, threads: int) -> None:
    """Play a chat with one tool call on every thread."""
    given = {"messages": [{"role": "user", "content": "halve 8"}]}
    run = {"assistant_id": "chat", "input": given, "metadata": EXPERIMENT, "on_completion": "keep"}
    app = Application(url)
    with app.http:
        for start in range(0, threads, 100):
            app.ask("POST", "/runs/batch", json=[run] * min(100, threads - start))
        while _unfinished(app):
            time.sleep(0.5)


def _unfinished(app: Application) -> int:
    waiting = {"metadata": EXPERIMENT, "status": "busy"}
    return int(app.ask("POST", "/threads/count", json=waiting))


def measure(code: str, *arguments: str, cwd: str | None = None) -> dict[str, float]:
    """Run the code in a fresh process and return what it measured."""
    command = [sys.executable, "-c", code, *arguments]
    ended = subprocess.run(command, capture_output=True, check=True, cwd=cwd)
    return dict(json.loads(ended.stdout))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float) -> None:
    while data := await source.read(1 << 16):
        if delay:
            await asyncio.sleep(delay)
        sink.write(data)
        await sink.drain()
    sink.close()


async def _delay(port: int, target: int) -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            _pump(reader, back, LATENCY_S), _pump(there, writer, 0), return_exceptions=True
        )

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def show(name: str, found: dict[str, float], base: dict[str, float] | None = None) -> None:
    """Print one line, with the ratio to the base."""
    ratio = ""
    if base:
        cpu, wall = found["cpu"] / base["cpu"], base["wall"] / found["wall"]
        ratio = f"   cpu x{cpu:.2f}, {wall:.1f} times as fast"
    runs = (
        f"{found['runs']:>5} runs {found['bytes'] / 1e6:6.1f} MB" if "runs" in found else " " * 20
    )
    print(f"{name:24s} {runs}  wall {found['wall']:6.2f} s  cpu {found['cpu']:5.2f} s{ratio}")


def best(code: str, *arguments: str) -> dict[str, float]:
    """Return the run with the least CPU of three: noise only ever adds."""
    return min((measure(code, *arguments) for _ in range(3)), key=operator.itemgetter("cpu"))


def whole(url: str, folder: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the loop and the command as whole processes, in turns: noise meets both."""
    command = ("-m", "evalkit", "fetch", "bench", "--json")
    pairs = [
        (measure(WHOLE, "-c", DOWNLOAD, url), measure(WHOLE, *command, cwd=folder))
        for _ in range(5)
    ]
    loops, fetches = zip(*pairs, strict=True)
    least = operator.itemgetter("cpu")
    return min(loops, key=least), min(fetches, key=least)


def configured(folder: str, url: str) -> str:
    """Make the folder a project over the server, and return it."""
    config = f'[experiments.bench]\nfetcher = "langgraph"\nurl = "{url}"\n'
    config += 'thread_metadata = { experiment = "bench" }\n'
    Path(folder, "evalkit.toml").write_text(config)
    return folder


def main() -> None:
    """Measure and print."""
    given = [each for each in sys.argv[1:] if each != "--json"]
    threads = int(given[0]) if given else 500
    with running_server() as url, tempfile.TemporaryDirectory() as folder:
        seed(url, threads)
        if "--json" in sys.argv:
            loop, fetch = whole(url, configured(folder, url))
            ratio = fetch["cpu"] / loop["cpu"]
            print(json.dumps({"loop": loop["cpu"], "fetch": fetch["cpu"], "ratio": ratio}))
            return
        base = best(DOWNLOAD, url)
        show("download", base)
        show("fetcher", best(FETCHER, url, "8"), base)
        loop, fetch = whole(url, configured(folder, url))
        show("download, whole process", loop)
        show("evalkit fetch", fetch, loop)
        port = free_port()
        if (child := os.fork()) == 0:
            asyncio.run(_delay(port, int(url.rsplit(":", 1)[1])))
        time.sleep(0.5)
        try:
            slow = f"http://127.0.0.1:{port}"
            base = measure(DOWNLOAD, slow)
            show("download, 40 ms", base)
            for concurrency in ("8", "16"):
                show(f"fetcher, 40 ms, by {concurrency}", measure(FETCHER, slow, concurrency), base)
        finally:
            os.kill(child, 15)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main()
