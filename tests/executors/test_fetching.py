"""Files read on real Dask workers: the store of a local fetch, whatever happens to the workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clusters import awaited, cells, children, make_project, mounted
from command_line import evalkit

from evalkit.store.disk.journal import load_journal
from evalkit.store.disk.opened import PartFile
from evalkit.store.store import Store

pytestmark = pytest.mark.slow

CONFIG = """
[executor]
wait = 10
[experiments.x]
path = "runs/*.jsonl"
[experiments.server]
fetcher = "langfuse"
url = "http://127.0.0.1:9"
experiment = "e"
[experiments.grouped]
fetcher = "records"
path = "runs/*.jsonl"
group_by = "example_id"
fields.run_id = "run_id"
"""
OF_PLACE = ("fetched_at", "source_digest")
"""What the manifest says of when and where it was fetched."""
PAD = "a word or two " * 120


def written(folder: Path, files: int = 5, rows: int = 1300) -> Path:
    """Write files of more than 4 MB each, the least that is sent; examples come in each."""
    (folder / "runs").mkdir(parents=True)
    (folder / "evalkit.toml").write_text(CONFIG)
    for file in range(files):
        asked = {"kind": "example", "example_id": f"e{file % 3}", "inputs": {"q": f"{file} {PAD}"}}
        lines = [json.dumps(asked)]
        for number in range(file * rows, (file + 1) * rows):
            run_id = "r7" if number % 2000 == 1999 else f"r{number}"  # a few come twice
            step = {"step_id": "s", "kind": "tool", "name": "t", "inputs": PAD, "outputs": number}
            run = {"run_id": run_id, "example_id": f"e{number % 500}", "inputs": {"q": PAD}}
            lines.append(json.dumps({**run, "outputs": {"a": number}, "steps": [step]}))
        (folder / "runs" / f"{file}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def stored(project: Path) -> Any:
    """Return all runs and examples in their order, and what the manifest says of them."""
    experiment = Store(project / ".evalkit").experiment("x")
    state, files = experiment.state(), experiment.files
    assert not state.dead
    runs = [row for part in state.parts for row in PartFile(files, part).read(None).to_pylist()]
    examples = state.examples and PartFile(files, state.examples).read(None).to_pylist()
    told = state.manifest.to_dict()
    told = {name: each for name, each in told.items() if name not in OF_PLACE}
    return runs, examples, told


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A project, and what a local fetch stores of it."""
    project = written(tmp_path_factory.mktemp("local") / "p")
    assert evalkit("fetch", "x", cwd=project).code == 0
    wanted = stored(project)
    shutil.rmtree(project / ".evalkit")
    return project, wanted


@pytest.fixture
def project(local: tuple[Path, Any], tmp_path: Path) -> Path:
    return Path(shutil.copytree(local[0], tmp_path / "p"))


def own(number: int) -> dict[str, Any]:
    """Return a run as evalkit writes it; three runs answer one example."""
    run = {"run_id": f"r{number}", "example_id": f"e{number // 3}", "inputs": {"q": PAD * 8}}
    return run | {"outputs": {"a": number}}


def traced(number: int) -> dict[str, Any]:
    """Return a run of LangSmith; a few have no step inside, and wait for all others."""
    start, run_id = "2026-01-01T00:00:00+00:00", f"r{number:06d}"
    both = {"trace_id": run_id, "start_time": start, "end_time": start, "run_type": "chain"}
    order = f"20260101T000000000000Z{run_id}"
    step = {"id": f"{run_id}-s", "name": "t", "run_type": "tool", "parent_run_id": run_id,
            "dotted_order": f"{order}.20260101T000000000000Z{run_id}-s", "outputs": {"n": number},
            "inputs": {"q": PAD * 4}}  # fmt: skip
    asked = {"inputs": {"q": f"{number // 3} {PAD * 4}"}, "outputs": {"a": number}}
    root = {"id": run_id, "name": "r", "dotted_order": order, "child_runs": [{**both, **step}]}
    return both | asked | root | ({"child_runs": []} if number % 200 == 199 else {})


@pytest.mark.parametrize("made", [own, traced])
def test_one_large_file_in_a_bucket_is_read_by_lines(
    bucket: str, cluster: Any, tmp_path: Path, made: Any
) -> None:
    """Repetitions go on from piece to piece, and lines are counted from the file's beginning."""
    s3fs = pytest.importorskip("s3fs")
    lines = [json.dumps(made(number)) + "\n" for number in range(1000)]  # 14 MB
    projects = [tmp_path / "here", tmp_path / "there"]
    for project in projects:
        project.mkdir()
        config = 'executor = { wait = 60 }\n[experiments.x]\npath = "s3://evals/runs.jsonl"\n'
        (project / "evalkit.toml").write_text(config)
    for _ in range(2):
        cluster.worker()
    for broken in (False, True):
        lines[800:801] = ["{broken\n"] if broken else lines[800:801]
        data = "".join(lines).encode()
        s3fs.S3FileSystem(skip_instance_cache=True).pipe("evals/runs.jsonl", data)
        ends = [evalkit("fetch", "x", *how, cwd=project) for project, how in
                zip(projects, ((), ("--executor", cluster.address)), strict=True)]  # fmt: skip
        assert [each.code for each in ends] == [3 * broken] * 2, ends[1].err
        assert ends[1].err.splitlines()[-1:] == ends[0].err.splitlines()[-1:]
        assert ("runs.jsonl:801: not JSON" in ends[1].err) == broken
        assert stored(projects[1]) == stored(projects[0])


