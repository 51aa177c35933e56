"""Evaluators on real Dask workers: the cells of a local run, whatever happens to the workers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clusters import EVALUATORS, awaited, callers, cells, children, make_project, mounted
from command_line import evalkit

pytestmark = pytest.mark.slow

HOSTILE = """
import os
import sys
import time

from evalkit import evaluator


@evaluator
def fine(outputs) -> float:
    return outputs["a"] / 3


@evaluator
def hangs(outputs) -> float:
    if outputs["a"] == 700:
        time.sleep(600)
    return 1.0


@evaluator
def exits(outputs) -> float:
    if outputs["a"] in (5, 900):
        os._exit(7)
    if outputs["a"] == 6:
        sys.exit(3)
    if outputs["a"] == 7:
        raise KeyboardInterrupt
    return 1.0


@evaluator
def takes_memory(outputs) -> float:
    return float(len(bytearray(30 * 2**30)) if outputs["a"] == 40 else 1)
"""


def slowly(seconds: float) -> str:
    return EVALUATORS.replace("SLOW = 0.0", f"SLOW = {seconds}")


def beside(folder: Path, runs: int, evaluators: str = EVALUATORS) -> tuple[Path, list[str]]:
    """Return a project whose runs are fetched, and the cells a local run makes of them."""
    project = make_project(folder, runs, evaluators)
    assert evalkit("fetch", cwd=project).code == 0
    store, fetched = project / ".evalkit", project / "fetched"
    shutil.copytree(store, fetched)
    assert evalkit("score", "--workers", "1", cwd=project).code == 0
    wanted = cells(store)
    shutil.rmtree(store)
    fetched.rename(store)
    return project, wanted


def started(project: Path, address: str) -> Any:
    command = [sys.executable, "-m", "evalkit", "score", "x", "--executor", address]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=project, stdout=pipe, stderr=pipe, text=True)


def scores_there(project: Path, parts: int = 1) -> bool:
    """Tell whether so many parts are there; the last may not be taken over yet."""
    return len(list((project / ".evalkit" / "x" / "scores").glob("part-*.parquet"))) >= parts


def test_the_cells_of_a_local_run(shared_cluster: Any, tmp_path: Path) -> None:
    """Evaluators that hang, end their process or take all memory cost their own cells alone."""
    project, wanted = beside(tmp_path / "p", 1300, HOSTILE)
    workers = [children(nanny) for nanny in shared_cluster.nannies]
    ended = evalkit("score", "--executor", shared_cluster.address, cwd=project)
    assert (ended.code, "error[" in ended.err) == (0, False), ended.err
    assert cells(project / ".evalkit") == wanted
    assert sum("WorkerDied" in cell for cell in wanted) == 2
    for nanny, before in zip(shared_cluster.nannies, workers, strict=True):
        assert not callers(nanny)
        assert set(before) <= set(children(nanny))
    again = evalkit("score", "--executor", shared_cluster.address, "--json", cwd=project)
    assert again.document["done"] == 0  # nothing is missing: no cluster is asked


def test_every_kind_of_evaluator(shared_cluster: Any, tmp_path: Path) -> None:
    project, wanted = beside(tmp_path / "p", 600)
    (project / "evalkit.toml").write_text(
        f'executor = {{ address = "{shared_cluster.address}", runs = 100 }}\n'
        + (project / "evalkit.toml").read_text()
    )
    assert evalkit("score", cwd=project).code == 0
    assert cells(project / ".evalkit") == wanted
    assert len(wanted) == 2 * 600 + 1


def test_what_each_worker_has(shared_cluster: Any, tmp_path: Path) -> None:
    project, _ = beside(tmp_path / "p", 20)
    at = ("--executor", shared_cluster.address, "--json")
    found = evalkit("cluster", "check", "x", *at, cwd=project)
    assert found.code == 0
    assert [each["fits"] for each in found.document["workers"]] == [True, True]
    assert found.document["workers"][0]["versions"]["pyarrow"]
    (project / "evalkit.toml").write_text(
        'executor = { environment = ["NO_SUCH_VARIABLE"] }\n'
        + (project / "evalkit.toml").read_text()
    )
    found = evalkit("cluster", "check", *at, cwd=project)
    assert found.code == 3
    assert {each["refused"] for each in found.document["workers"]} == {
        "NO_SUCH_VARIABLE is not set"
    }
    ended = evalkit("score", "--executor", shared_cluster.address, cwd=project)
    assert (ended.code, "NO_SUCH_VARIABLE is not set" in ended.err) == (3, True)
    assert not scores_there(project)


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_worker_is_killed(cluster: Any, tmp_path: Path, moment: int) -> None:
    """Its share is done again, elsewhere or by the worker that comes in its place."""
    project, wanted = beside(tmp_path / "p", 2600, slowly(0.002))
    nannies = [cluster.worker().pid for _ in range(1 if moment == 3 else 2)]
    running = started(project, cluster.address)
    awaited(lambda: any(callers(nanny) for nanny in nannies))
    if moment > 1:
        awaited(lambda: scores_there(project))
    (worker,) = [pid for pid in children(nannies[0]) if pid not in callers(nannies[0])][-1:]
    os.kill(worker, signal.SIGKILL)
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert cells(project / ".evalkit") == wanted
    awaited(lambda: not any(callers(nanny) for nanny in nannies), 10)


def test_a_whole_nanny_is_killed(cluster: Any, tmp_path: Path) -> None:
    project, wanted = beside(tmp_path / "p", 2600, slowly(0.002))
    nannies = [cluster.worker() for _ in range(2)]
    running = started(project, cluster.address)
    awaited(lambda: callers(nannies[0].pid))
    nannies[0].kill()
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert cells(project / ".evalkit") == wanted


def test_the_scheduler_is_killed(cluster: Any, tmp_path: Path) -> None:
    project, wanted = beside(tmp_path / "p", 2600, slowly(0.004))
    cluster.worker()
    running = started(project, cluster.address)
    awaited(lambda: scores_there(project, 2))
    cluster.scheduler.kill()
    _, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert "error[executor]: " in err
    assert "the cluster is gone" in err
    assert "calls are kept: run the same command again" in err
    left = evalkit("score", "--json", cwd=project).document
    assert 0 < left["done"] < 2 * 2600
    assert cells(project / ".evalkit") == wanted


def test_ctrl_c_keeps_what_is_done(cluster: Any, tmp_path: Path) -> None:
    project, wanted = beside(tmp_path / "p", 2600, slowly(0.004))
    nanny = cluster.worker().pid
    running = started(project, cluster.address)
    awaited(lambda: callers(nanny))
    awaited(lambda: scores_there(project, 2))
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "They are kept: run the same command again" in err
    awaited(lambda: not callers(nanny), 10)
    again = evalkit("score", "--executor", cluster.address, "--json", cwd=project)
    assert again.code == 0, again.err
    assert 0 < again.document["done"] < 2 * 2600
    assert cells(project / ".evalkit") == wanted


def test_the_driver_is_killed(cluster: Any, tmp_path: Path) -> None:
    """Nobody waits for the work any more, so the workers stop, and the next command goes on."""
    project, wanted = beside(tmp_path / "p", 1300, slowly(0.01))
    nanny = cluster.worker().pid
    running = started(project, cluster.address)
    awaited(lambda: callers(nanny))
    running.kill()
    running.communicate()
    awaited(lambda: not callers(nanny), 30)
    assert evalkit("score", "--executor", cluster.address, cwd=project).code == 0
    assert cells(project / ".evalkit") == wanted


BLOCKS_EVALKIT = """
import sys


