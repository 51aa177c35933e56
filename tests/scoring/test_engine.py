"""The engine: scopes, outcomes, workers that agree, retries, limits, interruption, kills."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import EvaluatorError, TooManyEvaluatorErrors
from evalkit.model.score import Score
from evalkit.project.config import load
from evalkit.project.local import Loader, load_evaluators
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.fingerprint.fingerprint import changed, fingerprint
from evalkit.scoring.workers.process import may_fork
from evalkit.store.care import collect_stale, verify_stored
from evalkit.store.results import read_results

SHOWN = ("run_id", "step_id", "evaluator", "key", "outcome", "score", "score_type", "value")


def number(outputs: Any) -> float:
    return outputs["answer"] / 3


def even(run: Any) -> bool | None:
    return None if run.outputs["answer"] % 5 == 0 else run.outputs["answer"] % 2 == 0


def several(outputs: Any) -> dict[str, Any]:
    return {"size": outputs["answer"], "kind": "big" if outputs["answer"] > 9 else "small"}


def named(step: Any) -> bool:
    return bool(step.name == "search")


def picky(outputs: Any) -> int:
    return 10 // (outputs["answer"] % 4)


async def slowly(outputs: Any) -> Score:
    await asyncio.sleep(0.0005)
    return Score(score=outputs["answer"], comment="slept")


def whole(runs: Any, examples: Any) -> dict[str, float]:
    return {"runs": len(runs), "examples": len([e for e in examples if e is not None])}


ALL = [number, even, several, named, picky, slowly, whole]


def cells(place: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell[name] for name in SHOWN) for cell in place.cells()]


def test_results_do_not_depend_on_the_workers(lab: Any) -> None:
    place = lab(1500)
    place.score(*ALL, workers=0)
    inline = cells(place)
    for workers in (1, 2, 3):
        place.score(*ALL, workers=workers, fresh=True)
        assert cells(place) == inline


def test_every_outcome_is_told_apart(lab: Any) -> None:
    place = lab(12)
    place.score(*ALL)
    assert place.outcomes("even") == {"scored": 9, "not_applicable": 3}
    assert place.outcomes("picky") == {"scored": 9, "evaluator_error": 3}
    assert place.outcomes("named") == {"scored": 12, "not_applicable": 4}  # 4 runs have no step
    assert place.outcomes("whole") == {"scored": 2}
    failed = next(c for c in place.cells("picky") if c["outcome"] == "evaluator_error")
    assert failed["error_type"] == "ZeroDivisionError"
    assert "return 10 //" in failed["traceback"]
    assert "evalkit" not in failed["traceback"]
    types = {(c["key"], c["score_type"]) for c in place.cells() if c["outcome"] == "scored"}
    assert {("even", "bool"), ("number", "float"), ("size", "int"), ("kind", "category")} <= types


def test_failed_runs_can_be_skipped(lab: Any) -> None:
    place = lab(5, status="error", error="ValueError: x")
    place.score(number, marks={"failed_runs": "skip"})
    assert place.outcomes("number") == {"run_failed": 5}


def test_two_keys_are_remembered(lab: Any) -> None:
    place = lab(3)
    outcome = place.score(several)
    assert outcome.infos[0].keys == ("size", "kind")
    place.score(several)
    assert read_results(place.stored).evaluators[0].keys == ("size", "kind")


def test_flaky_evaluators_are_tried_again(lab: Any, tmp_path: Path) -> None:
    counter = tmp_path / "tries"
    counter.write_text("")

    def flaky(outputs: Any) -> bool:
        with counter.open("a") as file:
            file.write("x")
        if len(counter.read_text()) < 3:
            raise ConnectionError("reset")
        return True

    place = lab(1)
    place.score(flaky, marks={"retries": 3, "retry_on": ConnectionError})
    assert (place.outcomes("flaky"), counter.read_text()) == ({"scored": 1}, "xxx")


def test_pure_evaluators_are_called_once(lab: Any, tmp_path: Path) -> None:
    counter = tmp_path / "tries"
    counter.write_text("")

    def fails(outputs: Any) -> bool:
        with counter.open("a") as file:
            file.write("x")
        raise ConnectionError("reset")

    lab(1).score(fails)
    assert counter.read_text() == "x"


@pytest.mark.parametrize("workers", [0, 1])
def test_async_calls_overlap_within_their_bound(lab: Any, tmp_path: Path, workers: int) -> None:
    log = tmp_path / "log"

    async def busy(outputs: Any) -> int:
        busy.now += 1  # type: ignore[attr-defined]
        busy.most = max(busy.most, busy.now)  # type: ignore[attr-defined]
        await asyncio.sleep(0.002)
        busy.now -= 1  # type: ignore[attr-defined]
        log.write_text(str(busy.most))  # type: ignore[attr-defined]
        return busy.most  # type: ignore[attr-defined,no-any-return]

    busy.now = busy.most = 0  # type: ignore[attr-defined]
    lab(40).score(busy, workers=workers, concurrency=7)
    assert log.read_text() == "7"


@pytest.mark.parametrize("workers", [0, 1])
def test_an_async_call_that_waits_too_long_is_ended(lab: Any, workers: int) -> None:
    async def waits(outputs: Any) -> bool:
        await asyncio.sleep(30 if outputs["answer"] == 2 else 0)
        return True

    place = lab(5)
    place.score(waits, workers=workers, timeout=0.2)
    assert place.outcomes("waits") == {"scored": 4, "evaluator_error": 1}
    assert [c["timed_out"] for c in place.cells() if c["outcome"] != "scored"] == [True]


def test_an_async_call_that_blocks_the_loop_is_killed(lab: Any) -> None:
    async def blocks(outputs: Any) -> bool:
        while outputs["answer"] == 2:
            pass
        return True

    place = lab(20)
    place.score(blocks, workers=1, timeout=0.3)
    failed = [c for c in place.cells() if c["outcome"] != "scored"]
    assert [(c["run_id"], c["timed_out"]) for c in failed] == [("run-00002", True)]


def test_the_first_error_can_stop_everything(lab: Any) -> None:
    place = lab(3000)
    with pytest.raises(TooManyEvaluatorErrors, match="no error is allowed"):
        place.score(picky, fail_fast=True, workers=1)
    assert 0 < len(place.cells()) <= 3000
    with pytest.raises(TooManyEvaluatorErrors, match="5 are allowed"):
        place.score(picky, max_errors=5, workers=0, fresh=True)


def test_progress_is_told(lab: Any) -> None:
    seen = []
    lab(100).score(number, even, progress=lambda state: seen.append((state.done, state.total)))
    assert seen[-1] == (200, 200)


def test_a_new_interpreter_does_what_a_fork_does(lab: Any, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evalkit.toml").write_text("")
    (folder / "evaluators" / "mine.py").write_text(textwrap.dedent(MINE))
    evaluators = load_evaluators(load(folder))
    loader = Loader(str(folder / "evalkit.toml"), None)
    place = lab(60)
    place.score(*evaluators, workers=1, timeout=0.5)
    forked = cells(place)
    with not_forking():
        place.score(*evaluators, workers=2, fresh=True, loader=loader, root=folder, timeout=0.5)
    assert cells(place) == forked
    assert place.outcomes("sometimes") == {"scored": 58, "evaluator_error": 2}


MINE = """
    import os
    from evalkit import evaluator

    @evaluator
    def half(outputs):
        return outputs["answer"] / 2

    @evaluator
    def sometimes(outputs):
        if outputs["answer"] == 7:
            os._exit(1)
        while outputs["answer"] == 40:
            pass
        return True
