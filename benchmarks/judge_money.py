"""What a ledger says of money against what a server billed, while everything goes wrong.

    python benchmarks/judge_money.py                      # 20 seeds of 1,000 runs, ten with kill -9
    python benchmarks/judge_money.py --seeds 3 --runs 100

A scripted server bills some answers and then drops the connection or cuts the body, refuses,
limits, filters, answers without a verdict or not to the end. It keeps a book: what it billed, and
whether the whole answer left it. In half of the seeds evalkit is killed twice, at a question of the
server's choice, and started again. Then `spent` of the ledger must be the delivered part of the
book to the cent, the book must lie between `spent` and `spent + uncertain`, and each run is judged
or says why not. After a kill nobody but the server knows which answers arrived: there the book lies
between the two, and the gap is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PRICE = (3.0, 15.0)
VERDICT = json.dumps({"reasoning": "because", "verdict": "pass"})
FAULTS = {
    "good": 70, "unbilled drop": 4, "billed drop": 4, "billed cut": 4, "limit": 4, "broken": 2,
    "flagged": 3, "too long": 3, "filtered": 2, "no verdict": 3, "stated total": 1,
}  # fmt: skip
JUDGE = """
from evalkit.evaluators.judge.judge import judge

helpful = judge(
    "helpful", model="m", prompt="Answer: {{ outputs.answer }} Is it of help?",
    price=[3.0, 15.0], max_tokens=400, concurrency=8,
)
"""


@dataclass
class Book:
    """What a server billed: money that left it whole, and money whose answer was lost."""

    delivered: float = 0.0
    lost: float = 0.0
    lost_answers: int = 0
    asked: int = 0
    did: Counter[str] = field(default_factory=Counter)

    @property
    def billed(self) -> float:
        """All that was billed."""
        return self.delivered + self.lost


class Server:
    """Chat completions with faults drawn from a seed; `kill_at` kills a process at a question."""

    def __init__(self, seed: int) -> None:
        self.book, self.lock, self._random = Book(), threading.Lock(), random.Random(seed)
        self.victim: subprocess.Popen[bytes] | None = None
        self.kill_at: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                """Keep quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except (ConnectionError, ValueError, OSError):
                    self.close_connection = True

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *args: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()

    def answer(self, to: Any) -> None:
        """Answer a question as drawn, and write it into the book."""
        with self.lock:
            self.book.asked += 1
            number = self.book.asked
            what = self._random.choices(list(FAULTS), FAULTS.values())[0]
            given, taken = self._random.randint(20, 60), self._random.randint(5, 300)
            self.book.did[what] += 1
            if self.kill_at and number >= self.kill_at[0] and self.victim is not None:
                self.kill_at.pop(0)
                self.victim.send_signal(signal.SIGKILL)
        status, body = reply_of(what, given, taken)
        cost = (given * PRICE[0] + taken * PRICE[1]) / 1e6 if billed(what) else 0.0
        whole = what not in ("billed drop", "billed cut")
        if what in ("unbilled drop", "billed drop"):
            to.close_connection = True
            self._bill(cost, whole)
            return
        head = f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n"
        head += "retry-after: 0\r\n" if status in (429, 500) else ""
        head += f"content-length: {len(body)}\r\n\r\n"
        self._bill(cost, whole)
        to.wfile.write(head.encode() + (body if whole else body[: len(body) // 2]))
        to.wfile.flush()
        if not whole:
            to.close_connection = True

    def _bill(self, cost: float, whole: bool) -> None:
        with self.lock:
            if whole:
                self.book.delivered += cost
            else:
                self.book.lost += cost
                self.book.lost_answers += 1


def billed(what: str) -> bool:
    """Say whether a server bills an answer of this kind."""
    return what not in ("unbilled drop", "limit", "broken", "flagged")


def reply_of(what: str, given: int, taken: int) -> tuple[int, bytes]:
    """Return (status, body) of an answer with so many tokens."""
    refusals = {
        "limit": (429, "slow down"),
        "broken": (500, "server_error"),
        "flagged": (400, "flagged by our content policy"),
    }
    if what in refusals:
        status, words = refusals[what]
        return status, json.dumps({"error": {"message": words}}).encode()
    finish = {"too long": "length", "filtered": "content_filter"}.get(what, "stop")
    said = "I like it." if what == "no verdict" else VERDICT
    usage = {"prompt_tokens": given, "completion_tokens": taken, "total_tokens": given + taken}
    if what == "stated total":
        usage["completion_tokens"] = 1  # the rest was thinking
    message = {"role": "assistant", "content": said}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return 200, json.dumps({"model": "m", "choices": [choice], "usage": usage}).encode()


@dataclass(frozen=True)
class Outcome:
    """What one seed came to."""

    seed: int
    kills: int
    commands: int
    book: Book
    spent: float
    uncertain: float
    unanswered: int
    outcomes: dict[str, int]
    over_budget: bool

    @property
    def gap(self) -> float:
        """Money billed that the ledger does not call spent."""
        return self.book.billed - self.spent

    def faults(self, runs: int) -> list[str]:
        """Return what is not as it must be."""
        cent = 1e-9  # far below: nothing is rounded
        found = []
        if self.spent > self.book.billed + cent:
            found.append("more counted than was billed")
        if self.book.billed > self.spent + self.uncertain + cent:
            found.append("more billed than spent and uncertain together")
        if not self.kills and abs(self.spent - self.book.delivered) > cent:
            found.append("an answer that arrived is not counted as it was billed")
        if sum(self.outcomes.values()) != runs or self.outcomes.get("missing"):
            found.append(f"cells are missing: {self.outcomes}")
        if self.over_budget:
            found.append("more was billed than the budget")
        return found


def make_project(folder: Path, runs: int) -> None:
    """Write a project with one experiment and a judge."""
    rows = [
        {"run_id": f"r{n}", "status": "success", "outputs": {"answer": f"Answer {n}."}}
        for n in range(runs)
    ]
    (folder / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "evalkit.toml").write_text(
        '[experiments.one]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
    )
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "e.py").write_text(JUDGE)


def simulate(seed: int, runs: int, kills: int = 0) -> Outcome:
    """Judge `runs` runs, killed so many times, and hold the ledger against the server's book."""
    draw = random.Random(f"kills {seed}")
    server = Server(seed)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_project(folder, runs)
            server.kill_at = sorted(draw.randrange(runs // 20, runs) for _ in range(kills))
            before = len(server.kill_at)
            commands, budget, over = 0, runs * 0.0008, False
            command(server, folder, "fetch", "one")
            while commands < kills + 8:
                commands += 1
                began = server.book.billed
                limited = commands == 1 and not kills  # the first command has half of the money
                more = ["--budget", str(budget)] if limited else []
                code = command(server, folder, "score", "one", "--max-errors", str(runs), *more)
                over = over or (limited and server.book.billed - began > budget)
                if code == 0:
                    break
            ledger = json.loads((folder / ".evalkit/.judges/ledger.json").read_bytes())
            document = json.loads(output(folder, "score", "one", "--json", "--max-errors", "9999"))
            (scores,) = document["summary"]["scores"].values()
            return Outcome(
                seed=seed,
                kills=before - len(server.kill_at),
                commands=commands,
                book=server.book,
                spent=ledger["spent"],
                uncertain=ledger["uncertain"],
                unanswered=ledger["unanswered"],
                outcomes={k: v for k, v in scores["outcomes"].items() if v},
                over_budget=over,
            )
    finally:
        server.close()


def command(server: Server, folder: Path, *args: str) -> int:
    """Run evalkit, which the server may kill; return its exit code."""
    environment = {**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k"}
    process = subprocess.Popen(
        [sys.executable, "-m", "evalkit", *args],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server.victim = process if args[0] == "score" else None
    return process.wait()


def output(folder: Path, *args: str) -> bytes:
    """Return what evalkit prints; everything is judged, so nobody is asked."""
    environment = {**os.environ, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *args],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=True,
    ).stdout


def main() -> int:
    """Simulate, print a line a seed, and return 1 where one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=1000)
    asked = parser.parse_args()
    wrong = 0
    print("seed kills commands  asked     billed      spent  gap (lost answers)  uncertain")
    for seed in range(asked.seeds):
        done = simulate(seed, asked.runs, kills=2 if seed % 2 else 0)
        faults = done.faults(asked.runs)
        wrong += bool(faults)
        print(
            f"{seed:4} {done.kills:5} {done.commands:8} {done.book.asked:6} "
            f"{done.book.billed:10.6f} {done.spent:10.6f} {done.gap:9.6f} "
            f"({done.book.lost_answers:3}) {done.uncertain:12.6f}  "
            f"{'; '.join(faults) or 'right'}",
            flush=True,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
