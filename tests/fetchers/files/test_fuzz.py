"""Files of every format with something odd in them: a problem with its place, never a crash."""

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared import SHARED

from evalkit.errors import EvalkitError
from evalkit.pipeline.fetching import fetch
from evalkit.project.config import load

ODD = [
    *(None, True, -1, 1e308, 2**70, "", "x", "\ud800", "nan", [], {}, [[]], [None], {"a": None}),
    *("2026-13-45T99:99:99Z", "1e999", 3.5, ["a", 1], {"": {}}, "a" * 5_000),
]
MESSAGES = [
    {"role": "user", "content": "When does it open?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "hours", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "at nine"},
]  # fmt: skip
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
SPAN = {
    "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "chat m",
    "startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000",
    "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                   {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}}],
    "status": {"code": 1},
}  # fmt: skip
SAMPLES = {
    "own.jsonl": [
        {"run_id": "r1", "example_id": "e1", "status": "success", "inputs": {"q": 1},
         "outputs": {"messages": MESSAGES}, "usage": USAGE, "created_at": "2026-01-01T00:00:00Z",
         "feedback": [{"key": "ok", "score": True}],
         "steps": [{"step_id": "s", "kind": "tool", "name": "t"}]},
        {"run_id": "r2", "example_id": "e2", "status": "error", "error": "no", "metadata": {}},
    ],
    "inspect.json": {
        "version": 2, "status": "success", "plan": {}, "stats": {},
        "eval": {"run_id": "R", "created": "2026-01-01T00:00:00+00:00", "task": "t", "model": "m"},
        "results": {"total_samples": 1, "scores": []},
        "samples": [{"id": 1, "epoch": 1, "input": "q", "target": "t", "messages": MESSAGES,
                     "output": {"choices": [{"message": MESSAGES[1]}], "usage": USAGE},
                     "scores": {"match": {"value": "C"}}, "model_usage": {"m": USAGE},
                     "events": [{"event": "model", "output": {"choices": []}}]}],
    },
    "tau2.json": {
        "timestamp": "2026-01-01T00:00:00", "info": {"num_trials": 1, "agent_info": {"llm": "m"}},
        "tasks": [{"id": "1", "user_scenario": {"instructions": "do"}, "evaluation_criteria": {}}],
        "simulations": [{"id": "s", "task_id": "1", "trial": 0, "termination_reason": "user_stop",
                         "start_time": "2026-01-01T00:00:00", "duration": 2.0, "agent_cost": 0.1,
                         "reward_info": {"reward": 1.0}, "messages": MESSAGES}],
    },
    "batch.jsonl": [
        {"id": "b1", "custom_id": "e1", "error": None, "response": {
            "status_code": 200, "body": {"model": "m", "usage": USAGE,
                                         "choices": [{"message": MESSAGES[0]}]}}},
    ],
    "otlp.jsonl": [
        {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [SPAN]}]}]}
    ],
}  # fmt: skip


def changed(value, rng):
    """Return the value with one thing in it odd, gone or added."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        kind = rng.random()
        if kind < 0.3:
            return {**value, key: rng.choice(ODD)}
        if kind < 0.4:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: changed(value[key], rng)}
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        if rng.random() < 0.2:
            return [*value[:at], *([rng.choice(ODD)] * rng.randrange(2)), *value[at + 1 :]]
        return [*value[:at], changed(value[at], rng), *value[at + 1 :]]
    return rng.choice(ODD)


def damaged(data, rng):
    """Return the bytes with some of them others, or cut off."""
    if not data:
        return data
    found = bytearray(data)
    for _ in range(rng.randrange(6)):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found[: rng.randrange(len(found)) + 1] if rng.random() < 0.3 else found)


def written(name, sample, rng):
    """Return the file of a sample after some changes."""
    for _ in range(rng.randint(1, 4)):
        sample = changed(sample, rng)
    lines = isinstance(sample, list) and name.endswith("l")
    text = "\n".join(map(json.dumps, sample)) if lines else json.dumps(sample)
    return damaged(text.encode(), rng) if rng.random() < 0.2 else text.encode()


def read(folder, name, data):
    """Fetch the file; an error of evalkit's own is one line, anything else is a crash."""
    (folder / name).write_bytes(data)
    config = f'[experiments.x]\nfetcher = "files"\npath = "{name}"\n'
    (folder / "evalkit.toml").write_text(config, "utf-8")
    with suppress(EvalkitError):
        fetch(load(folder), "x", refresh=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read_as_they_are(tmp_path, name):
    sample = SAMPLES[name]
    text = "\n".join(map(json.dumps, sample)) if name.endswith("l") else json.dumps(sample)
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "evalkit.toml").write_text(
        f'[experiments.x]\nfetcher = "files"\npath = "{name}"\n', "utf-8"
    )
    assert fetch(load(tmp_path), "x").manifest.received >= 1


@pytest.mark.parametrize("name", SAMPLES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_nothing_in_a_file_is_a_crash(tmp_path, name, seed):
    rng = random.Random(seed)
    read(tmp_path, name, written(name, SAMPLES[name], rng))


HANDED = sorted(p for p in SHARED.glob("cases/*/*.json*") if p.stat().st_size < 100_000)


@pytest.mark.skipif(not HANDED, reason="the shared cases are not here")
@pytest.mark.parametrize("seed", range(60))
def test_nothing_in_the_shared_cases_is_a_crash(tmp_path, seed):
    rng = random.Random(seed)
    path: Path = rng.choice(HANDED)
    try:
        text = path.read_text("utf-8")
        lines = path.suffix == ".jsonl"
        sample = [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)
    except ValueError:
        pytest.skip("is no JSON by itself")
    read(tmp_path, f"x{path.suffix}", written(path.name, sample, rng))