"""


def test_a_new_interpreter_refuses_code_that_was_edited_meanwhile(lab: Any, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evalkit.toml").write_text("")
    file = folder / "evaluators" / "mine.py"
    file.write_text(textwrap.dedent(MINE))
    evaluators = load_evaluators(load(folder))
    place = lab(10)
    score = partial(
        place.score, workers=1, loader=Loader(str(folder / "evalkit.toml"), None), root=folder
    )
    with not_forking():
        file.write_text(textwrap.dedent(MINE) + "\n# a comment changes nothing\n")
        score(*evaluators)
        assert place.outcomes("half") == {"scored": 10}
        file.write_text(textwrap.dedent(MINE).replace("/ 2", "/ 3"))
        with pytest.raises(EvaluatorError, match="half: changed since it was loaded"):
            score(*evaluators, fresh=True)
        file.write_text(textwrap.dedent(MINE).replace("half", "third"))
        with pytest.raises(EvaluatorError, match="half: gone since it was loaded"):
            score(*evaluators, fresh=True)


def test_a_fingerprint_is_of_the_code_that_runs_not_of_the_file_now(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "evaluators").mkdir(parents=True)
    (folder / "evalkit.toml").write_text("")
    (folder / "evaluators" / "_inner.py").write_text("HALF = 2\n")
    file = folder / "evaluators" / "mine.py"
    file.write_text(
        "from evalkit import evaluator\nfrom ._inner import HALF\n" + textwrap.dedent(USES)
    )
    loaded = load_evaluators(load(folder))
    before = fingerprint(loaded[0], folder)
    (folder / "evaluators" / "_inner.py").write_text("HALF = 3\n")
    assert fingerprint(loaded[0], folder) == before  # this process still divides by 2
    anew = load_evaluators(load(folder))
    assert changed(before, fingerprint(anew[0], folder)) == ["evaluators/_inner.py"]


USES = """
    @evaluator
    def half(outputs):
        return outputs["answer"] / HALF
