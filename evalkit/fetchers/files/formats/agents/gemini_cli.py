"""Gemini CLI: session files, `stream-json`, and its `json` result alone.

A session's lines are messages and `{"$set": {...}}`, which changes the session; a model's line is
written again under its id once its tools are done, and the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.agents.transcript import UNANSWERED, Transcript, text_in
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.run import Run
from evalkit.model.usage import total_usage

ADDED = "<session_context>"
"""How the message begins that the tool itself puts first."""
CANCELLED = "Request cancelled"
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a file is a session, a stream or a result of Gemini CLI."""
    first = sample.first
    if "sessionId" in first and "projectHash" in first:
        return True
    if first.get("type") == "init" and "session_id" in first and "model" in first:
        return True
    stats = first.get("stats")
    return "response" in first and isinstance(stats, dict) and "models" in stats


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a file."""
    for file in files:
        rows = [row.value for row in read_rows(file, Selection(None), reading.findings)]
        lines = [each for each in rows if isinstance(each, Mapping)]
        if not lines:
            reading.findings.break_at(file.shown, "no line of a Gemini CLI session in it")
            continue
        yield Item(_run(lines, file.shown), digest(rows), file.shown)


def _run(lines: list[Line], where: str) -> Run:
    first = lines[0]
    if "response" in first or ("stats" in first and "type" not in first):
        return _result(first, where)
    if any(line.get("type") == "init" for line in lines):
        return _stream(lines, where)
    return _session(lines, where)


def _session(lines: list[Line], where: str) -> Run:
    """Return the run of a session: one JSON document, or lines to be put together."""
    about: dict[str, Any] = {}
    messages: dict[str, Line] = {}
    for line in lines:
        change = line.get("$set")
        if isinstance(change, Mapping):
            about |= change
            if isinstance(change.get("messages"), list):
                messages = {str(each.get("id")): each for each in change["messages"]}
        elif "id" in line and "type" in line:
            messages[str(line["id"])] = line
        else:
            about |= line
            for each in line.get("messages") or ():
                messages[str(each.get("id"))] = each
    transcript = Transcript()
    prompt = answer = error = None
    status = UNANSWERED
    for message in messages.values():
        time = transcript.see(message.get("timestamp"))
        text = text_in(message.get("content"))
        if message.get("type") == "gemini":
            _model_call(transcript, message, time)
            answer, error = text or answer, None
            status = "success" if text else UNANSWERED
        elif message.get("type") == "error":
            error, status = text or "error", "error"
        elif message.get("type") == "info" and text.startswith(CANCELLED):
            status = "interrupted"
        elif message.get("type") == "user":
            transcript.messages.append({"role": "user", "content": message.get("content")})
            if prompt is None and text and not text.startswith(ADDED):
                prompt = text
    return transcript.run(
        str(about.get("sessionId") or where),
        name="gemini-cli",
        inputs={"prompt": prompt} if prompt is not None else None,
        outputs={"answer": answer} if answer is not None else None,
        error=error,
        status=status,
        metadata={name: about[name] for name in ("kind", "projectHash") if name in about},
    )


def _model_call(transcript: Transcript, message: Line, time: Any) -> None:
    call_id, model = str(message.get("id")), message.get("model")
    transcript.model(
        call_id, name=model, usage=message.get("tokens"), started_at=time, ended_at=time,
        outputs={"content": message.get("content"), "thoughts": message.get("thoughts")},
        metadata={"model": model},
    )  # fmt: skip
    calls = message.get("toolCalls") or ()
    transcript.messages.append({
        "role": "model",
        "content": message.get("content"),
        "tool_calls": [{"id": c.get("id"), "name": c.get("name"), "args": c.get("args")}
                       for c in calls],
    })  # fmt: skip
    for call in calls:
        ended = transcript.see(call.get("timestamp"))
        known = transcript.tool(
            str(call.get("id")), name=call.get("name"), inputs=call.get("args"),
            outputs=call.get("result"), started_at=time, ended_at=ended,
        )  # fmt: skip
        if call.get("status") not in (None, "success"):
            known["error"] = str(call.get("resultDisplay") or call["status"])


def _stream(lines: list[Line], where: str) -> Run:
    """Return the run of a stream: its last line has the counts, which leave thoughts out."""
    transcript = Transcript()
    prompt = model = None
    session, said = where, list[str]()
    result: Line = {}
    for line in lines:
        kind, time = line.get("type"), transcript.see(line.get("timestamp"))
        if kind == "init":
            session, model = str(line.get("session_id")), line.get("model")
        elif kind == "message" and line.get("role") == "user":
            prompt = prompt or line.get("content")
            said = []
        elif kind == "message":
            said = (
                [*said, str(line.get("content"))] if line.get("delta") else [str(line["content"])]
            )
        elif kind == "tool_use":
            said = []
            transcript.tool(str(line.get("tool_id")), name=line.get("tool_name"),
                            inputs=line.get("parameters"), started_at=time)  # fmt: skip
        elif kind == "tool_result":
            known = transcript.tool(str(line.get("tool_id")))
            known.update(outputs=line.get("output"), ended_at=time)
            if line.get("status") not in (None, "success"):
                known["error"] = str(line.get("output") or line["status"])
        elif kind == "result":
            result = line
    stats = result.get("stats") or {}
    answer = "".join(said)
    return transcript.run(
        session,
        usage=_streamed(stats),
        name="gemini-cli",
        inputs={"prompt": prompt} if prompt is not None else None,
        outputs={"answer": answer} if answer else None,
        metadata={"model": model} if model else {},
        **_ended(result.get("status"), result.get("error"), stats.get("duration_ms")),
    )


def _streamed(stats: Line) -> Any:
    """Read the counts of a stream; what the total has beyond both parts are the thoughts."""
    counts = [stats.get(name) for name in ("input_tokens", "output_tokens", "total_tokens")]
    sent, said, total = (each if isinstance(each, int) else None for each in counts)
    if sent is None or said is None or total is None:
        return None
    return usage_or_note({
        "promptTokenCount": sent,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": max(total - sent - said, 0),
        "cachedContentTokenCount": stats.get("cached"),
        "totalTokenCount": total,
    })  # fmt: skip


def _result(document: Line, where: str) -> Run:
    """Return the run of `--output-format json`: the answer and the counts of each model."""
    stats = document.get("stats") or {}
    counts = {
        name: {
            "promptTokenCount": tokens.get("prompt", tokens.get("input")),
            "candidatesTokenCount": tokens.get("candidates"),
            "thoughtsTokenCount": tokens.get("thoughts"),
            "cachedContentTokenCount": tokens.get("cached"),
            "totalTokenCount": tokens.get("total"),
        }
        for name, each in (stats.get("models") or {}).items()
        if isinstance(tokens := each.get("tokens"), Mapping)
    }
    transcript = Transcript()
    error = document.get("error")
    usages = [usage_or_note(each) for each in counts.values()]
    return transcript.run(
        str(document.get("session_id") or where),
        usage=total_usage(usages),
        name="gemini-cli",
        outputs={"answer": document["response"]} if document.get("response") is not None else None,
        metadata={"models": list(counts), "tools": stats.get("tools")},
        steps_recorded=False,
        **_ended("error" if error else "success", error, None),
    )


def _ended(status: Any, error: Any, milliseconds: Any) -> dict[str, Any]:
    """Return how the run ended and how long it took, as far as its last line says."""
    said = error.get("message") if isinstance(error, Mapping) else error
    found: dict[str, Any] = {"status": str(status) if status else "unknown"}
    if said:
        found["error"] = str(said)
    if isinstance(milliseconds, int | float):
        found |= {"duration_s": milliseconds / 1000, "ended_at": None}
    return found
