"""What reading a format costs: CPU a megabyte, as a ratio to evalkit's own JSON Lines.

    python benchmarks/formats.py [--runs 400]

Every file holds runs of the same size (a question, an answer of 2,000 characters, eight steps or
messages of 700); the least of three readings counts, all in one process.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.records import RecordsFetcher

WORDS = "the quick brown fox asks nine questions of a lazy dog and answers none; "
TARGET = 1.5
AT = "2026-05-01T10:00:"


def text(size: int, seed: int) -> str:
    """Return text of a size."""
    return (f"{seed} " + WORDS * (size // len(WORDS) + 1))[:size]


def lines(rows: list[Any]) -> str:
    """Return rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def usage(number: int) -> dict[str, int]:
    """Return counts of a call."""
    return {"prompt_tokens": 100 + number % 7, "completion_tokens": 20}


def own(count: int) -> str:
    """Return evalkit's own lines."""
    return lines([
        {"run_id": f"r{n}", "example_id": f"e{n}", "inputs": {"q": text(200, n)},
         "outputs": {"a": text(2000, n)}, "started_at": f"{AT}00Z", "ended_at": f"{AT}09Z",
         "usage": {"input_tokens": 100, "output_tokens": 20},
         "steps": [{"step_id": str(k), "kind": "tool" if k % 2 else "llm", "name": "step",
                    "inputs": {"x": text(350, k)}, "outputs": text(350, k),
                    "started_at": f"{AT}0{k}Z", "ended_at": f"{AT}0{k}Z"} for k in range(8)]}
        for n in range(count)
    ])  # fmt: skip


def chat(n: int) -> list[dict[str, Any]]:
    """Return a conversation with four tool calls."""
    found: list[dict[str, Any]] = [{"role": "user", "content": text(200, n)}]
    for k in range(4):
        function = {"name": "find", "arguments": json.dumps({"q": text(300, k)})}
        call = {"id": f"c{k}", "type": "function", "function": function}
        found.append({"role": "assistant", "content": text(300, k), "tool_calls": [call]})
        found.append({"role": "tool", "tool_call_id": f"c{k}", "content": text(700, k)})
    return [*found, {"role": "assistant", "content": text(2000, n)}]


def mapped(count: int) -> str:
    """Return a chat a line."""
    return lines([{"id": n, "chat": chat(n), "usage": usage(n), "ms": 100 + n, "ok": True}
                  for n in range(count)])  # fmt: skip


def table(count: int) -> str:
    """Return a CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "q", "a", "ms", "ok"])
    writer.writerows([n, text(3500, n), text(4000, n), 100 + n, "true"] for n in range(count))
    return out.getvalue()


def promptfoo(count: int) -> str:
    """Return promptfoo's rows."""
    return lines([
        {"id": f"r{n}", "testIdx": n, "promptIdx": 0, "vars": {"x": text(3000, n)}, "testCase": {},
         "provider": {"id": "m"}, "failureReason": 0, "success": True, "score": 1, "latencyMs": 20,
         "namedScores": {"len": 0.5}, "gradingResult": {"reason": text(200, n)}, "cost": 0.1,
         "response": {"output": text(4500, n), "tokenUsage": {"prompt": 4, "completion": 2}}}
        for n in range(count)
    ])  # fmt: skip


def lm_eval(count: int) -> str:
    """Return lm-eval's samples."""
    return lines([
        {"doc_id": n, "doc": {"q": text(2000, n)}, "target": "4", "filter": "none",
         "metrics": ["acc"], "arguments": {"gen_args_0": {"arg_0": text(2500, n)}},
         "resps": [[text(1500, n)]], "filtered_resps": [text(1500, n)], "acc": 1}
        for n in range(count)
    ])  # fmt: skip


def batch(count: int) -> str:
    """Return answers of OpenAI's batches."""
    return lines([
        {"id": f"b{n}", "custom_id": f"q{n}", "error": None,
         "response": {"status_code": 200, "body": {
             "id": "x", "object": "chat.completion", "model": "m", "usage": usage(n),
             "choices": [{"index": 0, "finish_reason": "stop",
                          "message": {"role": "assistant", "content": text(7500, n)}}]}}}
        for n in range(count)
    ])  # fmt: skip


