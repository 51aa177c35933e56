"""Codex: rollout files of sessions, and the events of `codex exec --json`.

A rollout holds the conversation twice; `response_item` is read. Its counts are cumulative: the last
one is the total. The first `user` and `developer` messages are context that the tool adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

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

ROLLOUT = frozenset(
    {"session_meta", "turn_context", "response_item", "event_msg", "world_state", "compacted"}
)
ADDED = ("<environment_context>", "<user_instructions>", "<skills_instructions>", "# AGENTS.md")
"""What the tool itself puts before the user's first words."""
EXIT = re.compile(r"^(?:Process exited with code|Exit code:?) (-?\d+)", re.MULTILINE)
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a file is a rollout or a stream of events."""
    first = sample.first
    if (first.get("type") in ROLLOUT and "payload" in first) or _is_bare(first):
        return True
    return first.get("type") == "thread.started" and "thread_id" in first


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a file."""
    for file in files:
        rows = [row.value for row in read_rows(file, Selection(None), reading.findings)]
        lines = [each for each in rows if isinstance(each, Mapping)]
        if not lines:
            reading.findings.break_at(file.shown, "no line of a Codex session in it")
            continue
        bare = _is_bare(lines[0])
        lines = _enveloped(lines) if bare else lines
        rollout = any("payload" in each for each in lines)
        run = (
            _Rollout(counted=not bare).run(lines, file.shown)
            if rollout
            else _events(lines, file.shown)
        )
        yield Item(run, digest(rows), file.shown)


def _is_bare(first: Line) -> bool:
    """Tell whether a rollout begins as those of 2025 do: with the session, and no type."""
    return first.keys() >= {"id", "timestamp", "instructions"} and "type" not in first


def _enveloped(lines: list[Line]) -> list[Line]:
    """Return the lines of an older rollout as they are written today; its times are none."""
    head = {"type": "session_meta", "payload": lines[0], "timestamp": lines[0]["timestamp"]}
    return [head, *({"type": "response_item", "payload": line, "timestamp": line.get("timestamp")}
                    for line in lines[1:] if "type" in line)]  # fmt: skip


