"""Claude Code: session files, `--output-format stream-json`, and its `json` result alone.

A model call is spread over several lines, one a content block, which repeat its whole usage. In
the stream those counts are placeholders: the totals are those of the `result` line. Several
prompts of one session are one run; its inputs are the first prompt, its outputs the last text.
What subagents did (`isSidechain`, or files `agent-*.jsonl` of the session) counts, and says nothing
of how it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.agents.transcript import UNANSWERED, Transcript, text_in
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.run import Run

FIRST_LINES = frozenset(
    {"queue-operation", "user", "assistant", "system", "attachment", "last-prompt", "mode"}
)
WITHOUT_SESSION = frozenset({"summary", "file-history-snapshot"})
"""Lines that older sessions may begin with; they name no session."""
INTERRUPTED = "[Request interrupted by user"
COMMANDS = ("<command-", "<local-command-", "<bash-", "<system-reminder>")
"""How user lines begin that are commands of the tool's own, and what it answered."""
SYNTHETIC = "<synthetic>"
"""The model of lines that the tool itself writes in the model's place."""
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a file is a session, a stream or a result of Claude Code."""
    first = sample.first
    kind = first.get("type")
    if kind == "result":
        return "session_id" in first and "num_turns" in first
    if kind == "system" and first.get("subtype") == "init":
        return "session_id" in first and "tools" in first
    if kind in WITHOUT_SESSION:
        return "leafUuid" in first or "snapshot" in first
    return kind in FIRST_LINES and "sessionId" in first


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a file: a session with its subagents, a stream, or the result of a call."""
    aside, own = _subagents(files), []
    for file in files:
        if not any(file in others for others in aside.values()):
            own.append(file)
    seen: set[str] = set()
    for file in own:
        session = _Session()
        rows = _lines(file, reading)
        for line in rows:
            session.take(line)
        for other in aside.pop(session.session_id or "", ()):
            rows += (more := _lines(other, reading))
            for line in more:
                session.take({**line, "isSidechain": True})
        run = session.run()
        if run is None:
            reading.findings.break_at(file.shown, "no line of a Claude Code session in it")
            continue
        if session.open or session.cut:
            reading.findings.note("session without a last answer", file.shown)
        again = seen & session.transcript.call_ids
        if again:
            said = "session that repeats model calls of an earlier one: their tokens count twice"
            reading.findings.note(said, file.shown)
        seen |= session.transcript.call_ids
        yield Item(run, digest(rows), file.shown, None)
    for others in aside.values():
        for other in others:
            reading.findings.note("subagent without its session, left out", other.shown)


def _lines(file: SourceFile, reading: Reading) -> list[Line]:
    rows = (row.value for row in read_rows(file, Selection(None), reading.findings))
    return [line for line in rows if isinstance(line, Mapping)]


def _subagents(files: list[SourceFile]) -> dict[str, list[SourceFile]]:
    """Return the files that hold what a subagent did, by the session it worked for."""
    found: dict[str, list[SourceFile]] = {}
    for file in files if len(files) > 1 else ():
        if file.name.startswith("agent-"):
            first = next(read_rows(file, Selection(None), Findings()), None)
            line = first.value if first and isinstance(first.value, Mapping) else {}
            if line.get("isSidechain") and line.get("sessionId"):
                found.setdefault(str(line["sessionId"]), []).append(file)
    return found


