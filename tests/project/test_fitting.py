"""What plainly fits is what pydantic would have made of it; what does not is left to pydantic."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalkit.project.explained import checked
from evalkit.project.fitting import Unfit, fit
from evalkit.project.tables import ProjectTable

TEXTS = st.sampled_from(["", "x", "holm", "25 MB", "many", "../up", "a b.c"])
VALUES = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([2**53, 2**80, 0.0, 0.5, 0.75, 1.0, float("inf"), float("nan")]),
    st.lists(TEXTS, max_size=2),
    st.lists(st.integers(0, 1), max_size=1),
    st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(0, 1)), max_size=2),
)


def tables(*keys: str) -> st.SearchStrategy[Any]:
    return st.one_of(st.dictionaries(st.sampled_from([*keys, "odd"]), VALUES, max_size=3), VALUES)


EXPERIMENT = tables("fetcher", "evaluators", "slices", "gates", "baseline", "options", "path")
CONFIGURATIONS = st.fixed_dictionaries(
    {},
    optional={
        "store": tables("path"),
        "score": tables("workers", "timeout", "memory", "max_errors", "fail_fast", "budget"),
        "report": tables("max_size", "share", "drop"),
        "compare": tables("margin", "correction"),
        "gates": VALUES,
        "reducers": VALUES,
        "confidence": VALUES,
        "cluster": VALUES,
        "evaluators": st.dictionaries(TEXTS, VALUES, max_size=2),
        "experiments": st.dictionaries(TEXTS, EXPERIMENT, max_size=2),
        "reprot": VALUES,
    },
)


@given(CONFIGURATIONS)
def test_what_fits_is_what_pydantic_makes_of_it(values: dict[str, Any]) -> None:
    try:
        found = fit(ProjectTable, values)
    except Unfit:
        return
    assert repr(asdict(found)) == repr(asdict(checked(ProjectTable, values)))


@pytest.mark.parametrize(
    "values",
    [
        {"score": {"timeout": "60", "workers": 2.0}},
        {"confidence": "0.9"},
    ],
)
def test_what_pydantic_can_read_is_left_to_it(values: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        fit(ProjectTable, values)
    assert isinstance(checked(ProjectTable, values), ProjectTable)


@pytest.mark.parametrize(
    "values",
    [
        {"score": {"timeout": 0}},
        {"score": {"timeout": True}},
        {"score": {"timeout": float("nan")}},
        {"score": {"max_errors": -1}},
        {"confidence": 1.0},
        {"compare": {"correction": "none"}},
        {"compare": {"margin": {"x": 0}}},
        {"report": {"max_size": "many"}},
        {"experiments": {"../up": {}}},
        {"store": {"path": ".", "odd": 1}},
        {"odd": 1},
    ],
)
def test_what_pydantic_refuses_does_not_fit(values: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        fit(ProjectTable, values)
    with pytest.raises(ValidationError):
        checked(ProjectTable, values)


def test_other_keys_of_an_experiment_are_its_options_whatever_their_name() -> None:
    values = {"experiments": {"one": {"fetcher": "x", "options": 1, "path": ["a"]}}}
    for made in (fit(ProjectTable, values), checked(ProjectTable, values)):
        assert made.experiments["one"].fetcher == "x"
        assert made.experiments["one"].options == {"options": 1, "path": ["a"]}


def test_a_configuration_that_fits_is_read_without_pydantic(tmp_path: Path) -> None:
    (tmp_path / "evalkit.toml").write_text('[score]\ntimeout = 5\n[experiments.one]\npath = "x"\n')
    code = (
        "import sys; from pathlib import Path; from evalkit.project.config import load\n"
        f"found = load(Path({str(tmp_path)!r}), deep=False)\n"
        "print(found.table.score.timeout, 'pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["5.0", "False"]
