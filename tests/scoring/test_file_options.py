"""What a file named in an option holds is part of an evaluator's fingerprint; its place is not."""

from evalkit.evaluators.structure.json_schema import json_schema_valid
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.fingerprint.fingerprint import combined, fingerprint


def print_of(path):
    return combined(
        fingerprint(as_evaluator(json_schema_valid).with_options({"schema_file": path}))
    )


def test_an_edited_file_is_another_evaluator_and_a_moved_one_the_same(tmp_path):
    one, other = tmp_path / "schema.json", tmp_path / "moved.json"
    one.write_text('{"type": "object"}')
    before = print_of(str(one))
    other.write_text(one.read_text())
    assert print_of(str(other)) == before
    one.write_text('{"type": "array"}')
    assert print_of(str(one)) != before
