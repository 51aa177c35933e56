"""A project's evaluators load privately, with their options, or stop with a line to look at."""

import os
import pickle
import sys
from pathlib import Path

import pytest

from evalkit.errors import (
    EvaluatorError,
    EvaluatorImportError,
    EvaluatorNotFound,
    EvaluatorSignatureError,
)
from evalkit.project.config import load
from evalkit.project.local import Loader, load_evaluators
from evalkit.scoring.definition.evaluator import Evaluator

HEAD = "from evalkit.scoring.definition.evaluator import evaluator\n"
TONE = HEAD + "@evaluator\ndef polite(outputs, *, words=1):\n    return True\n"


def loaded(
    folder: Path, files: dict[str, str], config: str = "", names: list[str] | None = None
) -> list[Evaluator]:
    (folder / "evalkit.toml").write_text(config, "utf-8")
    (folder / "evaluators").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "evaluators" / name).write_text(text, "utf-8")
    return load_evaluators(load(folder, deep=False), names)


def names_of(evaluators: list[Evaluator]) -> list[str]:
    return [each.name for each in evaluators]


def test_marked_functions_are_found_helpers_and_imports_are_not(tmp_path: Path) -> None:
    files = {
        "_shared.py": "WORDS = ('thanks',)\n",
        "b.py": TONE + "def helper(outputs):\n    return 1\n",
        "a.py": HEAD
        + "from .b import polite\nfrom ._shared import WORDS\n"
        + "@evaluator\ndef second(run):\n    return 1\n@evaluator\ndef first(run):\n    return 2\n",
    }
    assert names_of(loaded(tmp_path, files)) == ["second", "first", "polite"]


def test_nothing_outside_sees_the_project(tmp_path: Path) -> None:
    before = list(sys.path)
    (each,) = loaded(tmp_path, {"tone.py": TONE})
    assert sys.path == before
    assert "evaluators" not in sys.modules
    assert pickle.loads(pickle.dumps(each.function)) is each.function


def test_an_edit_within_one_second_and_of_one_length_is_seen(tmp_path: Path) -> None:
    stamp = 1_700_000_000
    for letter in "ab":
        text = TONE.replace("polite", f"polit{letter}")
        (tmp_path / "evaluators").mkdir(exist_ok=True)
        (tmp_path / "evaluators" / "tone.py").write_text(text)
        os.utime(tmp_path / "evaluators" / "tone.py", (stamp, stamp))
        assert names_of(loaded(tmp_path, {})) == [f"polit{letter}"]


def test_a_second_project_does_not_see_the_first(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    loaded(one, {"tone.py": TONE})
    files = {"tone.py": TONE.replace("polite", "rude")}
    assert names_of(loaded(two, files)) == ["rude"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("import math\nimport nowhere_to_be_found\n", 2, "ModuleNotFoundError"),
        ("x = 1\n\ndef f(:\n", 3, "SyntaxError"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError"),
        ("raise SystemExit(3)\n", 1, "SystemExit"),
    ],
)
def test_a_file_that_does_not_load_stops_with_its_line(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    with pytest.raises(EvaluatorImportError, match=rf"evaluators/bad.py:{line}: .*{what}"):
        loaded(tmp_path, {"bad.py": text, "good.py": TONE})


def test_a_misspelt_parameter_names_the_closest(tmp_path: Path) -> None:
    with pytest.raises(EvaluatorSignatureError, match=r"tone.py:2: .*'output'.*'outputs'"):
        loaded(tmp_path, {"tone.py": TONE.replace("outputs,", "output,")})


def test_two_files_with_one_name_are_refused_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(EvaluatorError, match=r"b.py:2: evaluator 'polite': .*a.py:2"):
        loaded(tmp_path, {"a.py": TONE, "b.py": TONE})


def test_options_come_from_the_configuration(tmp_path: Path) -> None:
    (each,) = loaded(tmp_path, {"tone.py": TONE}, "[evaluators.polite]\nwords = 3\n")
    assert each.all_options() == {"words": 3}


def test_an_unknown_option_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(EvaluatorError, match=r"evalkit.toml:2: .*'word'\. Did you mean 'words'\?"):
        loaded(tmp_path, {"tone.py": TONE}, "[evaluators.polite]\nword = 3\n")


@pytest.mark.parametrize(
    ("name", "gives"),
    [
        ("polite", "polite"),
        ("evaluators.tone:polite", "polite"),
        ("statistics:fmean_of", None),
        ("polit", None),
        ("evaluators.tine:polite", None),
        ("evaluators.tone:polit", None),
    ],
)
def test_names_and_references(tmp_path: Path, name: str, gives: str | None) -> None:
    if gives is None:
        with pytest.raises(EvaluatorNotFound, match=r"evaluator '"):
            loaded(tmp_path, {"tone.py": TONE}, names=[name])
    else:
        assert names_of(loaded(tmp_path, {"tone.py": TONE}, names=[name])) == [gives]


def test_use_gives_one_evaluator_a_second_name_and_options(tmp_path: Path) -> None:
    config = '[evaluators.very_polite]\nuse = "evaluators.tone:polite"\nwords = 5\n'
    found = loaded(tmp_path, {"tone.py": TONE}, config)
    assert {each.name: each.all_options() for each in found} == {
        "polite": {"words": 1},
        "very_polite": {"words": 5},
    }


def test_an_evaluator_of_an_installed_package_runs_unmodified(tmp_path: Path) -> None:
    pytest.importorskip("openevals")
    config = '[evaluators.exact]\nuse = "openevals.exact:exact_match"\n'
    (each,) = loaded(tmp_path, {}, config)
    assert each.name == "exact"
    assert "outputs" in each.injected


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluatorImportError, match=r"'nowhere.x:y': nowhere.x cannot be imported"):
        loaded(tmp_path, {}, names=["nowhere.x:y"])


def test_naming_one_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluatorError, match="named twice"):
        loaded(tmp_path, {"tone.py": TONE}, names=["polite", "evaluators.tone:polite"])


def test_the_loader_travels_to_another_process(tmp_path: Path) -> None:
    loaded(tmp_path, {"tone.py": TONE}, "[evaluators.polite]\nwords = 3\n")
    loader = pickle.loads(pickle.dumps(Loader(str(tmp_path / "evalkit.toml"), ("polite",))))
    assert loader()[0].all_options() == {"words": 3}


def test_what_a_file_prints_does_not_reach_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(tmp_path, {"tone.py": "print('hello')\n" + TONE})
    assert capsys.readouterr() == ("", "hello\n")