"""


@contextmanager
def not_forking() -> Iterator[None]:
    """While a thread lives, workers are new interpreters."""
    idle = threading.Event()
    thread = threading.Thread(target=idle.wait)
    thread.start()
    try:
        assert not may_fork()
        yield
    finally:
        idle.set()
        thread.join()


def test_the_watch_tells_what_is_in_hand() -> None:
    watch = Watch(3)
    assert watch.in_hand() is None
    watch.enter(7, 2)
    first = watch.in_hand()
    assert first is not None
    assert (first.row, first.task) == (7, 2)
    later = watch.in_hand()
    assert later is not None
    assert later.seconds >= first.seconds
    watch.leave()
    assert watch.in_hand() is None
    watch.close()


SCORE = """
    import json, sys
    sys.path.insert(0, sys.argv[2])
    from evalkit.scoring.engine import score
    from evalkit.scoring.definition.evaluator import as_evaluator
    from evalkit.store.rescoring import open_scoring
    from evalkit.store.results import read_results
    from evalkit.store.store import Store
    from test_engine import even, number, several, named, whole
    made = [as_evaluator(each) for each in (number, even, several, named, whole)]
    stored = Store(sys.argv[1]).experiment("lab")
    print("ready", flush=True)
    with open_scoring(stored) as source:
        score(source, made, workers=int(sys.argv[3]))
    table = read_results(stored).table("cells").drop_columns(["duration_ms"])
    print(json.dumps(table.to_pylist()))
"""


@pytest.mark.slow
def test_killed_fifty_times_it_ends_up_with_the_same(lab: Any) -> None:
    place, workers = lab(6000), 2
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", textwrap.dedent(SCORE), str(place.root), here, str(workers)]
    whole = _json(subprocess.run(command, capture_output=True, check=True).stdout)
    scores = Path(place.stored.where) / "scores"
    for part in scores.iterdir():
        part.unlink()
    for kill in range(50):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.002 * (kill * 7919 % 97))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert _json(subprocess.run(command, capture_output=True, check=True).stdout) == whole
    assert all(finding.ok for finding in verify_stored(place.stored))
    collect_stale(place.stored)
    assert not [name for name in os.listdir(scores) if "tmp" in name]


def _json(output: bytes) -> Any:
    return json.loads(output.splitlines()[-1])


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(lab: Any) -> None:
    place = lab(4000)
    script = textwrap.dedent(
        """
        import os, signal, sys, time
        sys.path.insert(0, sys.argv[2])
        from evalkit.errors import Interrupted
        from evalkit.scoring.engine import score
        from evalkit.scoring.definition.evaluator import as_evaluator
        from evalkit.store.rescoring import open_scoring
        from evalkit.store.store import Store
        def slow(outputs):
            time.sleep(0.001)
            if outputs["answer"] == int(os.environ["WHEN"]):
                os.kill(int(os.environ["MAIN"]), signal.SIGINT)
            return True
        os.environ["MAIN"] = str(os.getpid())
        with open_scoring(Store(sys.argv[1]).experiment("lab")) as source:
            try:
                score(source, [as_evaluator(slow)], workers=int(sys.argv[3]))
            except Interrupted as error:
                print(error)
        """
    )
    for workers, when in (("0", "100"), ("1", "600")):
        command = [sys.executable, "-c", script, str(place.root), ".", workers]
        env = {**os.environ, "WHEN": when}
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
        assert "They are kept: run the same command again to go on." in said
    assert 600 <= len(place.cells("slow")) < 4000
