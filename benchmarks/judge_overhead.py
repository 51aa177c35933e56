"""What a judged call costs in CPU beside the OpenAI SDK's, for the same questions and answers.

    python benchmarks/judge_overhead.py
    python benchmarks/judge_overhead.py --calls 1000 --profile

Side by side in one process against one local server, least of three: the bare HTTP client (`httpx`,
the same bytes), the OpenAI SDK's `chat.completions.create`, and a judge with its ledger and its
cache of answers on disk. "Overhead" is what a judge takes beyond the bare HTTP client: prompt,
keys, parsing, cache, ledger. The judge's answers are new ones each time; `known` asks them again.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai

from evalkit.evaluators.judge import session
from evalkit.evaluators.judge.judge import Judging
from evalkit.evaluators.judge.settings import JudgeSettings

PROMPT = "Question: {{ inputs.question }}\nAnswer: {{ outputs.answer }}\nDoes it help?"
SERVER = """
import json, socketserver
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
said = json.dumps({"reasoning": "It names the city that was asked for.", "verdict": "pass"})
body = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": said}}],
    "usage": {"prompt_tokens": 180, "completion_tokens": 25, "total_tokens": 205},
}).encode()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def values_of(number: int) -> dict[str, Any]:
    """Return the fields of a run: a question, and an answer of some hundred characters."""
    answer = f"It is the city on the river, number {number}. " * 8
    return {"inputs": {"question": "Which city?"}, "outputs": {"answer": answer}}


def seconds(work: Callable[[int], object], numbers: range) -> float:
    """Return the CPU seconds a call takes on average."""
    began = time.process_time()
    for number in numbers:
        work(number)
    return (time.process_time() - began) / len(numbers)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures = measured(url, Path(folder), asked.calls, asked.rounds, asked.profile)
    finally:
        server.kill()
        server.wait()
    if asked.as_json:
        print(json.dumps(figures))
        return 0
    for name in ("http", "sdk", "judge", "known"):
        print(f"{name:8} {figures[name] * 1e6:8.0f} us a call")
    print(f"overhead of the judge / the SDK's whole call  {figures['overhead_share']:.2f}")
    print(f"the judge's whole call / the SDK's            {figures['whole_share']:.2f}")
    return 0


def measured(url: str, folder: Path, calls: int, rounds: int, profile: bool) -> dict[str, float]:
    """Return the least CPU seconds a call of each kind, and the ratios."""
    settings = JudgeSettings(
        model="m", prompt=PROMPT, base_url=url, price=(1.0, 2.0), temperature=0.0
    )
    judging = Judging("helpful", settings)
    session.configure(folder, budget=1e9)
    client = judging.client(session.current())
    plain = httpx.Client()
    sdk = openai.OpenAI(api_key="k", base_url=url, max_retries=0)

    def body(number: int) -> dict[str, Any]:
        return client._body(judging.messages(values_of(number)))

    bodies = [body(number) for number in range(calls)]
    sent = [json.dumps(each).encode() for each in bodies]
    headers = {"content-type": "application/json", "authorization": "Bearer k"}

    def by_http(number: int) -> object:
        reply = plain.post(f"{url}/chat/completions", content=sent[number], headers=headers)
        return reply.content

    def by_sdk(number: int) -> object:
        said = sdk.chat.completions.create(**bodies[number])
        return json.loads(said.choices[0].message.content or "")

    found: dict[str, list[float]] = {}
    for turn in range(rounds):
        fresh = range((turn + 1) * 10**6, (turn + 1) * 10**6 + calls)
        for name, work, numbers in (
            ("http", by_http, range(calls)),
            ("sdk", by_sdk, range(calls)),
            ("judge", lambda number: judging.score(values_of(number)), fresh),
            ("known", lambda number: judging.score(values_of(number)), fresh),
        ):
            found.setdefault(name, []).append(seconds(work, numbers))
    if profile:
        with cProfile.Profile() as seen:
            seconds(lambda number: judging.score(values_of(number)), range(-calls, 0))
        pstats.Stats(seen).sort_stats("tottime").print_stats(45)
    least = {name: min(each) for name, each in found.items()}
    return {
        **least,
        "overhead_share": (least["judge"] - least["http"]) / least["sdk"],
        "whole_share": least["judge"] / least["sdk"],
    }


if __name__ == "__main__":
    sys.exit(main())
