"""SWE-agent's .traj files: each is one run, each turn a model step and the command it gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import duration_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import read_usage
from evalkit.model.example import Example
from evalkit.model.messages.message import text_of
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.usage import Usage

USAGE = {
    "tokens_sent": "input_tokens",
    "tokens_received": "output_tokens",
    "instance_cost": "total_cost",
}
Payload = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a file is a trajectory."""
    return isinstance(sample.first.get("trajectory"), list) and sample.has("info", "history")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every file; the file's name is the task's."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            name = file.name.removesuffix(file.suffix)
            try:
                run = to_run(row.value, name)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reading.findings.break_at(row.where, f"not a trajectory of SWE-agent: {error!r}")
                continue
            reading.book.add(Example(example_id=name, inputs=run.inputs))
            yield Item(run, digest(row.value), row.where, row.value["info"].get("exit_status"))


def to_run(raw: Payload, name: str) -> Run:
    """Return the run of a trajectory; it succeeded when something was submitted in peace."""
    info, history = raw["info"], raw["history"]
    status = str(info.get("exit_status") or "")
    asked = (m for m in history if m.get("role") == "user" and not m.get("is_demo"))
    task = next((text_of(message.get("content")) for message in asked), None)
    submitted = status == "submitted"
    return Run(
        run_id=name,
        name=raw.get("environment"),
        example_id=name,
        inputs={"task": task},
        outputs={"submission": info.get("submission"), "exit_status": info.get("exit_status")},
        error=None if submitted else status or "no exit status",
        status="success" if submitted else "timeout" if "timeout" in status else "error",
        usage=_usage(info.get("model_stats") or {}),
        metadata={"exit_status": status},
        steps=list(_steps(raw["trajectory"])),
        extra={"messages": history},
    )


def _usage(stats: Payload) -> Usage | None:
    """Return what the model took; all zero means that nobody counted."""
    counted = {part: stats[name] for name, part in USAGE.items() if stats.get(name)}
    return read_usage(counted) if counted else None


def _steps(turns: list[Payload]) -> Iterator[Step]:
    for number, turn in enumerate(turns):
        action = str(turn.get("action") or "").strip()
        yield Step(
            step_id=f"{number}-model",
            kind="llm",
            name="model",
            outputs={"thought": turn.get("thought"), "response": turn.get("response")},
        )
        if action:
            yield Step(
                step_id=f"{number}-action",
                kind="tool",
                name=action.split(maxsplit=1)[0],
                inputs={"action": action},
                outputs=turn.get("observation"),
                duration_s=duration_or_note(turn.get("execution_time")),
                metadata={"state": turn.get("state")},
            )