def session(count: int) -> str:
    """One long session of Claude Code: a call, a tool and its result in each round."""
    rows: list[Any] = [{"type": "user", "sessionId": "s", "uuid": "u", "timestamp": f"{AT}00Z",
                        "message": {"role": "user", "content": "Go"}}]  # fmt: skip
    for n in range(count * 4):
        stamp = {"sessionId": "s", "timestamp": f"{AT}01Z"}
        use = {"type": "tool_use", "id": f"t{n}", "name": "Bash",
               "input": {"command": text(400, n)}}  # fmt: skip
        rows.append(
            {
                **stamp,
                "type": "assistant",
                "uuid": f"a{n}",
                "message": {
                    "id": f"m{n}",
                    "role": "assistant",
                    "model": "m",
                    "content": [use],
                    "usage": {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3},
                },
            }
        )
        answer = {"type": "tool_result", "tool_use_id": f"t{n}", "content": text(1200, n)}
        said = {"role": "user", "content": [answer]}
        rows.append({**stamp, "type": "user", "uuid": f"b{n}", "message": said})
    return lines(rows)


def deepeval(count: int) -> str:
    """Return a test run of deepeval."""
    cases = [{"name": f"c{n}", "input": text(3000, n), "actualOutput": text(4500, n),
              "completionTime": 1.5, "success": True,
              "metricsData": [{"name": "Rel", "score": 1.0, "threshold": 0.5}]}
             for n in range(count)]  # fmt: skip
    return json.dumps({"testRunData": {"testCases": cases}})


def mini(count: int) -> str:
    """Return one long trajectory of mini-swe-agent."""
    messages = [message for n in range(count) for message in chat(n)]
    return json.dumps({"info": {"exit_status": "Submitted", "submission": "x", "mini_version": "2",
                                "model_stats": {"instance_cost": 1, "api_calls": count}},
                       "messages": messages,
                       "trajectory_format": "mini-swe-agent-1.1"})  # fmt: skip


CHAT = {"run_id": "id", "messages": "chat", "usage": "usage", "duration_s": "ms / 1000",
        "feedback.ok": "ok"}  # fmt: skip
CELLS = {"run_id": "id", "inputs": "{q: q}", "outputs": "{a: a}", "duration_s": "ms / 1000"}
FILES: list[tuple[str, str, Callable[[int], str], dict[str, str] | None]] = [
    ("evalkit JSON Lines", "own.jsonl", own, None),
    ("records, chats", "chats.jsonl", mapped, CHAT),
    ("records, CSV", "table.csv", table, CELLS),
    ("promptfoo", "promptfoo.jsonl", promptfoo, None),
    ("lm-eval", "samples_t_2026-05-01T10-00-00.jsonl", lm_eval, None),
    ("OpenAI batch", "batch.jsonl", batch, None),
    ("Claude Code session", "session.jsonl", session, None),
    ("deepeval", "deepeval.json", deepeval, None),
    ("mini-swe-agent", "one.traj.json", mini, None),
]


def reading(path: Path, fields: dict[str, str] | None) -> float:
    """Return the least CPU seconds of three readings."""
    best = float("inf")
    for _ in range(3):
        context = FetchContext("bench", path.parent)
        options: dict[str, Any] = {"path": path.name}
        made = RecordsFetcher({**options, "fields": fields}, context) if fields else AutoFetcher(
            options, context)  # fmt: skip
        gc.collect()
        start = time.process_time()
        assert sum(1 for _ in made.runs())
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print a row for each format."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=400)
    count = asked.parse_args().runs
    floor = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, file, build, fields in FILES:
            path = Path(folder) / file
            path.write_text(build(count), "utf-8")
            size = path.stat().st_size / 1e6
            each = reading(path, fields) / size
            floor = floor or each
            over = "  above the target" if each > TARGET * floor else ""
            print(f"{name:22} {size:6.1f} MB {each * 1000:7.2f} ms/MB  x {each / floor:.2f}{over}")


if __name__ == "__main__":
    main()
