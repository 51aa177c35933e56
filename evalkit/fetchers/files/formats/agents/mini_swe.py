"""mini-swe-agent: `.traj.json` files, one session each; any end but `Submitted` is no success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.agents.transcript import Transcript, text_in
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.run import Run
from evalkit.model.usage import Usage

FORMAT = "mini-swe-agent"
LIMITS = frozenset({"LimitsExceeded", "TimeExceeded"})
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a document is a trajectory of mini-swe-agent."""
    if str(sample.first.get("trajectory_format", "")).startswith(FORMAT):
        return True
    info = sample.first.get("info")
    return isinstance(info, dict) and "mini_version" in info and "messages" in sample.first


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a file."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            if isinstance(row.value, Mapping) and isinstance(row.value.get("messages"), list):
                yield Item(_run(row.value, file.shown), digest(row.value), row.where)
            else:
                reading.findings.break_at(row.where, "not a trajectory of mini-swe-agent")


def _run(document: Line, where: str) -> Run:
    info, transcript = document.get("info") or {}, Transcript()
    model = ((info.get("config") or {}).get("model") or {}).get("model_name")
    prompt = None
    for number, message in enumerate(document["messages"]):
        extra = message.get("extra") or {}
        time = transcript.see(extra.get("timestamp"))
        role = message.get("role")
        if role != "exit":
            transcript.messages.append({k: v for k, v in message.items() if k != "extra"})
        if role == "user" and prompt is None:
            prompt = text_in(message.get("content"))
        elif role == "assistant":
            _answer(transcript, message, number, time, model)
        elif role == "tool":
            known = transcript.tool(str(message.get("tool_call_id")), ended_at=time)
            known["outputs"] = extra.get("raw_output", message.get("content"))
            if extra.get("exception_info") or extra.get("returncode") not in (None, 0):
                known["error"] = str(extra.get("exception_info") or f"code {extra['returncode']}")
    status = str(info.get("exit_status") or "unknown")
    done, cost = status == "Submitted", (info.get("model_stats") or {}).get("instance_cost")
    return transcript.run(
        where,
        name=FORMAT,
        thread_id=None,
        example_id=info.get("instance_id") or document.get("instance_id"),
        usage=Usage(total_cost=float(cost)) if isinstance(cost, int | float) else None,
        inputs={"prompt": prompt} if prompt is not None else None,
        outputs={"submission": info.get("submission")},
        error=None if done else status,
        status="success" if done else "timeout" if status in LIMITS else "error",
        metadata={"model": model, "exit_status": status, "version": info.get("mini_version")},
    )


def _answer(transcript: Transcript, message: Line, number: int, time: Any, model: Any) -> None:
    extra = message.get("extra") or {}
    cost = extra.get("cost")
    usage = ((extra.get("response") or {}).get("usage")) or {}
    if isinstance(cost, int | float):
        usage = {**usage, "cost": cost}
    transcript.model(
        f"message-{number}", name=model, ended_at=time, usage=usage or None,
        outputs={"content": message.get("content")}, metadata={"model": model},
    )  # fmt: skip
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        transcript.tool(
            str(call.get("id")), name=function.get("name"), inputs=function.get("arguments"),
            started_at=time,
        )  # fmt: skip
