"""opencode: `opencode export SESSION`, one document with the messages and their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.agents.transcript import UNANSWERED, Transcript
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import to_error
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.run import Run

ABORTED = "MessageAbortedError"
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a document is an export of opencode."""
    info = sample.first.get("info")
    return isinstance(info, dict) and "messages" in sample.first and "projectID" in info


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a session."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            if isinstance(row.value, Mapping) and isinstance(row.value.get("info"), Mapping):
                yield Item(_run(row.value), digest(row.value), row.where)
            else:
                reading.findings.break_at(row.where, "not an export of opencode")


def _run(document: Line) -> Run:
    info, transcript = document["info"], Transcript()
    prompt = answer = error = None
    status = UNANSWERED
    for message in document.get("messages") or ():
        about, parts = message.get("info") or {}, message.get("parts") or []
        times = about.get("time") or {}
        start, end = transcript.see(times.get("created")), transcript.see(times.get("completed"))
        text = "\n".join(str(p["text"]) for p in parts if p.get("type") == "text" and "text" in p
                         and not p.get("synthetic"))  # fmt: skip
        if about.get("role") == "user":
            transcript.messages.append({"role": "user", "content": text})
            prompt = prompt or _unquoted(text)
            continue
        model = about.get("modelID")
        transcript.model(
            str(about.get("id")), name=model, started_at=start, ended_at=end, outputs=parts,
            usage={"tokens": about.get("tokens"), "cost": about.get("cost")},
            error=_error(about.get("error")),
            metadata={"model": model, "provider": about.get("providerID")},
        )  # fmt: skip
        transcript.messages.append({"role": "assistant", "content": text})
        for part in parts:
            if part.get("type") == "tool":
                _tool(transcript, part)
        if not about.get("summary"):
            answer = text or answer
        error = _error(about.get("error"))
        status = "success" if "completed" in times else UNANSWERED
        if error:
            status = "interrupted" if ABORTED in error else "error"
    return transcript.run(
        str(info.get("id")),
        name="opencode",
        usage=usage_or_note({"tokens": info.get("tokens"), "cost": info.get("cost")}),
        inputs={"prompt": prompt} if prompt is not None else None,
        outputs={"answer": answer} if answer is not None else None,
        error=error,
        status=status,
        metadata={k: info[k] for k in ("title", "agent", "version", "directory") if info.get(k)},
    )


def _error(raw: Any) -> str | None:
    """Return the text of an error, whose message stands in its data."""
    data = raw.get("data") if isinstance(raw, Mapping) else None
    if isinstance(data, Mapping) and isinstance(data.get("message"), str):
        return f"{raw.get('name') or 'error'}: {data['message']}"
    return to_error(raw)


def _tool(transcript: Transcript, part: Line) -> None:
    state = part.get("state") or {}
    times = state.get("time") or {}
    known = transcript.tool(
        str(part.get("callID") or part.get("id")), name=part.get("tool"),
        inputs=state.get("input"), outputs=state.get("output"),
        started_at=transcript.see(times.get("start")), ended_at=transcript.see(times.get("end")),
    )  # fmt: skip
    code = (state.get("metadata") or {}).get("exit")
    if state.get("status") == "error" or code not in (None, 0):
        known["error"] = to_error(state.get("error")) or f"exit code {code}"


def _unquoted(text: str) -> str:
    """Return a prompt without the quotation marks the tool puts around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
