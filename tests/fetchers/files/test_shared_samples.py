"""Samples that released tools wrote, with the figures their README says are right."""

import shutil
import tomllib
from typing import Any

import pytest
from shared import SHARED, needs_shared

from evalkit.fetchers.files.formats.records import RecordsFetcher

pytestmark = needs_shared
FIRST = SHARED / "reference" / "log-samples"
SECOND = SHARED / "reference" / "log-samples-2"
COUNTS = ("total_tokens", "input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")


def figures(fetched: Any) -> dict[str, Any]:
    """Return what the README states: counts of runs, ends, calls, tokens and cost."""
    runs = fetched.runs
    usage = [run.usage for run in runs if run.usage]
    return {
        "runs": len(runs),
        "examples": len(fetched.examples),
        "ends": "".join(run.outcome[0] for run in runs),
        "calls": sum(step.kind == "llm" for run in runs for step in run.steps),
        "tools": sum(step.kind == "tool" for run in runs for step in run.steps),
        "failed_steps": sum(step.error is not None for run in runs for step in run.steps),
        "latency": runs[0].latency,
        "cost": sum(each.total_cost or 0 for each in usage),
        **{name: sum(getattr(each, name) or 0 for each in usage) for name in COUNTS},
    }


AGENT = {"runs": 1, "ends": "s", "input_tokens": 840, "cache_read_tokens": 600,
         "output_tokens": 100, "total_tokens": 940}  # fmt: skip
SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("claude-code-session.jsonl", {**AGENT, "calls": 2, "tools": 2, "failed_steps": 1}),
    ("claude-code-stream.jsonl", {**AGENT, "cost": 0.00243}),
    ("claude-code-result.json", {**AGENT, "cost": 0.00243, "latency": 1.775}),
    ("codex-rollout.jsonl", {**AGENT, "calls": 2, "tools": 1, "reasoning_tokens": 14}),
    ("codex-exec-events.jsonl", {**AGENT, "tools": 1, "failed_steps": 0}),
    ("opencode-export.json", {**AGENT, "calls": 2, "tools": 1, "cost": 0.0005}),
    ("atif-from-claude-code.json", {
        "calls": 4, "tools": 4, "failed_steps": 2, "input_tokens": 1680, "output_tokens": 200,
        "cache_read_tokens": 1200, "cost": 0.00486}),
    ("harbor-job", {
        "runs": 6, "examples": 3, "ends": "essess", "input_tokens": 920, "output_tokens": 60,
        "cache_read_tokens": 560, "cost": 0.012}),
    ("inspect-zstd.eval", {
        "runs": 2, "ends": "ss", "total_tokens": 560, "cache_read_tokens": 80, "calls": 4,
        "reasoning_tokens": 6, "tools": 2}),
    ("inspect-retried-pooled.json", {"runs": 1, "ends": "s", "total_tokens": 280}),
    ("inspect-limits-yesno.json", {"runs": 4, "ends": "ssts"}),
    ("lm-eval-samples_mygen_2026-11-28T16-44-26.441151.jsonl", {"runs": 3, "examples": 3}),
    ("promptfoo.json", {"runs": 10, "examples": 5, "ends": "ssssesesss"}),
    ("promptfoo.csv", {"runs": 40, "examples": 20}),
    ("deepeval-latest_test_run.json", {
        "runs": 5, "examples": 4, "cost": 0.01, "latency": 1.5}),
    ("pydantic-evals-report.json", {"runs": 8, "examples": 4, "ends": "ssssssee"}),
    ("adk-c2.evalset_result.json", {"runs": 1}),
    ("dspy-evaluate.json", {"runs": 5, "ends": "ssees"}),
    ("strands-report.json", {"runs": 4, "ends": "sses"}),
    ("mini-swe-agent.traj.json", {"runs": 1, "ends": "s", "calls": 3, "tools": 3, "cost": 3.0}),
]  # fmt: skip
LATER: list[tuple[Any, dict[str, Any]]] = [
    ("openai-batch-*.jsonl", {
        "runs": 6, "examples": 6, "ends": "etssss", "input_tokens": 1680, "total_tokens": 1880}),
    ("anthropic-batch-results.jsonl", {
        "runs": 6, "ends": "sssetc", "input_tokens": 1260, "total_tokens": 1410,
        "cache_read_tokens": 900}),
    ("gemini-cli-session.jsonl", {**AGENT, "calls": 2, "tools": 1, "reasoning_tokens": 14}),
    ("gemini-cli-result.json", {**AGENT, "reasoning_tokens": 14}),
    ("gemini-cli-stream.jsonl", {**AGENT, "tools": 1, "latency": 0.305}),
    ("swebench/acme__coder.r1.json", {"runs": 6, "examples": 6}),
    ("evalplus-samples_eval_results.json", {"runs": 6, "examples": 3}),
]  # fmt: skip
SHORT = {"promptfoo.json": "counts 12 results and wrote 10"}
"""Samples that are short of what they promise, and what says so."""
SCORES = {
    "harbor-job": {"reward": 2},
    "inspect-zstd.eval": {"includes": 2, "lengthy": 632, "multi/b": 0.5, "cat": 1},
    "inspect-limits-yesno.json": {"includes": 3, "yesno": 1.7},
    "deepeval-latest_test_run.json": {"success": 2, "Length": 2.4, "Skip": 4},
    "pydantic-evals-report.json": {"right": 4, "Bad": 4, "metric.tokens": 42},
    "adk-c2.evalset_result.json": {"tool_trajectory_avg_score": 0.5, "passed": 0},
    "dspy-evaluate.json": {"right": 2},
    "strands-report.json": {"Ok": 1.25},
    "swebench/acme__coder.r1.json": {"resolved": 1},
    "evalplus-samples_eval_results.json": {"base": 3, "plus": 2},
}
"""Sums of the recorded scores."""
EVERY = [(FIRST, *each) for each in SAMPLES] + [(SECOND, *each) for each in LATER]


