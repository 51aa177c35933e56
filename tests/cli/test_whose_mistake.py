"""A full or read-only disk, a closed stdout, no TMPDIR: one line and 3, of every verb."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import SCRIPT, Ended, evalkit
from small_disk import small_disk

from evalkit.cli.table.sections import VERBS
from evalkit.cli.table.verb import Verb

CONFIG = """
[experiments.x]
fetcher = "records"
path = "x.jsonl"

[experiments.x.fields]
run_id = "id"
example_id = "id"
inputs = "{q: q}"
outputs = "{a: a}"
"""
EVALUATOR = """
from evalkit import evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["a"] >= 0


@evaluator(scope="experiment")
def size(runs) -> float:
    return len(runs)
"""
WRITES = {
    "run": ("run", "--fresh"),
    "fetch": ("fetch", "x", "--refresh"),
    "score": ("score", "x", "--fresh"),
    "report": ("report", "x"),
    "gate": ("gate", "--gate", "right >= 0.5", "--junit", "gates.xml"),
    "follow": ("follow", "x", "--polls", "1"),
    "receive": ("receive", "--to", "traces", "--port", "0"),
    "init": ("init", "fresh"),
    "map": ("map", "x.jsonl", "--write", "--name", "z"),
    "new evaluator": ("new", "evaluator", "other"),
    "label": ("label", "x", "--metric", "right", "--port", "0"),
    "agree": ("agree", "x", "--metric", "right", "--human", "labels.jsonl"),
    "judge": ("judge",),
    "push": ("push", "x", "--otlp", "events.jsonl"),
    "store gc": ("store", "gc"),
    "store export": ("store", "export", "x", "--to", "out"),
}
READS = {
    "show": ("show", "x"),
    "compare": ("compare", "x", "x2"),
    "check": ("check", "--json"),
    "list": ("list",),
    "doctor": ("doctor", "x"),
    "try": ("try", "right", "--on", "x"),
    "history": ("history", "x"),
    "plan": ("plan", "x", "--detect", "3pp"),
    "metrics": ("metrics", "x"),
    "view": ("view", "x", "--port", "0"),
    "validate": ("validate", "x"),
    "verify": ("verify", "reports/x/summary.json"),
    "store verify": ("store", "verify"),
    "store list": ("store", "list"),
    "schema": ("schema", "run"),
    "completion": ("completion", "bash"),
}
SILENT = {"fetch", "follow", "map"}
"""They say what they did on stderr only, so that a closed stdout hinders nothing."""
OUTPUTS = ("/", "gates.xml", "events.jsonl", "out", "traces", "TMPDIR")
ELSEWHERE = {"mcp", "cluster check"}
"""They need a client, or a cluster, on the other side."""
CALLS = WRITES | READS
SERVES = {"view", "receive", "label"}
LASTS = "4"
"""Seconds after which a verb that serves is asked to end; the others have a minute."""


def asked_to_end(args: tuple[str, ...]) -> list[str]:
    return ["timeout", LASTS if args[0] in SERVES else "60"]


def every_verb(verbs: dict[str, Verb], *words: str) -> Iterator[str]:
    for name, verb in verbs.items():
        if verb.inside:
            yield from every_verb(dict(verb.inside), *words, name)
        else:
            yield " ".join([*words, name])


def test_the_table_has_every_verb() -> None:
    assert set(every_verb(VERBS)) == set(CALLS) | ELSEWHERE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATOR)
    (folder / "evalkit.toml").write_text(CONFIG + CONFIG.replace("experiments.x", "experiments.x2"))
    rows = [{"id": f"r{n}", "a": n, "q": n} for n in range(12)]
    (folder / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    label = {"experiment": "x", "run_id": "r1", "metric": "right", "label": True}
    (folder / "labels.jsonl").write_text(json.dumps(label) + "\n")
    assert evalkit("run", cwd=folder).code == 0
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "project")


def shell(line: str, *args: str, cwd: Path, **env: str) -> Ended:
    """Run a line in which `evalkit ARGS` is `"$@"`."""
    command = ["sh", "-c", line, "sh", *asked_to_end(args), str(SCRIPT), *args]
    ended = subprocess.run(
        command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=120
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def own_mounts(line: str, *args: str, cwd: Path, **env: str) -> Ended:
    """Run a line that mounts; nobody else sees what it mounts."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    command = ["unshare", "-m", "sh", "-c", line, "sh", *asked_to_end(args), str(SCRIPT), *args]
    ended = subprocess.run(
        command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=120
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


READ_ONLY = 'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && '


def full(project: Path, args: tuple[str, ...]) -> Ended:
    with small_disk(project.parent / "small", "1500k") as disk:
        shutil.copytree(project, disk, dirs_exist_ok=True)
        with (disk / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        return shell('exec "$@"', *args, cwd=disk)


def read_only(project: Path, args: tuple[str, ...]) -> Ended:
    return own_mounts(READ_ONLY + 'exec "$@"', *args, cwd=project)


def closed(project: Path, args: tuple[str, ...]) -> Ended:
    return shell('exec "$@" >&-', *args, cwd=project)


def no_room_for_stdout(project: Path, args: tuple[str, ...]) -> Ended:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    return shell('exec "$@" >/dev/full', *args, cwd=project)


def no_temporary_folder(project: Path, args: tuple[str, ...]) -> Ended:
    """Everywhere temporary files could go is read-only, and readable: evalkit may lie in there."""
    line = (
        "mount --bind . /mnt && cd /mnt && mount -o remount,ro,bind /mnt && for d in /tmp /var/tmp;"
        ' do mount --bind $d $d && mount -o remount,ro,bind $d || exit 9; done && exec "$@"'
    )
    return own_mounts(line, *args, cwd=project, TMPDIR="/nonexistent")


FAULTS = {
    "full": full,
    "read-only": read_only,
    "closed": closed,
    "no room for stdout": no_room_for_stdout,
    "no temporary folder": no_temporary_folder,
}
OF_STDOUT = ("closed", "no room for stdout")
TABLE = [(fault, verb) for fault in FAULTS for verb in CALLS]


def test_how_many_faults_are_injected() -> None:
    assert len(TABLE) == 5 * 32


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "verb"), TABLE)
def test_every_verb_says_whose_mistake_it_is(project: Path, fault: str, verb: str) -> None:
    ended = FAULTS[fault](project, CALLS[verb])
    fails = verb not in SILENT if fault in OF_STDOUT else verb in WRITES
    wanted = 3 if fails else 0
    if verb == "view":  # what it sends lies in a temporary file; it goes on until it is ended
        wanted = {"full": 124, "read-only": 124}.get(fault, 3)
    assert (ended.code, "Traceback" in ended.err) == (wanted, False), ended
    if wanted != 3:
        return
    said = [line for line in ended.err.splitlines() if "written" in line]
    assert len(said) == 1, ended
    names = ["stdout: "] if fault in OF_STDOUT else OUTPUTS
    assert any(name in said[0] for name in names)
    if verb != "follow":
        assert said[0].startswith("error[store]: ")


