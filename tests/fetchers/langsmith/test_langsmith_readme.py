"""The page on LangSmith: its project is made, its commands are run, and they say what it shows.

    PYTHONPATH=tests python tests/fetchers/langsmith/test_langsmith_readme.py

writes into the page what the commands print now.
"""

from __future__ import annotations

import doctest
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

from command_line import evalkit
from fetchers.langsmith_server.fixtures import environ_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

from evalkit.fetchers.langsmith import fetcher
from evalkit.pipeline.stored import results
from evalkit.project.config import load

PAGE = Path(fetcher.__file__).with_name("README.md")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def serve() -> LangSmithServer:
    return LangSmithServer(generated_world(40, examples=20, name="rerank-7be21f"), "dual")


def said(command: str, folder: Path, server: LangSmithServer) -> str:
    """What a command of the page prints, with the port taken out."""
    ended = evalkit(*shlex.split(command)[1:], cwd=folder, **environ_of(server))
    assert ended.code == 0, ended.err
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", ended.out)


def test_everything_the_page_shows(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    with serve() as server:
        assert renewed(text, tmp_path, server) == text
        assert server.world.feedback == {}  # what was pushed was withdrawn again


def renewed(text: str, folder: Path, server: LangSmithServer) -> str:
    """The page with what its commands print now; its Python is run as a doctest."""

    def block(match: re.Match[str]) -> str:
        kind, name, content = match.groups()
        if name:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content)
        elif kind == "console":
            calls = [command for command, _ in COMMAND.findall(content)]
            shown = "".join(f"$ {call}\n{said(call, folder, server)}" for call in calls)
            return f"```console\n{shown}```"
        elif kind == "pycon":
            run_doctest(content, results=results(load(folder), "rerank"))
        return match[0]

    return BLOCK.sub(block, text)


def run_doctest(content: str, **names: Any) -> None:
    test = doctest.DocTestParser().get_doctest(content, names, "README", str(PAGE), 0)
    assert doctest.DocTestRunner().run(test).failed == 0


if __name__ == "__main__":
    with serve() as running, tempfile.TemporaryDirectory() as place:
        PAGE.write_text(renewed(PAGE.read_text("utf-8"), Path(place), running), "utf-8")
