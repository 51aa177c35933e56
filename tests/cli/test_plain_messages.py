"""What is said: names of files and folders begin no line, steer no terminal, command no runner."""

from pathlib import Path

import pytest
from command_line import evalkit

from evalkit.cli.call.plain import inert_text, one_message

HOSTILE = [
    "a\n::error::gates pass.jsonl",
    "b\n  ::set-output name=x::y.jsonl",
    "c\r::warning::x.jsonl",
    "d\x1b[2Je.jsonl",
    "f\u2028::add-mask::g.jsonl",
    "h%0A::error::i.jsonl",
    "##[error]j.jsonl",
    "k ##vso[task.complete]l.jsonl",
    "m\nPASS  all gates.jsonl",
]


def begins_nothing(text: str) -> None:
    for line in text.replace("\r", "\n").splitlines():
        assert not line.lstrip().startswith(("::", "PASS")), text
        assert "##[" not in line
        assert "##vso[" not in line
        assert "\x1b" not in line


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_an_error_begins_nothing(name: str) -> None:
    begins_nothing(one_message(f"{name}:3: is not JSON. Mend the line."))
    begins_nothing(one_message(f"::{name}: cannot be read.\n  evalkit.toml:3: {name} is no path"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_of_such_a_name_is_named_harmlessly(tmp_path: Path, name: str) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "runs" / name).write_text("no json\n")
    (tmp_path / "evalkit.toml").write_text('[experiments.x]\npath = "runs/*.jsonl"\n')
    for verb in (
        ("fetch", "x"),
        ("doctor", "x"),
        ("map", f"runs/{name}"),
        ("report", "--output", name),
    ):
        ended = evalkit(*verb, cwd=tmp_path)
        assert ended.code in (2, 3, 5), (verb, ended)
        begins_nothing(ended.err)
        begins_nothing(ended.out)


@pytest.mark.parametrize("verb", [("report", "x"), ("store", "export", "x", "--to")])
def test_what_is_written_under_such_a_name_is_named_harmlessly(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "runs.jsonl").write_text('{"run_id": "r1", "outputs": {"a": 1}}\n')
    (tmp_path / "evalkit.toml").write_text('[experiments.x]\npath = "runs.jsonl"\n')
    assert evalkit("run", cwd=tmp_path).code == 0
    place = "p\n::error::q"
    more = {"report": ("--output", place)}.get(verb[0], (place,))
    ended = evalkit(*verb, *more, cwd=tmp_path)
    assert (ended.code, (tmp_path / place).exists()) == (0, True), ended
    begins_nothing(ended.err)
    begins_nothing(ended.out)


def test_what_people_write_stays_as_it_is() -> None:
    text = "report: a/b.html\n  x::y is no::command\n\ttab: 50 % — ✓ ## heading"
    assert inert_text(text) == text
    assert one_message("one\n  two\n  three") == "one\n  two\n  three"