class Blocks:
    def find_spec(self, name, path=None, target=None):
        if name == "evalkit":
            raise ModuleNotFoundError("no evalkit here")


sys.meta_path.insert(0, Blocks())
"""


def without_evalkit(folder: Path) -> dict[str, Any]:
    (folder / "sitecustomize.py").write_text(BLOCKS_EVALKIT)
    return {"PYTHONPATH": str(folder)}


def other_numpy(folder: Path) -> dict[str, Any]:
    about = folder / "numpy-0.0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.0.1\n")
    return {"PYTHONPATH": str(folder)}


def other_evaluators(folder: Path) -> dict[str, Any]:
    """Mount other evaluators over those of the project, for the worker alone."""
    (folder / "mine.py").write_text(EVALUATORS.replace("/ 2", "/ 3"))
    return mounted(folder, folder.parent / "p" / "evaluators")


def no_project(folder: Path) -> dict[str, Any]:
    return mounted(folder, folder.parent)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("made", "why"),
    [
        (without_evalkit, "evalkit cannot be imported"),
        (other_numpy, "has numpy 0.0.1, needed "),
        (other_evaluators, "half: changed since it was loaded"),
        (no_project, "has no project at "),
    ],
)
def test_a_worker_that_does_not_fit_is_named_and_left_out(
    cluster: Any, tmp_path: Path, made: Any, why: str, alone: bool
) -> None:
    project, wanted = beside(tmp_path / "p", 60)
    (tmp_path / "other").mkdir()
    cluster.worker(**made(tmp_path / "other"))
    if not alone:
        cluster.worker()
    awaited(lambda: cluster.heard("Registered to") == (1 if alone else 2))
    if not alone:  # it is heard before the work is done, or there is nothing to say of it
        checked = evalkit("cluster", "check", "--executor", cluster.address, cwd=project)
        assert (checked.code, checked.out.count("FAIL"), why in checked.out) == (3, 1, True)
    ended = evalkit("score", "--executor", cluster.address, cwd=project)
    if alone:
        assert (ended.code, why in ended.err, "error[executor]" in ended.err) == (3, True, True)
        assert not scores_there(project)
    else:
        assert ended.code == 0, ended.err
        assert cells(project / ".evalkit") == wanted


def test_no_scheduler_and_no_worker(cluster: Any, tmp_path: Path) -> None:
    project, _ = beside(tmp_path / "p", 20)
    (project / "evalkit.toml").write_text(
        "executor = { wait = 2 }\n" + (project / "evalkit.toml").read_text()
    )
    ended = evalkit("score", "--executor", cluster.address, cwd=project)
    assert (ended.code, "no worker came in 2 s" in ended.err) == (3, True)
    cluster.scheduler.kill()
    cluster.scheduler.wait()
    ended = evalkit("score", "--executor", cluster.address, cwd=project)
    assert (ended.code, "no scheduler answers" in ended.err) == (3, True)
    assert evalkit("score", "--executor", "local", cwd=project).code == 0


def test_a_store_in_a_bucket(bucket: str, cluster: Any, tmp_path: Path) -> None:
    project, wanted = beside(tmp_path / "p", 1300, slowly(0.002))
    (project / "evalkit.toml").write_text(
        f'store = {{ path = "{bucket}" }}\n' + (project / "evalkit.toml").read_text()
    )
    assert evalkit("fetch", cwd=project).code == 0
    nannies = [cluster.worker().pid for _ in range(2)]
    running = started(project, cluster.address)
    awaited(lambda: callers(nannies[0]))
    other = evalkit("score", "--executor", cluster.address, cwd=project)
    assert (other.code, "another evalkit process" in other.err) == (3, True)
    os.kill(children(nannies[0])[-1], signal.SIGKILL)
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert cells(bucket) == wanted
