"""Play a newcomer: every console, TOML and Python block of READMEs and examples, in order.

`python3 tests/newcomer.py BIN` needs nothing but Python: BIN is where a fresh environment has its
programs (`.venv/bin`). Each document is played in a folder of its own; what stands under a command
has to be printed, `...` stands for anything, and a command ends with 0 or with the code it names.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRA = re.compile(r"pip install '(evalkit-harness\[\w+\])'")
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = ("README.md", "evaluators/README.md")
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/README.md"))


@dataclass
class Played:
    """What one document came to."""

    blocks: int = 0
    skipped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Newcomer:
    """Types what a document shows, in one folder, with the programs of one environment."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.played = Played()
        self._servers: list[subprocess.Popen[bytes]] = []
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self._env = {**os.environ, "PATH": path, "COLUMNS": "120", "OPENAI_API_KEY": "none"}

    def play(self, text: str) -> Played:
        """Do every block in order."""
        try:
            for kind, body in FENCE.findall(text):
                act = getattr(self, f"_{kind}", None)
                if act is not None:
                    self.played.blocks += 1
                    act(body)
        finally:
            for server in self._servers:
                server.kill()
                server.wait()
        return self.played

    def _console(self, body: str) -> None:
        for command, shown in commands(body):
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                self.folder /= words[1]
                continue
            code = re.search(r"ends with (\d)", command)
            own = self.programs / words[0]
            if not own.exists() and shutil.which(words[0]) is None:
                self.played.skipped.append(f"there is no {words[0]} on this machine")
                continue
            ended = self._run([str(own) if own.exists() else words[0], *words[1:]])
            printed = (ended.stdout + ended.stderr).splitlines()
            if ended.returncode == 2 and (extra := EXTRA.search(ended.stderr)):
                self.played.skipped.append(f"`{command}` needs {extra[1]}, as it says")
                continue
            if ended.returncode != int(code[1] if code else 0):
                self._problem(f"`{command}` ended with {ended.returncode}", printed)
            for line in shown:
                if not any(fits(line, each) for each in printed):
                    self._problem(f"`{command}` does not print {line!r}", printed)

    def _toml(self, body: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "evalkit.toml").write_text(body, "utf-8")
            ended = self._run([str(self.programs / "evalkit"), "-C", folder, "list", "experiments"])
        if ended.returncode:
            self._problem("a configuration is refused", ended.stderr.splitlines())

    def _python(self, body: str) -> None:
        if "import duckdb" in body and not self._has("duckdb"):
            self.played.skipped.append("a block needs duckdb, which is not installed")
            return
        script = self.folder / "newcomer_block.py"
        script.write_text(body, "utf-8")
        ended = self._run([str(self.programs / "python"), script.name])
        script.unlink()
        if ended.returncode:
            self._problem("a script fails", ended.stderr.splitlines())

    def _sh(self, body: str) -> None:
        """Start what has to keep running: a line that begins with `python`."""
        for line in body.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["python"] and (self.folder / words[1]).is_file():
                command = [str(self.programs / "python"), *words[1:]]
                server = subprocess.Popen(command, cwd=self.folder, env=self._env)
                self._servers.append(server)
                time.sleep(1)

    def _has(self, module: str) -> bool:
        return self._run([str(self.programs / "python"), "-c", f"import {module}"]).returncode == 0

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
        )

    def _problem(self, what: str, printed: list[str]) -> None:
        self.played.problems.append("\n  ".join([what, *printed[-40:]]))


def commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every command of a console block with the lines that are shown under it."""
    command, shown = "", []
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    if command:
        yield command, shown


def fits(shown: str, printed: str) -> bool:
    """Tell whether a printed line is the one shown; `...` stands for anything, as do spaces."""
    pattern = ".*".join(map(re.escape, " ".join(shown.split()).split("...")))
    return re.fullmatch(pattern, " ".join(printed.split())) is not None


def play_example(name: str, programs: Path, folder: Path) -> Played:
    """Play the README of an example in a copy of its folder."""
    shutil.copytree(ROOT / "examples" / name, folder / name)
    text = (folder / name / "README.md").read_text("utf-8")
    return Newcomer(programs, folder / name).play(text)


def main(programs: Path) -> int:
    """Play the READMEs and all examples; return how many went wrong."""
    wrong = 0
    for name in (*DOCUMENTS, *EXAMPLES):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            if name in DOCUMENTS:
                text = (ROOT / name).read_text("utf-8")
                played = Newcomer(programs, Path(folder)).play(text)
            else:
                played = play_example(name, programs, Path(folder))
        seconds = time.monotonic() - began
        print(f"{name}: {played.blocks} blocks in {seconds:.0f} s", *played.skipped, sep="; ")
        for problem in played.problems:
            print(f"  {problem}", file=sys.stderr)
        wrong += bool(played.problems)
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
