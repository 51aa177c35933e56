"""What counts as a run, and how it ended: status words, runs that came twice, promised numbers."""

from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.statuses import settled
from evalkit.model.run import Run

FIELDS = """
[experiments.x.fields]
run_id = "id"
example_id = "task"
repetition = "trial"
outputs = "{a: a}"
status = "end"
"feedback.ok" = "ok"
"""


def project(folder: Path, config: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "evaluators").mkdir(exist_ok=True)
    (folder / "evalkit.toml").write_text(config, "utf-8")
    return folder


def record(name: str, task: str, trial: int, **more: Any) -> dict[str, Any]:
    return {"id": name, "task": task, "trial": trial, "a": name, "end": "done", "ok": True, **more}


def outcomes(folder: Path) -> dict[str, int]:
    document = evalkit("show", "x", "--json", cwd=folder).document
    return {name: n for name, n in document["counts"]["outcomes"].items() if n}


WORDS = [
    ("Completed", "success"), ("timed out", "timeout"), ("step_limit_reached", "unknown"),
    ("418", "error"), (503, "error"), ("42", "unknown"),
    ("ToolError", "error"), ("failed: no key", "error"),
    ("", "unknown"), (None, "unknown"), ({"code": 1}, "unknown"), (True, "success"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "outcome"), WORDS)
def test_only_known_words_are_a_success(fetch: Any, write: Any, word: Any, outcome: str) -> None:
    lines = [record("r", "t", 0, end=word), record("s", "t", 1)]
    write("log.jsonl", lines)
    fields = {"run_id": "id", "example_id": "task", "repetition": "trial", "status": "end"}
    came = fetch(RecordsFetcher, path="log.jsonl", fields=fields)
    assert [run.outcome for run in came.runs] == [outcome, "success"]


