"""A full or read-only disk, a closed stdout, no TMPDIR: one line and 3, of every verb."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster, awaited
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
    "cluster check": ("cluster", "check"),
}
ANSWERS = {"mcp": ("mcp", "--write")}
"""What it is asked for is told to who asked, and it goes on."""
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    },
}
ASKED = (
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    *(
        {
            "jsonrpc": "2.0",
            "id": number,
            "method": "tools/call",
            "params": {"name": name, "arguments": {"experiment": "x"} | more},
        }
        for number, name, more in (
            (2, "run_experiment", {}),
            (3, "try_evaluator", {"evaluator": "right"}),
        )
    ),
)
"""What an agent asks: something that writes, and something that only has to call the project."""
SILENT = {"fetch", "follow", "map"}
"""They say what they did on stderr only, so that a closed stdout hinders nothing."""
OUTPUTS = ("/", "gates.xml", "events.jsonl", "out", "traces", "TMPDIR")
CALLS = WRITES | READS | ANSWERS
GOES_ON = {("full", "view"), ("read-only", "view")}
"""What it sends lies in a temporary file: such a disk hinders nothing, and it is asked to end."""


def ends(*args: str, seconds: str = "110") -> list[str]:
    """Return what is run; nothing goes on for ever, however slow the machine is."""
    return ["timeout", seconds, str(SCRIPT), *args]


def every_verb(verbs: dict[str, Verb], *words: str) -> Iterator[str]:
    for name, verb in verbs.items():
        if verb.inside:
            yield from every_verb(dict(verb.inside), *words, name)
        else:
            yield " ".join([*words, name])


def test_the_table_has_every_verb() -> None:
    assert set(every_verb(VERBS)) == set(CALLS)


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


def ended_of(command: list[str], cwd: Path, env: dict[str, str]) -> Ended:
    """Run a command to its end; one that answers is asked before, and leaves its answers."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers: list[str] = []
        if "mcp" in command:
            process.stdin.write("".join(json.dumps(each) + "\n" for each in (HELLO, *ASKED)))
            process.stdin.flush()
            while len(answers) < 3 and (line := process.stdout.readline()):
                answers.append(line)
        out, err = process.communicate(timeout=120)
    return Ended(process.returncode, "".join(answers) + out, err)


def shell(line: str, *command: str, cwd: Path, **env: str) -> Ended:
    """Run a line in which the command is `"$@"`."""
    return ended_of(["sh", "-c", line, "sh", *command], cwd, os.environ | env)