class _Rollout:
    """What the lines of a rollout say."""

    def __init__(self, *, counted: bool = True) -> None:
        self.transcript = Transcript()
        self.counted = counted
        """Whether a call ends where its tokens are counted; else where a tool answers."""
        self.about: dict[str, Any] = {}
        self.session: str | None = None
        self.prompt: str | None = None
        self.answer: str | None = None
        self.error: str | None = None
        self.cancelled = False
        self.total: Any = None
        self.seconds = 0.0
        self.first_token: float | None = None
        self._open: str | None = None
        self._calls = 0

    def run(self, lines: list[Line], where: str) -> Run:
        """Return the run of a rollout's lines."""
        for line in lines:
            payload = line.get("payload")
            if isinstance(payload, Mapping):
                time = self.transcript.see(line.get("timestamp"))
                self._take(str(line.get("type")), payload, time)
        status = "interrupted" if self.cancelled else "error" if self.error else "success"
        return self.transcript.run(
            self.session or where,
            usage=usage_or_note(self.total),
            name="codex",
            inputs={"prompt": self.prompt} if self.prompt is not None else None,
            outputs={"answer": self.answer} if self.answer is not None else None,
            error=self.error,
            status=status,
            metadata=self.about,
            first_token_s=self.first_token,
        )

    def _take(self, kind: str, payload: Line, time: Any) -> None:
        if kind == "session_meta":
            named = str(payload.get("id") or payload.get("session_id"))
            self.session = self.session or named  # a fork repeats its parent's behind its own
            names = ("cwd", "cli_version", "originator", "model_provider")
            self.about |= {name: payload[name] for name in names if payload.get(name)}
        elif kind == "turn_context" and payload.get("model"):
            self.about["model"] = payload["model"]
        elif kind == "response_item":
            self._item(payload, time)
        elif kind == "event_msg":
            self._event(payload, time)

    def _item(self, item: Line, time: Any) -> None:
        kind = item.get("type")
        if kind in ("message", "reasoning", "function_call", "custom_tool_call",
                    "local_shell_call", "web_search_call"):  # fmt: skip
            if item.get("role") in ("user", "developer", "system"):
                self._told(item)
                return
            self._of_model(item, time)
        if kind in ("function_call", "custom_tool_call", "local_shell_call"):
            self.transcript.tool(
                str(item.get("call_id") or item.get("id")),
                name=item.get("name") or kind,
                inputs=_arguments(item.get("arguments", item.get("input", item.get("action")))),
                started_at=time,
            )
        elif kind in ("function_call_output", "custom_tool_call_output"):
            self._result(item, time)

    def _told(self, item: Line) -> None:
        text = text_in(item.get("content"))
        self.transcript.messages.append({"role": item["role"], "content": item.get("content")})
        if item["role"] == "user" and self.prompt is None and not text.startswith(ADDED):
            self.prompt = text

    def _of_model(self, item: Line, time: Any) -> None:
        """Take a piece of an answer; a call ends where its tokens are counted."""
        if self._open is None:
            self._calls += 1
            self._open = f"call-{self._calls}"
        known = self.transcript.model(self._open, name=self.about.get("model") or "model")
        known.setdefault("started_at", time)
        known["ended_at"] = time
        known.setdefault("metadata", {"model": self.about.get("model")})
        known.setdefault("outputs", []).append(dict(item))
        self.transcript.messages.append(dict(item))
        if item.get("type") == "message" and (text := text_in(item.get("content"))):
            self.answer = text

    def _result(self, item: Line, time: Any) -> None:
        output = item.get("output")
        self._open = self._open if self.counted else None
        known = self.transcript.tool(str(item.get("call_id")))
        known.update(outputs=output, ended_at=time)
        self.transcript.messages.append(dict(item))
        text = output.get("content") if isinstance(output, Mapping) else output
        failed = isinstance(output, Mapping) and output.get("success") is False
        code = EXIT.search(text) if isinstance(text, str) else None
        if failed or (code and code[1] != "0"):
            known["error"] = str(text)[:2000]

    def _event(self, event: Line, time: Any) -> None:
        kind = event.get("type")
        if kind == "token_count" and isinstance(event.get("info"), Mapping):
            info = event["info"]
            self.total = info.get("total_token_usage") or self.total
            if self._open is not None:
                self.transcript.model(self._open, usage=info.get("last_token_usage"))
                self._open = None
        elif kind == "task_complete":
            self.answer = event.get("last_agent_message") or self.answer
            if self.first_token is None and isinstance(event.get("time_to_first_token_ms"), int):
                self.first_token = event["time_to_first_token_ms"] / 1000
            self.cancelled = False
            if event.get("last_agent_message"):  # a turn that failed completes without one
                self.error = None
        elif kind == "turn_aborted":
            self.cancelled = True
        elif kind == "error":
            self.error = str(event.get("message") or "error")


def _events(lines: list[Line], where: str) -> Run:
    """Return the run of the events of `codex exec --json`; they carry no times."""
    transcript, answer, error, usage, session = Transcript(), None, None, None, where
    for line in lines:
        kind, item = line.get("type"), line.get("item")
        if kind == "thread.started":
            session = str(line["thread_id"])
        elif kind in ("turn.failed", "error"):
            said = line.get("error")
            error = str(said.get("message") if isinstance(said, Mapping) else line.get("message"))
        elif kind == "turn.completed":
            usage = line.get("usage") or usage
        elif kind == "item.completed" and isinstance(item, Mapping):
            answer = _event_item(item, transcript) or answer
    return transcript.run(
        session,
        usage=usage_or_note(usage),
        name="codex",
        outputs={"answer": answer} if answer is not None else None,
        error=error,
        status="error" if error else "success",
    )


def _event_item(item: Line, transcript: Transcript) -> str | None:
    """Take a finished item; return the answer where it is one. An `error` item only warns."""
    kind, item_id = item.get("type"), str(item.get("id"))
    if kind == "agent_message":
        transcript.messages.append({"role": "assistant", "content": item.get("text")})
        return str(item.get("text"))
    if kind == "command_execution":
        known = transcript.tool(item_id, name="command", inputs={"command": item.get("command")})
        known["outputs"] = item.get("aggregated_output")
        if item.get("exit_code") not in (0, None) or item.get("status") == "failed":
            known["error"] = f"exit code {item.get('exit_code')}"
    elif kind in ("mcp_tool_call", "file_change", "web_search", "collab_tool_call"):
        name = item.get("tool") or kind
        known = transcript.tool(item_id, name=name, inputs=item.get("arguments") or dict(item))
        known["outputs"] = item.get("result")
        if item.get("status") == "failed":
            known["error"] = str(item.get("error") or "failed")
    return None


def _arguments(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = orjson.loads(value)
    except ValueError:
        return value
    return read if isinstance(read, dict) else value
