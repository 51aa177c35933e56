"""What README.md shows is what happens: its commands, configurations and scripts are executed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import evalkit

from evalkit.project.config import load

README = Path(__file__).parents[1] / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = README.read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return [body for name, body in FENCE.findall(TEXT) if name == kind]


def steps() -> Iterator[tuple[str, list[str]]]:
    """Yield every command of the tour with the lines that are shown under it."""
    command, shown = "", []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    yield command, shown


def fits(shown: str, printed: str) -> bool:
    """Tell whether a printed line is the one shown; `...` stands for anything, as do spaces."""
    pattern = ".*".join(map(re.escape, " ".join(shown.split()).split("...")))
    return re.fullmatch(pattern, " ".join(printed.split())) is not None


def _key(command: list[str], folder: Path) -> None:
    """Make the key that a command makes, where OpenSSH is not installed too."""
    if shutil.which(command[0]) is not None:
        subprocess.run(command, cwd=folder, check=True)
        return
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    (folder / command[-1]).write_bytes(private)
    (folder / f"{command[-1]}.pub").write_bytes(public)


def test_the_tour(tmp_path: Path) -> None:
    folder = tmp_path
    for command, shown in steps():
        words = shlex.split(command, comments=True)
        if words[0] == "cd":
            folder /= words[1]
            continue
        if words[0] == "ssh-keygen":
            _key(words, folder)
            continue
        assert words[0] == "evalkit"
        ended = evalkit(*words[1:], cwd=folder)
        code = re.search(r"ends with (\d)", command)
        assert ended.code == int(code[1] if code else 0), ended.err
        printed = (ended.out + ended.err).splitlines()
        missing = [line for line in shown if not any(fits(line, each) for each in printed)]
        assert missing == [], ended.out + ended.err


@pytest.mark.parametrize("number", range(len(blocks("toml"))))
def test_every_configuration_is_accepted(number: int, tmp_path: Path) -> None:
    (tmp_path / "evalkit.toml").write_text(blocks("toml")[number], "utf-8")
    assert load(tmp_path).experiments


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    assert evalkit("init", "project", cwd=folder).code == 0
    assert evalkit("run", cwd=folder / "project").code == 0
    return folder / "project"


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_every_script_runs(number: int, scored: Path) -> None:
    script = scored / f"script{number}.py"
    script.write_text(blocks("python")[number], "utf-8")
    env = {**os.environ, "PYTHONPATH": ""}
    subprocess.run([sys.executable, str(script)], cwd=scored, check=True, env=env)