def begun(project: Path, address: str) -> Any:
    command = [sys.executable, "-m", "evalkit", "fetch", "x", "--executor", address]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=project, stdout=pipe, stderr=pipe, text=True)


def some_there(project: Path) -> bool:
    return any((project / ".evalkit" / "x" / "runs").glob("part-*.parquet"))


def some_kept(project: Path) -> bool:
    """Tell whether a part is taken over, which comes after its file is there."""
    if not some_there(project):
        return False
    state = load_journal(Store(project / ".evalkit").experiment("x").files)
    return state is not None and bool(state.parts)


def test_the_store_of_a_local_fetch(local: Any, project: Path, shared_cluster: Any) -> None:
    at = ("--executor", shared_cluster.address)
    ended = evalkit("fetch", "x", *at, cwd=project)
    assert ended.code == 0, ended.err
    assert stored(project) == local[1]
    again = evalkit("fetch", "x", *at, "--json", cwd=project)
    assert (again.code, again.document["new"]) == (0, 0)
    for name, why in (("server", "has no files that workers can read"), ("grouped", "grouped")):
        ended = evalkit("fetch", name, *at, cwd=project)
        assert (ended.code, why in ended.err, ended.err.count("\n")) == (2, True, 1), ended.err
    with (project / "runs" / "2.jsonl").open("ab") as file:
        file.write(b"{broken\n")
    here, there = shutil.copytree(project, project.parent / "q"), project
    told = [evalkit("fetch", "x", *how, cwd=each) for how, each in (((), here), (at, there))]
    assert [each.code for each in told] == [3, 3]
    assert told[0].err.splitlines()[-1] == told[1].err.splitlines()[-1]
    assert "runs/2.jsonl:1302: not JSON" in told[1].err
    assert stored(there) == stored(here)


def test_a_worker_is_killed(local: Any, project: Path, cluster: Any) -> None:
    nannies = [cluster.worker() for _ in range(2)]
    running = begun(project, cluster.address)
    awaited(lambda: some_there(project) or running.poll() is not None)
    os.kill(children(nannies[0].pid)[-1], signal.SIGKILL)
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, out + err
    assert stored(project) == local[1]


def test_ctrl_c_keeps_what_is_done(local: Any, project: Path, cluster: Any) -> None:
    cluster.worker()
    running = begun(project, cluster.address)
    awaited(lambda: some_kept(project))
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    again = evalkit("fetch", "x", "--executor", cluster.address, "--json", cwd=project)
    assert again.code == 0, again.err
    assert 0 < again.document["new"] < len(local[1][0])
    assert stored(project)[:2] == local[1][:2]


def test_a_worker_that_does_not_see_the_files_is_named(
    local: Any, project: Path, cluster: Any
) -> None:
    other = Path(shutil.copytree(project / "runs", project.parent / "other"))
    (other / "3.jsonl").unlink()
    cluster.worker(**mounted(other, project / "runs"))
    ended = evalkit("fetch", "x", "--executor", cluster.address, cwd=project)
    assert (ended.code, "runs/3.jsonl: cannot be read" in ended.err) == (3, True), ended.err
    assert not some_there(project)
    cluster.worker()
    awaited(lambda: cluster.heard("Registered to") == 2)
    assert evalkit("fetch", "x", "--executor", cluster.address, cwd=project).code == 0
    assert stored(project) == local[1]


def test_workers_have_the_project_elsewhere(cluster: Any, tmp_path: Path) -> None:
    """Nothing lies where it lies here: neither files, nor store, nor evaluators."""
    here, there = written(tmp_path / "here" / "p", files=2), tmp_path / "there" / "p"
    more = make_project(tmp_path / "evaluators", 0)
    (more / "evaluators").rename(here / "evaluators")
    mine = here / "evaluators" / "mine.py"
    mine.write_text(mine.read_text().replace("inputs['q']", "inputs['q'][:9]"))
    (tmp_path / "nothing").mkdir()
    moved = CONFIG.replace("[executor]", f'[executor]\nproject = "{there}"')
    (here / "evalkit.toml").write_text(moved)
    shutil.copytree(here, there)
    cluster.worker(**mounted(tmp_path / "nothing", here))
    at = ("--executor", cluster.address)
    ended = evalkit("fetch", "x", *at, cwd=here)
    assert ended.code == 0, ended.err
    shutil.copytree(here / ".evalkit", there / ".evalkit")
    ended = evalkit("score", "x", *at, cwd=here)
    assert ended.code == 0, ended.err
    wanted = cells(here / ".evalkit")
    assert evalkit("score", "x", "--fresh", "--executor", "local", cwd=here).code == 0
    assert cells(here / ".evalkit") == wanted
