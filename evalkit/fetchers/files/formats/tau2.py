"""tau2-bench results: simulations become runs, in one file with their tasks or one file each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import duration_or_note, moment_or_note, number_or_note
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.messages import chat_steps
from evalkit.fetchers.files.mapping.scores import feedback_of, read_scores
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.rollup import settled
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.usage import Usage

SOURCE = "tau2"
USER = "user"
"""Who asked for a tool, where it was the simulated user (its field `requestor`)."""
TOLD = ("mode", "seed", "user_cost")
ENDED = ("user_stop", "agent_stop", None)
"""Reasons that are an end of the conversation; any other is why it was broken off."""
Payload = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether a file holds results, their header, or one simulation."""
    return _is_simulation(sample.first) or _is_results(sample.first)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every simulation; tasks become examples."""
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            value = row.value
            if isinstance(value, Mapping) and _is_results(value):
                for task in value.get("tasks") or ():
                    reading.book.add(_example(task))
                simulations = value.get("simulations") or []
                promised = _promised(value)
                if promised:
                    reading.tally.expected = (reading.tally.expected or 0) + promised
            else:
                simulations = [value]
            for number, simulation in enumerate(simulations):
                where = f"{row.where}.simulations[{number}]" if len(simulations) > 1 else row.where
                try:
                    run = to_run(simulation)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    reading.findings.break_at(where, f"not a simulation of tau2: {error!r}")
                    continue
                if run.example_id is not None and run.example_id not in reading.book:
                    reading.book.add(Example(example_id=run.example_id))
                yield Item(run, digest(simulation), where, simulation.get("termination_reason"))


def of_the_agent(messages: list[Payload]) -> list[Payload]:
    """Return the conversation without what the simulated user did: its tools are no agent's steps.

    A tool's message names its call by `id`.
    """
    found: list[Payload] = []
    for message in messages:
        if message.get("role") == "tool":
            if message.get("requestor") != USER:
                found.append({"tool_call_id": message.get("id"), **message})
        elif message.get("role") == USER and message.get("tool_calls"):
            if message.get("content"):
                found.append({name: v for name, v in message.items() if name != "tool_calls"})
        else:
            found.append(message)
    return found


def _is_simulation(value: Payload) -> bool:
    return "termination_reason" in value and "task_id" in value


def _is_results(value: Payload) -> bool:
    return isinstance(value.get("info"), Mapping) and isinstance(value.get("tasks"), list)


def _promised(results: Payload) -> int:
    """Return how many simulations the header says there are: each task so many times."""
    trials = results["info"].get("num_trials")
    tasks = results.get("tasks") or ()
    return trials * len(tasks) if isinstance(trials, int) and trials > 0 else 0


def _example(task: Payload) -> Example:
    scenario = task.get("user_scenario") or {}
    return Example(
        example_id=str(task["id"]),
        inputs={"user_scenario": scenario} if scenario else None,
        reference_outputs=task.get("evaluation_criteria"),
    )


def to_run(raw: Payload) -> Run:
    """Return the run of a simulation; a voice simulation has ticks where others have messages."""
    run_id, example_id = str(raw["id"]), str(raw["task_id"])
    messages = raw.get("messages") or []
    reward = raw.get("reward_info") or {}
    scores = {"reward": reward.get("reward"), **(reward.get("reward_breakdown") or {})}
    reason = raw.get("termination_reason")
    broken = None if reason in ENDED else str(reason)
    cost = number_or_note(raw.get("agent_cost"))
    spoken = of_the_agent(messages)
    steps, usage = settled(chat_steps(spoken), None if cost is None else Usage(total_cost=cost))
    held = {"messages": messages} if messages else {"ticks": raw.get("ticks")}
    return Run(
        run_id=run_id,
        example_id=example_id,
        repetition=raw.get("trial"),
        outputs={**held, "termination_reason": reason},
        error=broken,
        status="error" if broken else "success",
        started_at=moment_or_note(raw.get("start_time")),
        ended_at=moment_or_note(raw.get("end_time")),
        duration_s=duration_or_note(raw.get("duration")),
        usage=usage,
        metadata={key: raw[key] for key in TOLD if raw.get(key) is not None},
        steps=steps,
        steps_recorded=bool(messages),
        extra={"messages": spoken} if messages else {},
        feedback=feedback_of(
            read_scores(scores),
            SOURCE,
            run_id=run_id,
            example_id=example_id,
            repetition=raw.get("trial"),
        ),
    )
