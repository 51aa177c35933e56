"""The face of evalkit: what is listed is there, in order, and light to import."""

import subprocess
import sys

import evalkit

HEAVY = ("pandas", "numpy", "scipy", "pyarrow", "pydantic", "httpx", "rich", "jinja2", "click")


def loaded_by(code: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after `code`."""
    text = f"import sys\n{code}\nsys.stderr.write(' '.join(set(sys.modules) & set({HEAVY!r})))"
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(found.stderr.split())


def test_every_listed_name_is_there() -> None:
    assert [name for name in evalkit.__all__ if not hasattr(evalkit, name)] == []


def test_the_list_is_sorted_and_without_repeats() -> None:
    assert list(evalkit.__all__) == sorted(set(evalkit.__all__))


def test_editors_see_every_name() -> None:
    assert set(evalkit.__all__) <= set(dir(evalkit))


def test_writing_an_evaluator_imports_nothing_heavy() -> None:
    assert loaded_by("from evalkit import Score, case, evaluator") == set()


def test_help_imports_nothing_but_click() -> None:
    code = "from evalkit.cli.main import main\nassert main(['--help']) == 0"
    assert loaded_by(code) == {"click"}
