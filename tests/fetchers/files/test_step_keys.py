"""What the keys of a step are taken for, and that no time is dropped in silence."""

from collections import Counter
from typing import Any

import pytest

from evalkit.fetchers.files.mapping.steps import read_steps

START, END = "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z"


@pytest.mark.parametrize(
    ("step", "latency"),
    [
        ({"took_ms": 1500}, 1.5), ({"duration_ms": "1500"}, 1.5), ({"elapsed_s": 1.5}, 1.5),
        ({"duration": "1500 ms"}, 1.5), ({"latency": 1.5}, 1.5), ({"took_ms": 0}, 0.0), ({}, None),
        ({"took": "30ms"}, 0.03), ({"latencyMs": 30}, 0.03), ({"runtime_us": 30}, 3e-5),
        ({"processing_time_ms": 7}, 0.007), ({"response_time_seconds": 2}, 2), ({"ms": 30}, 0.03),
        ({"begin": START, "finish": END}, 2), ({"startTime": START, "endTime": END}, 2),
        ({"started": True, "finished_at": None}, None), ({"at": START}, None),
        ({"elapsed": None}, None), ({"duration_min": 2}, 120), ({"took_ms": "1.2 s"}, 1.2),
        ({"took_ms": "1,5 s"}, 1.5),
    ],
)  # fmt: skip
def test_how_long_a_step_took(step: dict[str, Any], latency: float | None) -> None:
    (found,) = read_steps([{"type": "llm", **step}])
    assert found.latency == (None if latency is None else pytest.approx(latency))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"took": 30}, "'took' states no unit, taken for seconds"),
        ({"latency": 1.5}, "'latency' states no unit, taken for seconds"),
        ({"time": 1.5}, "'time' is in the metadata of the steps, not read"),
        ({"queue_time": 3}, "'queue_time' is in the metadata of the steps, not read"),
        ({"timeBudget": "x", "score": 3}, "'timeBudget' is in the metadata of the steps, not read"),
        ({"took_ms": 3, "text": "x", "score": 3, "timeout": 9}, None),
    ],
)
def test_what_was_assumed_and_what_was_not_read(step: dict[str, Any], said: str | None) -> None:
    notes: Counter[str] = Counter()
    (found,) = read_steps([step], notes)
    assert list(notes) == ([] if said is None else [said])
    assert said is None or "not read" not in said or found.metadata.keys() & step.keys()


@pytest.mark.parametrize(
    ("step", "total"),
    [
        ({"tokens": 5}, 5), ({"tokens": "1,205"}, 1205), ({"token_count": 7}, 7),
        ({"prompt_tokens": 3, "completion_tokens": 4}, 7),
        ({"usage": {"input": 1, "output": 2}}, 3),
        ({"total_tokens": 0}, 0), ({"tokens_per_s": 9}, None), ({"text": "x"}, None),
    ],
)  # fmt: skip
def test_tokens_of_a_step(step: dict[str, Any], total: int | None) -> None:
    (found,) = read_steps([step])
    assert (found.usage and found.usage.total_tokens) == total


@pytest.mark.parametrize(
    ("step", "seen"),
    [
        ({"at": START, "text": "hi"}, ("other", None, "hi")),
        ({"action": "search", "action_input": {"q": 1}, "observation": "r"},
         ("tool", {"q": 1}, "r")),
        ({"action": "ls", "observation": "r"}, ("other", "ls", "r")),
        ({"toolName": "s", "toolInput": "x", "toolOutput": "y"}, ("tool", "x", "y")),
        ({"prompt": "q", "completion": "a", "type": "generation"}, ("llm", "q", "a")),
    ],
)  # fmt: skip
def test_what_went_in_and_came_out(step: dict[str, Any], seen: tuple[Any, ...]) -> None:
    (found,) = read_steps([step])
    assert (found.kind, found.inputs, found.outputs) == seen


def test_a_mapping_says_it_once_with_the_number_of_steps(mapped: Any) -> None:
    rows = [
        {"id": n, "trace": [{"name": "a", "took": 3}, {"name": "b", "took": 4}]} for n in (1, 2)
    ]
    fetched = mapped(rows, {"run_id": "id", "steps": "trace"})
    assert [step.latency for step in fetched.runs[0].steps] == [3.0, 4.0]
    said = [note for note in fetched.counts.notes if note.startswith("steps:")]
    assert said == ["steps: 'took' states no unit, taken for seconds (4 x)"]


BROKEN = "that cannot be read, taken as missing, as"


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"start_time": "soon"}, f"started_at {BROKEN} 'soon' is no time"),
        ({"end_time": {"at": 1}}, None),
        ({"duration_s": -1}, f"duration_s {BROKEN} -1 is negative"),
        ({"took_ms": "fast"}, f"duration_s {BROKEN} 'fast' is no number"),
        (
            {"elapsed": "3 parsecs"},
            f"duration_s {BROKEN} '3 parsecs': 'parsecs' is no unit of time",
        ),
        ({"usage": {"input": "many"}}, f"usage {BROKEN} input: 'many' is no number"),
        ({"usage": "many"}, f"usage {BROKEN} 'many' is no count"),
        ({"id": ["x"]}, f"step_id {BROKEN} ['x'] is no text"),
        (7, "item that is no object, left out, as a int"),
        (None, "item that is no object, left out, as a NoneType"),
    ],
)
def test_one_thing_that_cannot_be_read_costs_itself_alone(odd: Any, said: str | None) -> None:
    notes: Counter[str] = Counter()
    good = {"name": "a", "start_time": START, "end_time": END, "usage": {"total": 5}}
    first, *others = read_steps([good, {**good, **odd} if isinstance(odd, dict) else odd], notes)
    assert (first.latency, first.usage and first.usage.total_tokens) == (2, 5)
    assert [step.name for step in others] == (["a"] if isinstance(odd, dict) else [])
    assert list(notes) == ([said] if said else [])


def test_many_that_cannot_be_read_are_one_note(mapped: Any) -> None:
    rows = [{"id": n, "trace": [{"name": "a", "at": f"x{n}"}, {"name": "b", "at": START}]}
            for n in range(3)]  # fmt: skip
    fetched = mapped(rows, {"run_id": "id", "steps": "trace"})
    assert [len(run.steps) for run in fetched.runs] == [2, 2, 2]
    assert [note for note in fetched.counts.notes if note.startswith("steps:")] == [
        f"steps: started_at {BROKEN} 'x0' is no time (3 x)"
    ]
