"""Real servers and databases for the matrix, each started when a test first wants it.

Where the packages of one are missing its tests are skipped: node with the packages of
`package.json` installed here, a Python with aegra in `.aegra` at the top of the checkout, and
Debian's PostgreSQL.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fetchers.langgraph.live import Application, free_port, stopped, wait_until_up
from fetchers.langgraph.matrix.known import ANSWERS, INPUTS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
AEGRA = ROOT / ".aegra" / "bin" / "python"
MODULES = HERE / "node_modules"
PASSWORD = "a-secret:with/signs"
PLAIN = "a-secret"
"""A password without signs: the saver for MySQL does not decode them in its address."""
ADDRESS = "postgresql://postgres:a-secret%3Awith%2Fsigns@127.0.0.1"


def need(there: Any, what: str) -> None:
    """Skip the test where something is missing on this machine."""
    if not there:
        pytest.skip(f"{what} not installed here")


def postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of its own, yield the address of its server, and stop it."""
    programs = postgres_programs()
    need(programs, "PostgreSQL (Debian: postgresql) is")
    folder, port = Path(tempfile.mkdtemp(prefix="evalkit-postgres-")), free_port()
    folder.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    made = ["-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256", "-N"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(*as_user, f"{programs}/initdb", *made, f"--pwfile={folder / 'password'}")
    control = [*as_user, f"{programs}/pg_ctl", "-D", str(folder / "data"), "-w"]
    run(*control, "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"{ADDRESS}:{port}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb() -> Iterator[str]:
    """Start a MariaDB of its own, yield the address of a database in it, and stop it."""
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    need(server and shutil.which("mariadb-install-db"), "MariaDB (Debian: mariadb-server) is")
    assert server is not None
    folder, port = Path(tempfile.mkdtemp(prefix="evalkit-mariadb-")), free_port()
    folder.chmod(0o755)
    as_user = ["--user=mysql"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(folder, "mysql")
    (folder / "init.sql").write_text(
        "CREATE DATABASE ck CHARACTER SET latin1;\n"  # some servers still say so
        f"CREATE USER evalkit IDENTIFIED BY '{PLAIN}';\n"
        "GRANT ALL ON ck.* TO evalkit;\n"
    )
    run("mariadb-install-db", *as_user, f"--datadir={folder / 'data'}", "--skip-test-db")
    options = [f"--port={port}", f"--socket={folder / 'socket'}", "--bind-address=127.0.0.1"]
    more = [f"--datadir={folder / 'data'}", "--skip-log-bin", f"--init-file={folder / 'init.sql'}"]
    with (folder / "log").open("wb") as out:
        command = [server, "--no-defaults", *as_user, *options, *more, "--skip-name-resolve"]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        url = f"mysql://evalkit:{PLAIN}@127.0.0.1:{port}/ck"
        until_connected(url, port)
        yield url
    finally:
        stopped(process)
        shutil.rmtree(folder, ignore_errors=True)


def until_connected(url: str, port: int) -> None:
    import pymysql

    until = time.monotonic() + 40
    while time.monotonic() < until:
        with suppress(pymysql.Error):
            pymysql.connect(
                host="127.0.0.1", port=port, user="evalkit", password=PLAIN, database="ck"
            ).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"{url.rpartition('@')[2]} did not come up")


def run(*command: str, **more: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **more)
    if done.returncode:
        raise RuntimeError(f"{command[:6]}: {done.stdout[-500:]} {done.stderr[-1500:]}")


def create_database(server: str, name: str) -> str:
    """Make a database on a server and return its address."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as db:
        # one is there when what should fill it was missing, and the test before was skipped
        db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        db.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


@contextmanager
def python_server() -> Iterator[str]:
    need(find_spec("langgraph_api"), "the LangGraph server packages are")
    with started([sys.executable, str(HERE / "serve.py")]) as url:
        yield url


@contextmanager
def javascript_server() -> Iterator[str]:
    with javascript() as folder, started(["node", "serve.mjs"], folder=folder) as url:
        yield url


@contextmanager
def javascript() -> Iterator[Path]:
    """Yield a folder with the graphs in JavaScript and the packages they need."""
    need(shutil.which("node") and MODULES.is_dir(), "node and the packages of package.json are")
    folder = Path(tempfile.mkdtemp(prefix="evalkit-node-"))
    try:
        for path in (*HERE.glob("*.mjs"), HERE / "package.json"):
            shutil.copy(path, folder)
        (folder / "node_modules").symlink_to(MODULES)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def aegra_server(database: str) -> Iterator[str]:
    need(AEGRA.exists(), "aegra (in .aegra) is")
    folder = Path(tempfile.mkdtemp(prefix="evalkit-aegra-"))
    shutil.copy(HERE / "graphs.py", folder)
    graphs = {name: f"./graphs.py:{name}" for name in INPUTS}
    (folder / "aegra.json").write_text(json.dumps({"graphs": graphs, "dependencies": ["."]}))
    command = [str(AEGRA), "-m", "uvicorn", "aegra_api.main:app", "--host", "127.0.0.1", "--port"]
    more = {"DATABASE_URL": database, "AUTH_TYPE": "noop", "LANGSMITH_TRACING": "false"}
    try:
        with started(command, folder=folder, **more) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(command: list[str], folder: Path | None = None, **environment: str) -> Iterator[str]:
    """Run a server on a free port, given as its last argument, and yield its address."""
    url = f"http://127.0.0.1:{free_port()}"
    place = folder or Path(tempfile.mkdtemp(prefix="langgraph-tests-"))
    log = place / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, url.rpartition(":")[2]],
            stdout=out,
            stderr=out,
            cwd=place,
            env={**os.environ, "TMPDIR": str(place), "LANGSMITH_TRACING": "false", **environment},
        )
    try:
        wait_until_up(url, server, log)
        yield url
    finally:
        stopped(server)
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def play(url: str, graphs: list[str]) -> None:
    """Play the graphs on a server, each on a thread of its own."""
    app = Application(url)
    with app.http:
        for name in graphs:
            thread = app.thread("matrix", example_id=name)
            app.play(thread, name, INPUTS[name])
            for answer in ANSWERS.get(name, ()):
                until_idle(app, thread)
                app.play(thread, name, command={"resume": answer})


def until_idle(app: Application, thread: str) -> None:
    """Wait until a server has written down that a thread waits: aegra does so a little later."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if app.ask("GET", f"/threads/{thread}")["status"] != "busy":
            return
        time.sleep(0.05)


def save(saver: Any) -> None:
    """Play the graphs in this process, with a saver of LangGraph's."""
    from langgraph.types import Command

    for name, graph in python_graphs().items():
        graph.checkpointer = saver
        said = {"experiment": "matrix", "example_id": name}
        config = {"configurable": {"thread_id": name}, "metadata": said}
        with suppress(ValueError):  # boom
            graph.invoke(INPUTS[name], config)
            for answer in ANSWERS.get(name, ()):
                graph.invoke(Command(resume=answer), config)


def python_graphs() -> dict[str, Any]:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("langgraph_matrix_graphs", HERE / "graphs.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.get(spec.name)
    if module is None:
        module = sys.modules[spec.name] = module_from_spec(spec)  # annotations look there
        spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in INPUTS}


def save_in_javascript(kind: str, place: str) -> None:
    told = json.dumps({"inputs": INPUTS, "answers": ANSWERS})
    with javascript() as folder:
        command = ["node", "save.mjs", kind, place]
        done = subprocess.run(
            command, input=told, capture_output=True, text=True, cwd=folder, check=False
        )
        if done.returncode and "bindings" in done.stderr:
            pytest.skip("better-sqlite3 was not built here")
        assert done.returncode == 0, done.stderr[-1500:]
