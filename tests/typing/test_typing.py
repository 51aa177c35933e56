"""mypy, asked as a user's editor asks it: what the public API promises, and what it refuses."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXPECTED = re.compile(r"#((?: \[[\w-]+\])+)$")
FOUND = re.compile(r"^(.+?):(\d+): error: .*  \[([\w-]+)\]$", re.MULTILINE)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """Return what mypy says of both files: one run, because it reads the whole package."""
    api = pytest.importorskip("mypy.api")
    cache = tmp_path_factory.mktemp("mypy")
    files = [str(HERE / "public_api.py"), str(HERE / "mistakes.py")]
    config = str(HERE.parents[1] / "pyproject.toml")
    out, err, code = api.run(["--config-file", config, "--cache-dir", str(cache), *files])
    assert not err, err
    return out, code


@pytest.mark.slow
def test_the_public_api_is_typed(told: tuple[str, int]) -> None:
    said = [line for line in told[0].splitlines() if "public_api.py" in line]
    assert said == []


@pytest.mark.slow
def test_mistakes_are_seen(told: tuple[str, int]) -> None:
    lines = (HERE / "mistakes.py").read_text("utf-8").splitlines()
    expected = {
        number: set(re.findall(r"\[([\w-]+)\]", found[1]))
        for number, line in enumerate(lines, start=1)
        if (found := EXPECTED.search(line))
    }
    seen: dict[int, set[str]] = {}
    for file, line, code in FOUND.findall(told[0]):
        if file.endswith("mistakes.py"):
            seen.setdefault(int(line), set()).add(code)
    assert seen.keys() == expected.keys()
    for number, codes in seen.items():
        assert codes & expected[number], (number, codes)
