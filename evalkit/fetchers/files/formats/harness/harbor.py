"""Harbor job folders: a run a trial, with the trajectory its agent left.

A trial whose agent crashed is verified all the same: it has an error and its reward. Latency is
the agent's, not that of building the environment and verifying.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalkit.fetchers.files.formats.agents.atif import PREFIX, read_steps
from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.score import Score

SPENT = ("n_input_tokens", "n_cache_tokens", "n_output_tokens", "cost_usd")
TRIAL, JOB = "result.json", "n_total_trials"


def fits(sample: Sample) -> bool:
    """Tell whether a document is a result of a trial or a job."""
    return sample.has("trial_name", "task_name") or sample.has(JOB, "stats")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a trial, in the order in which they started."""
    trials: list[tuple[Line, str]] = []
    trajectories: dict[str, Line] = {}
    for file in files:
        for document, where in documents([file], reading):
            if not isinstance(document, Mapping):
                reading.findings.break_at(where, "not a result of Harbor")
            elif str(document.get("schema_version", "")).startswith(PREFIX):
                trajectories[_folder(file.shown)] = document
            elif "trial_name" in document:
                trials.append((document, file.shown))
            elif JOB in document:
                expected = document[JOB]
                reading.tally.expected = (reading.tally.expected or 0) + int(expected)
                reading.tally.source_stats[file.shown] = document.get("stats")
    cases = Cases(reading, "harbor")
    for trial, where in sorted(trials, key=lambda each: str(each[0].get("started_at"))):
        folder = where.rpartition("/")[0]
        yield _item(cases, trial, trajectories.get(folder), where)


def _folder(shown: str) -> str:
    """Return the trial's folder of a trajectory, which lies in `agent/` below it."""
    folder = shown.rpartition("/")[0]
    return folder.removesuffix("/agent") if folder.endswith("/agent") else folder


def _item(cases: Cases, trial: Line, trajectory: Line | None, where: str) -> Item:
    spent, crashed = trial.get("agent_result") or {}, trial.get("exception_info") or {}
    ran = trial.get("agent_execution") or {}
    example_id = str(trial.get("task_name"))
    error = _error(crashed)
    transcript, prompt, answer = read_steps(trajectory) if trajectory else (None, None, None)
    model = (trial.get("agent_info") or {}).get("model_info")
    return cases.item(
        trial, where,
        run_id=trial.get("id"),
        example_id=example_id,
        name=(trial.get("agent_info") or {}).get("name"),
        inputs={"task": example_id, **({"prompt": prompt} if prompt else {})},
        outputs={"answer": answer} if answer is not None else None,
        error=error,
        status="timeout" if error and "Timeout" in error.split(":")[0] else
               "error" if error else "success",
        started_at=moment_or_note(ran.get("started_at")),
        ended_at=moment_or_note(ran.get("finished_at")),
        created_at=moment_or_note(trial.get("started_at")),
        usage=usage_or_note({name: spent.get(name) for name in SPENT}),
        steps=transcript.steps() if transcript else (),
        steps_recorded=transcript is not None,
        extra={"messages": transcript.messages} if transcript else {},
        metadata={"trial": trial.get("trial_name"), "source": trial.get("source"), "model": model},
        scores=list(_scores(trial)),
    )  # fmt: skip


def _error(crashed: Line) -> str | None:
    if not crashed:
        return None
    kind = crashed.get("exception_type") or "error"
    said = crashed.get("exception_message")
    return f"{kind}: {said}" if said else str(kind)


def _scores(trial: Line) -> Iterator[Score]:
    rewards = (trial.get("verifier_result") or {}).get("rewards") or {}
    for name, value in rewards.items():
        yield score(name, value)