class _Session:
    """What the lines of one file say."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.session_id: str | None = None
        self.prompt: str | None = None
        self.answer: str | None = None
        self.result: Line | None = None
        self.about: dict[str, Any] = {}
        self.command: str | None = None
        """A command of the tool's own, for want of a prompt."""
        self.open = True
        """Whether something waits for an answer of the model."""
        self.failed: str | None = None
        self.stopped = False
        self.streamed = False

    def take(self, line: Line) -> None:
        """Take a line; kinds nobody knows are passed over."""
        self.session_id = self.session_id or line.get("sessionId") or line.get("session_id")
        for name, key in (("cwd", "cwd"), ("gitBranch", "git_branch"), ("version", "version")):
            if line.get(name):
                self.about.setdefault(key, line[name])
        kind, message = line.get("type"), line.get("message")
        time = self.transcript.see(line.get("timestamp"))
        if kind == "result":
            self.result = line
        elif kind == "system" and line.get("model"):
            self.about["model"] = line["model"]
            self.streamed = line.get("subtype") == "init"
        elif isinstance(message, Mapping) and message.get("model") == SYNTHETIC:
            self._broken(message, line)
        elif isinstance(message, Mapping) and kind == "assistant":
            self._answer(message, time, line)
        elif isinstance(message, Mapping) and kind == "user":
            self._told(message, line, time)

    def _answer(self, message: Line, time: Any, line: Line) -> None:
        """Take one content block of a model call; all blocks of a call share `message.id`."""
        transcript = self.transcript
        call_id = str(message.get("id") or line.get("uuid"))
        known = transcript.model(call_id, name=message.get("model"), usage=message.get("usage"))
        known.setdefault("started_at", time)
        known["ended_at"] = time
        about = known.setdefault("metadata", {})
        about["model"] = message.get("model")
        if line.get("isSidechain"):
            about["sidechain"] = True
        said = known.setdefault("outputs", {"role": "assistant", "content": []})
        blocks = message.get("content")
        blocks = [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks or []
        if not said["content"]:
            transcript.messages.append(said)
        said["content"].extend(blocks)
        for block in blocks:
            if isinstance(block, Mapping) and block.get("type") == "tool_use":
                transcript.tool(
                    str(block.get("id")), name=block.get("name"), inputs=block.get("input"),
                    started_at=time,
                )  # fmt: skip
        if line.get("isSidechain"):
            return
        if text := text_in(blocks):
            self.answer, self.failed, self.stopped = text, None, False
        self.open = not text

    def _broken(self, message: Line, line: Line) -> None:
        """Take what the tool writes for a call that the API refused: no model said it."""
        text = text_in(message.get("content"))
        refused = line.get("isApiErrorMessage") or text.startswith("API Error")
        if refused and not line.get("isSidechain"):
            self.failed, self.open = text or "API error", False

    def _told(self, message: Line, line: Line, time: Any) -> None:
        """Take a user line: results of tools, or a prompt."""
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        results = [b for b in blocks if isinstance(b, Mapping) and b.get("type") == "tool_result"]
        for block in results:
            known = self.transcript.tool(str(block.get("tool_use_id")))
            known.update(outputs=block.get("content"), ended_at=time)
            if block.get("is_error"):
                known["error"] = text_in(block.get("content")) or "error"
        self.transcript.messages.append({"role": "user", "content": content})
        if line.get("isSidechain"):
            return
        text = text_in(content)
        if results:
            self.open = True
        if text.startswith(INTERRUPTED):
            self.stopped, self.open = True, False
        elif not results and not (line.get("isMeta") or line.get("isCompactSummary")):
            self._prompted(text)

    def _prompted(self, text: str) -> None:
        if text.startswith(COMMANDS):
            self.command = self.command or text
        elif self.prompt is None:
            self.prompt = text

    def run(self) -> Run | None:
        """Return the run; `None` where the file held nothing of a session."""
        if self.session_id is None:
            return None
        result = self.result or {}
        transcript = self.transcript
        error = self._error(result) if result else self.failed
        prompt = self.command if self.prompt is None else self.prompt
        whole = usage_or_note({**result, "type": None} if result else None) if result else None
        if (result and whole is not None) or self.cut:
            for call in transcript.model_calls:
                call.pop("usage", None)  # of a stream's start; the result has the totals
        seconds = result.get("duration_ms")
        answer = result.get("result", self.answer)
        return transcript.run(
            str(self.session_id),
            usage=whole,
            name="claude-code",
            inputs=None if prompt is None else {"prompt": prompt},
            outputs={"answer": answer} if answer is not None else None,
            error=error,
            status=self._status(error),
            metadata={**self.about, **_told_of(result)},
            duration_s=seconds / 1000 if isinstance(seconds, int | float) else None,
            first_token_s=_seconds(result.get("ttft_ms")),
            **({"ended_at": None} if isinstance(seconds, int | float) else {}),
        )

    @property
    def cut(self) -> bool:
        """Whether this is a stream that broke off before its result."""
        return self.streamed and self.result is None

    def _status(self, error: str | None) -> str:
        """Return how it ended; a session that breaks off where an answer is due does not say."""
        if error or self.result:
            return "error" if error else "success"
        if self.cut:
            return UNANSWERED
        return "interrupted" if self.stopped else UNANSWERED if self.open else "success"

    def _error(self, result: Line) -> str | None:
        """Return what went wrong: a result says so by `is_error`, or by a subtype of its own."""
        subtype = str(result.get("subtype") or "success")
        if not result.get("is_error") and subtype == "success":
            return None
        said = result.get("result")
        return f"{subtype}: {said}" if isinstance(said, str) and said else subtype


def _told_of(result: Line) -> dict[str, Any]:
    names = ("subtype", "num_turns", "duration_api_ms", "stop_reason")
    return {name: result[name] for name in names if result.get(name) is not None}


def _seconds(milliseconds: Any) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None