@pytest.mark.parametrize(("folder", "name", "right"), EVERY, ids=[each[1] for each in EVERY])
def test_a_sample_has_the_figures_of_its_readme(
    fetch: Any, folder: Any, name: str, right: dict[str, Any]
) -> None:
    fetched = fetch(path=str(folder / name))
    assert SHORT.get(name, "None") in str(fetched.error)
    found = figures(fetched)
    assert {key: found[key] for key in right} == pytest.approx(right)
    scores = [(f.key, f.score) for run in fetched.runs for f in run.feedback if f.score is not None]
    for key, total in SCORES.get(name, {}).items():
        assert sum(score for name, score in scores if name == key) == pytest.approx(total), key


def test_tokens_of_failed_attempts_are_said(fetch: Any) -> None:
    fetched = fetch(path=str(FIRST / "inspect-retried-pooled.json"))
    assert any("280 of 560" in note for note in fetched.counts.notes)
    calls = [step for step in fetched.runs[0].steps if step.kind == "llm"]
    assert [len(step.inputs["messages"]) for step in calls] == [1, 3]


CASES: list[tuple[str, dict[str, Any]]] = [
    ("logs/status-words", {"ends": "uteeeu"}),
    ("logs/usage-shapes", {
        "runs": 6, "input_tokens": 2520, "output_tokens": 300, "total_tokens": 2820,
        "cache_read_tokens": 1800}),
    ("logs2/one-empty-file", {"runs": 2}),
    ("logs2/openai-batch", {"ends": "ssssee"}),
    ("logs2/anthropic-batch", {"ends": "sssetc", "total_tokens": 1410}),
    ("logs2/terminal-bench", {"runs": 6, "ends": "sstete"}),
    ("logs2/ragas", {"runs": 4, "examples": 3}),
    ("holdouts/dataset-filename", {"runs": 6, "examples": 6}),
    ("holdouts/records-filename", {"runs": 4}),
]  # fmt: skip
"""Configurations of the cases as they are handed, and what is right."""


@pytest.mark.parametrize(("name", "right"), CASES, ids=[each[0] for each in CASES])
def test_a_case_is_right(tmp_path: Any, fetch: Any, name: str, right: dict[str, Any]) -> None:
    folder = SHARED / "cases" / name
    if not folder.is_dir() or name == "logs2/one-empty-file":
        config, folder = folder.with_suffix(".toml"), folder.parent
    else:
        config = folder / "evalkit.toml"
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (options,) = tomllib.loads(config.read_text())["experiments"].values()
    fetched = fetch(RecordsFetcher, **{k: v for k, v in options.items() if k != "fetcher"})
    said = "the file is empty" if name == "logs2/one-empty-file" else "None"
    assert said in str(fetched.error)
    found = figures(fetched)
    assert {key: found[key] for key in right} == pytest.approx(right)


NATIVE: list[tuple[str, dict[str, Any]]] = [
    ("logs/session-lines.jsonl", {**AGENT, "calls": 2, "tools": 2}),
    ("logs/lm-eval-two-filters.jsonl", {"runs": 3, "examples": 3}),
    ("logs/promptfoo-two-columns.csv", {"runs": 12, "examples": 6}),
    ("logs/tau2-user-tools.json", {"runs": 1, "tools": 1, "cost": 0.02}),
    ("logs/inspect-eval-set", {"runs": 1}),
    ("logs2/gemini-cli-session.jsonl", {**AGENT, "calls": 2}),
    ("logs2/openai-batch-*.jsonl", {"ends": "etssss"}),
    ("logs2/anthropic-batch.jsonl", {"ends": "sssetc", "total_tokens": 1410}),
]


@pytest.mark.parametrize(("name", "right"), NATIVE, ids=[each[0] for each in NATIVE])
def test_a_case_is_read_without_a_mapping(fetch: Any, name: str, right: dict[str, Any]) -> None:
    found = figures(fetch(path=str(SHARED / "cases" / name)))
    assert {key: found[key] for key in right} == pytest.approx(right)
