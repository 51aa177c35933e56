"""The published schemas are valid, and accept what evalkit writes and reads."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalkit.project.config import load
from evalkit.project.scaffold import STARTER, start_project
from evalkit.project.schemas import SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name]())


def test_the_starter_configuration_fits_and_a_misspelt_key_does_not(tmp_path: Path) -> None:
    start_project(tmp_path)
    assert load(tmp_path).experiments
    validator = Draft202012Validator(SCHEMAS["config"]())
    values = tomllib.loads((tmp_path / "evalkit.toml").read_text())
    assert list(validator.iter_errors(values)) == []
    values["experiments"]["baseline"]["paht"] = "x"
    assert list(validator.iter_errors(values))


def test_the_starter_records_fit() -> None:
    validator = Draft202012Validator(SCHEMAS["record"]())
    for path in sorted((STARTER / "datasets").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            assert list(validator.iter_errors(json.loads(line))) == []