@pytest.mark.parametrize("fault", OF_STDOUT)
def test_a_gate_whose_words_nobody_gets_does_not_pass(project: Path, fault: str) -> None:
    ended = FAULTS[fault](project, ("gate", "--gate", "right >= 0.5"))
    assert (ended.code, ended.err.startswith("error[store]: stdout: cannot be written")) == (
        3,
        True,
    )


def test_a_page_elsewhere_is_written_though_the_project_is_read_only(
    project: Path, tmp_path: Path
) -> None:
    page = tmp_path / "elsewhere" / "page.html"
    ended = read_only(project, ("report", "x", "--output", str(page)))
    assert (ended.code, page.is_file()) == (0, True), ended
    assert "The figures were not kept for later days" in ended.err
    assert "Read-only file system" in ended.err


def test_a_closed_stdout_gives_its_number_to_no_file(project: Path) -> None:
    """The next file that was opened would be number 1, and get what evaluators print."""
    (project / "evaluators" / "loud.py").write_text(
        "import os\nfrom evalkit import evaluator\n\n@evaluator\ndef loud(outputs):\n"
        '    os.system("echo spoilt")\n    return True\n'
    )
    ended = closed(project, ("score", "x", "--json"))
    assert ended.code in (0, 3)
    assert not [path for path in project.rglob("*") if path.is_file() and b"spoilt\n" in read(path)]
    assert evalkit("store", "verify", cwd=project).code == 0


def read(path: Path) -> bytes:
    return b"" if path.suffix == ".py" else path.read_bytes()