def test_words_nobody_knows_are_named_everywhere(tmp_path: Path, write: Any) -> None:
    ends = ["gave_up", "gave_up", "done", "42"]
    write("log.jsonl", [record(f"r{n}", f"t{n}", 0, end=end) for n, end in enumerate(ends)])
    folder = project(tmp_path, f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"{FIELDS}')
    told = evalkit("fetch", "x", cwd=folder)
    assert told.code == 0
    assert "status 'gave_up' (2), '42' (1)" in told.err
    shown = evalkit("run", cwd=folder)
    text = " ".join(shown.out.split())
    assert "3 of 4 runs did not succeed: 3 ended in a way nobody here knows" in text
    assert shown.out.count("[experiments.x.statuses]") == 1
    gated = evalkit("gate", "--gate", "unknown_rate == 0", cwd=folder)
    assert gated.code == 1


def test_the_configuration_says_what_words_mean(tmp_path: Path, write: Any) -> None:
    ends = ["gave_up", "KILLED", "done", "running", "42"]
    write("log.jsonl", [record(f"r{n}", f"t{n}", 0, end=end) for n, end in enumerate(ends)])
    plain = f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"{FIELDS}'
    folder = project(tmp_path, plain)
    assert evalkit("fetch", "x", cwd=folder).code == 0
    assert outcomes(folder) == {"success": 1, "cancelled": 1, "unknown": 2}
    meant = '"gave_up" = "success"\nkilled = "error"\nrunning = "timeout"\n"42" = "paused"'
    project(tmp_path, f"{plain}\n[experiments.x.statuses]\n{meant}")
    assert evalkit("fetch", "x", cwd=folder).code == 0
    assert outcomes(folder) == {"success": 2, "error": 1, "timeout": 1, "paused": 1}
    assert "0 new" in evalkit("fetch", "x", cwd=folder).err
    project(tmp_path, f'{plain}\n[experiments.x.statuses]\ngave_up = "succes"')
    wrong = evalkit("check", cwd=folder)
    assert (wrong.code, "statuses.gave_up should be" in wrong.err) == (2, True)


@pytest.mark.parametrize("status", ["success", "error", "pending", "interrupted", "odd"])
@pytest.mark.parametrize("meant", ["success", "error", "timeout", "cancelled", "paused", "unknown"])
def test_what_is_said_of_a_word_wins(status: str, meant: str) -> None:
    run = Run(run_id="r", status=status, error="boom", interrupts=[{"value": "ok?"}])
    assert settled(run, {status: meant}).outcome == meant
    assert settled(run, {"other": meant}) is run


TWICE = [
    record("a1", "a", 0, ok=True), record("a2", "a", 1, ok=True), record("b1", "b", 0, ok=False),
    record("a3", "a", 0, ok=False), record("a4", "a", 0, ok=False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "code", "mean", "n"),
    [("", 3, None, 0), ("error", 3, None, 0), ("last", 0, 1 / 4, 3), ("first", 0, 2 / 4, 3),
     ("keep", 0, 1 / 4, 5)],
)  # fmt: skip
def test_a_repetition_that_came_twice(
    tmp_path: Path, write: Any, rule: str, code: int, mean: float | None, n: int
) -> None:
    write("log.jsonl", TWICE)
    said = f'on_repeat = "{rule}"\n' if rule else ""
    folder = project(
        tmp_path, f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\n{said}{FIELDS}'
    )
    for _ in range(2):  # the second time, what was left out is new again
        ended = evalkit("run", "x", "--json", cwd=folder)
        assert ended.code == code
        told = ended.err if code else " ".join(ended.document["quality"]["notes"])
        assert "2 runs of an example and repetition that had one already" in told
        assert "'a1' and 'a3'" in told
        if not code:
            score = ended.document["scores"]["ok"]
            assert (score["n"], score["mean"]) == (n, pytest.approx(mean))


def test_going_over_to_another_rule_needs_nothing_else(tmp_path: Path, write: Any) -> None:
    write("log.jsonl", TWICE)
    means = {}
    for rule in ("last", "first", "last", "keep"):
        config = f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\non_repeat = "{rule}"'
        folder = project(tmp_path, f"{config}\n{FIELDS}")
        document = evalkit("run", "x", "--json", cwd=folder).document
        means.setdefault(rule, []).append(round(document["scores"]["ok"]["mean"], 3))
    assert means == {"last": [0.25, 0.25], "first": [0.5], "keep": [0.25]}


def test_times_say_which_run_is_the_last(tmp_path: Path, write: Any) -> None:
    late, early = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
    lines = [record("late", "a", 0, at=late), record("early", "a", 0, at=early, ok=False)]
    write("log.jsonl", lines)
    config = '[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\non_repeat = "last"\n'
    folder = project(tmp_path, f'{config}{FIELDS}started_at = "at"\n')
    document = evalkit("run", "x", "--json", cwd=folder).document
    assert document["scores"]["ok"]["mean"] == 1.0


def test_repetitions_that_were_counted_never_come_twice(tmp_path: Path, write: Any) -> None:
    write("log.jsonl", TWICE)
    fields = FIELDS.replace('repetition = "trial"\n', "")
    config = f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\n{fields}'
    ended = evalkit("run", "x", "--json", cwd=project(tmp_path, config))
    assert (ended.code, ended.document["counts"]["received"]) == (0, 5)


def tau2(trials: int, *runs: tuple[str, str, int, str]) -> dict[str, Any]:
    return {
        "info": {"num_trials": trials},
        "tasks": [{"id": "1"}, {"id": "2"}],
        "simulations": [
            {"id": run_id, "task_id": task, "trial": trial, "termination_reason": reason,
             "messages": [], "reward_info": {"reward": 1.0}}
            for run_id, task, trial, reason in runs
        ],
    }  # fmt: skip


def test_a_header_promises_a_number(fetch: Any, write: Any) -> None:
    write("results.json", tau2(2, ("a", "1", 0, "user_stop"), ("b", "2", 0, "max_steps")))
    came = fetch(path="results.json")
    assert came.counts.expected == 4
    assert "promises 4 runs and 2 are there" in str(came.error)
    whole = tau2(1, ("a", "1", 0, "user_stop"), ("b", "2", 0, "max_steps"))
    write("results.json", whole)
    assert fetch(path="results.json").error is None


def test_a_listing_promises_a_number(fetch: Any, write: Any) -> None:
    trace = {"id": "t", "timestamp": "2026-01-01T00:00:00Z", "observations": [], "input": "q"}
    write("page.json", {"data": [trace], "meta": {"page": 1, "totalItems": 3}})
    came = fetch(path="page.json")
    assert (came.counts.expected, "promises 3 runs and 1 are" in str(came.error)) == (3, True)


def test_formats_give_the_word_they_read(tmp_path: Path, write: Any) -> None:
    write("results.json", tau2(1, ("a", "1", 0, "user_stop"), ("b", "2", 0, "max_steps")))
    config = '[experiments.x]\npath = "results.json"\n[experiments.x.statuses]\n'
    folder = project(tmp_path, f'{config}max_steps = "timeout"\nuser_stop = "paused"\n')
    assert evalkit("fetch", "x", cwd=folder).code == 0
    assert outcomes(folder) == {"timeout": 1, "paused": 1}


def span(name: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {
        "trace_id": "t", "span_id": name, "parent_id": parent, "name": name, "attributes": {},
        "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:01Z", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "outcome"),
    [
        ([span("root", None), span("a", "root")], "success"),
        ([span("a", "lost"), span("b", "a")], "unknown"),
        ([span("a", "lost"), span("b", "lost")], "unknown"),
        ([span("a", "lost", status={"code": "ERROR"})], "error"),
        ([span("root", None), span("a", "lost")], "success"),
    ],
)
def test_a_trace_without_its_root_is_no_success(
    fetch: Any, write: Any, spans: list[dict[str, Any]], outcome: str
) -> None:
    write("spans.jsonl", spans)
    came = fetch(path="spans.jsonl")
    assert [run.outcome for run in came.runs] == [outcome]
    lost = sum(each["parent_id"] == "lost" for each in spans)
    assert came.counts.orphans == lost


def test_runs_that_end_before_they_start_are_counted_in_the_terminal(
    tmp_path: Path, write: Any
) -> None:
    times = [("2026-01-01T00:00:05Z", "2026-01-01T00:00:00Z"), ("2026-01-01", "2026-01-02")]
    lines = [record(f"r{n}", f"t{n}", 0, s=s, e=e) for n, (s, e) in enumerate(times)]
    write("log.jsonl", lines)
    config = f'[experiments.x]\nfetcher = "records"\npath = "log.jsonl"\n{FIELDS}'
    folder = project(tmp_path, f'{config}started_at = "s"\nended_at = "e"\n')
    shown = evalkit("run", cwd=folder).out
    assert "1 run ended before the start: of these the latency is not used." in shown


def test_a_store_of_an_earlier_evalkit_is_mended_by_a_fetch(tmp_path: Path) -> None:
    from evalkit.store.store import Store
    from evalkit.store.writing import known_runs, open_writer

    class Earlier(Run):
        outcome = "success"  # what was stored for a word that nobody knew

    experiment = Store(tmp_path / "store").experiment("x")
    with open_writer(experiment) as writer:
        writer.add(Earlier(run_id="a", status="gave_up"))
        writer.add(Run(run_id="b", status="gave_up", stopped="success"))
        writer.add(Run(run_id="c", status="Completed"))
        writer.finish()
    known = known_runs(experiment)
    assert {name: bool(known[name]) for name in known} == {"a": False, "b": True, "c": True}


def test_the_context_says_nothing_of_words_by_default(tmp_path: Path) -> None:
    assert FetchContext(experiment="x", base=tmp_path).statuses == {}