def own_mounts(line: str, *command: str, cwd: Path, **env: str) -> Ended:
    """Run a line that mounts; nobody else sees what it mounts."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    return ended_of(["unshare", "-m", "sh", "-c", line, "sh", *command], cwd, os.environ | env)


READ_ONLY = 'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && '


def full(project: Path, command: list[str]) -> Ended:
    with small_disk(project.parent / "small", "1500k") as disk:
        shutil.copytree(project, disk, dirs_exist_ok=True)
        with (disk / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        return shell('exec "$@"', *command, cwd=disk)


def read_only(project: Path, command: list[str]) -> Ended:
    return own_mounts(READ_ONLY + 'exec "$@"', *command, cwd=project)


def closed(project: Path, command: list[str]) -> Ended:
    return shell('exec "$@" >&-', *command, cwd=project)


def no_room_for_stdout(project: Path, command: list[str]) -> Ended:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    return shell('exec "$@" >/dev/full', *command, cwd=project)


def no_temporary_folder(project: Path, command: list[str]) -> Ended:
    """Everywhere temporary files could go is read-only, and readable: evalkit may lie in there."""
    line = (
        "mount --bind . /mnt && cd /mnt && mount -o remount,ro,bind /mnt && for d in /tmp /var/tmp;"
        ' do mount --bind $d $d && mount -o remount,ro,bind $d || exit 9; done && exec "$@"'
    )
    return own_mounts(line, *command, cwd=project, TMPDIR="/nonexistent")


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
    assert len(TABLE) == 5 * 34


@pytest.fixture(scope="module")
def workers(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster whose worker has the project in a place of its own."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.worker()
        awaited(lambda: cluster.heard("Registered to"))
        place = f"address = {json.dumps(cluster.address)}, project = {json.dumps(str(made))}"
        yield f"executor = {{ {place} }}\n"
    finally:
        cluster.close()


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "verb"), TABLE)
def test_every_verb_says_whose_mistake_it_is(
    project: Path, fault: str, verb: str, request: pytest.FixtureRequest
) -> None:
    if verb == "cluster check":
        config = project / "evalkit.toml"
        config.write_text(request.getfixturevalue("workers") + config.read_text())
    seconds = "4" if (fault, verb) in GOES_ON else "110"
    ended = FAULTS[fault](project, ends(*CALLS[verb], seconds=seconds))
    fails = verb not in SILENT if fault in OF_STDOUT else verb in WRITES
    wanted = 3 if fails else 0
    if verb == "view":
        wanted = 124 if (fault, verb) in GOES_ON else 3
    assert (ended.code, "Traceback" in ended.err) == (wanted, False), ended
    if verb in ANSWERS and fault not in OF_STDOUT:
        answered(ended, fault)
    if wanted != 3:
        return
    said = [line for line in ended.err.splitlines() if "written" in line]
    assert len(said) == 1, ended
    names = ["stdout: "] if fault in OF_STDOUT else OUTPUTS
    assert any(name in said[0] for name in names)
    if verb != "follow":
        assert said[0].startswith("error[store]: ")


def answered(ended: Ended, fault: str) -> None:
    """Hold what an agent was told: what writes could not, and the rest went on."""
    by_id = {each["id"]: each["result"] for each in map(json.loads, ended.out.splitlines())}
    assert sorted(by_id) == [1, 2, 3]
    wrote, tried = by_id[2], by_id[3]
    for each in (wrote, tried) if fault == "no temporary folder" else (wrote,):
        said = each["content"][0]["text"]
        assert (each["isError"], said.startswith("error[store]: ")) == (True, True), said
        assert "written" in said
        assert any(name in said for name in OUTPUTS)
    if fault != "no temporary folder":
        assert not tried["isError"], tried


@pytest.mark.parametrize("fault", OF_STDOUT)
def test_a_gate_whose_words_nobody_gets_does_not_pass(project: Path, fault: str) -> None:
    ended = FAULTS[fault](project, ends("gate", "--gate", "right >= 0.5"))
    assert (ended.code, ended.err.startswith("error[store]: stdout: cannot be written")) == (
        3,
        True,
    )


@pytest.mark.parametrize(
    "args", [("show", "x"), ("schema", "run"), ("--help",), ("gate", "--gate", "right >= 0.5")]
)
def test_a_reader_that_leaves_is_no_missed_gate(project: Path, args: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [str(SCRIPT), *args], cwd=project, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert ended.returncode == 128 + signal.SIGPIPE
    assert not [line for line in ended.stderr.splitlines() if b"rror" in line]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ('"$@" mcp >&-', 3, "stdout: cannot be written (closed)"),
        ('"$@" mcp >/dev/full', 3, "stdout: cannot be written (No space left on device)"),
        ('"$@" mcp <&-', 0, ""),
        ('"$@" mcp | true; exit 0', 0, ""),
    ],
)
def test_agents_are_told_whose_mistake_it_is(
    project: Path, line: str, code: int, said: str
) -> None:
    ended = subprocess.run(
        ["sh", "-c", line, "sh", str(SCRIPT)],
        cwd=project,
        input=json.dumps(HELLO) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == code, ended
    assert said in ended.stderr if said else not ended.stderr


def test_a_page_elsewhere_is_written_though_the_project_is_read_only(
    project: Path, tmp_path: Path
) -> None:
    page = tmp_path / "elsewhere" / "page.html"
    ended = read_only(project, ends("report", "x", "--output", str(page)))
    assert (ended.code, page.is_file()) == (0, True), ended
    assert "The figures were not kept for later days" in ended.err
    assert "Read-only file system" in ended.err


def test_a_closed_stdout_gives_its_number_to_no_file(project: Path) -> None:
    """The next file that was opened would be number 1, and get what evaluators print."""
    (project / "evaluators" / "loud.py").write_text(
        "import os\nfrom evalkit import evaluator\n\n@evaluator\ndef loud(outputs):\n"
        '    os.system("echo spoilt")\n    return True\n'
    )
    ended = closed(project, ends("score", "x", "--json"))
    assert ended.code in (0, 3)
    assert not [path for path in project.rglob("*") if path.is_file() and b"spoilt\n" in read(path)]
    assert evalkit("store", "verify", cwd=project).code == 0


def read(path: Path) -> bytes:
    return b"" if path.suffix == ".py" else path.read_bytes()
