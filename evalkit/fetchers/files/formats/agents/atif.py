"""ATIF: trajectories of agents in Harbor's interchange format (versions 1.x)."""

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
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.run import Run

PREFIX = "ATIF-"
CALL = ("id", "name", "args")
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a document is a trajectory."""
    return str(sample.first.get("schema_version", "")).startswith(PREFIX)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a trajectory."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            if isinstance(row.value, Mapping) and isinstance(row.value.get("steps"), list):
                yield Item(to_run(row.value, file.shown), digest(row.value), row.where)
            else:
                reading.findings.break_at(row.where, "not a trajectory of ATIF")


def to_run(document: Line, where: str) -> Run:
    """Return the run of a trajectory; it does not say how the run ended but by its being there."""
    transcript, prompt, answer = read_steps(document)
    agent = document.get("agent") or {}
    return transcript.run(
        str(document.get("session_id") or document.get("trajectory_id") or where),
        name=agent.get("name"),
        usage=usage_or_note(document.get("final_metrics")),
        inputs={"prompt": prompt} if prompt is not None else None,
        outputs={"answer": answer} if answer is not None else None,
        metadata={k: agent[k] for k in ("name", "version", "model_name") if agent.get(k)},
    )


def read_steps(document: Line) -> tuple[Transcript, str | None, str | None]:
    """Return the calls of a trajectory, the first words of the user and the last of the agent."""
    transcript = Transcript()
    prompt = answer = None
    agent = document.get("agent") or {}
    for step in document.get("steps") or ():
        time, text = transcript.see(step.get("timestamp")), text_in(step.get("message"))
        source = step.get("source")
        if source != "agent":
            role = "user" if source == "user" else "system"
            transcript.messages.append({"role": role, "content": step.get("message")})
            prompt = prompt or (text if source == "user" else None)
            continue
        model = step.get("model_name") or agent.get("model_name")
        transcript.model(
            f"step-{step.get('step_id')}", name=model, usage=step.get("metrics"), started_at=time,
            outputs={"content": step.get("message"), "reasoning": step.get("reasoning_content")},
            metadata={"model": model},
        )  # fmt: skip
        answer = text or answer
        _calls(transcript, step, time)
    return transcript, prompt, answer


def _calls(transcript: Transcript, step: Line, time: Any) -> None:
    calls = step.get("tool_calls") or []
    names = ("tool_call_id", "function_name", "arguments")
    transcript.messages.append({
        "role": "assistant",
        "content": step.get("message"),
        "tool_calls": [dict(zip(CALL, map(c.get, names), strict=True)) for c in calls],
    })  # fmt: skip
    for call in calls:
        transcript.tool(
            str(call.get("tool_call_id")), name=call.get("function_name"),
            inputs=call.get("arguments"), started_at=time,
        )  # fmt: skip
    for result in (step.get("observation") or {}).get("results") or ():
        call_id = result.get("source_call_id")
        content = result.get("content")
        transcript.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        if call_id is not None and transcript.has_tool(str(call_id)):
            known = transcript.tool(str(call_id), outputs=content)
            if (result.get("extra") or {}).get("tool_result_is_error"):
                known["error"] = text_in(content) or "error"
