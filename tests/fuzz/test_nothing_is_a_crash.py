"""Nothing that a file, a server, an archive or a configuration holds is a crash, family by family.

EVALKIT_FUZZ=20 tries twenty times as much as CI does; `long.py` beside this goes on by the clock.
"""

import os
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .families import FAMILIES, PAYLOADS, call, scored_project

TIMES = float(os.environ.get("EVALKIT_FUZZ", "1"))
EXAMPLES = {"kept": 150, "checkpoints": 200, "tables": 200}
"""Inputs of a family in CI, else `USUAL`: ten seconds or so each."""
USUAL = 300


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_a_crash(name):
    most = max(1, round(EXAMPLES.get(name, USUAL) * TIMES))

    @settings(max_examples=most, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def read(seed):
        with tempfile.TemporaryDirectory() as folder:
            FAMILIES[name](Random(seed), Path(folder))

    read()


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda each: each.name)
def test_what_is_changed_can_be_read_before(path, tmp_path):
    """What nobody recognises is refused at once: changing that would try nothing."""
    (tmp_path / path.name).write_bytes(path.read_bytes())
    config = f'[experiments.x]\nfetcher = "files"\npath = "{path.name}"\n'
    (tmp_path / "evalkit.toml").write_text(config, "utf-8")
    assert call("-C", str(tmp_path), "doctor", "x") == 0


def test_a_scored_project_is_good_before():
    at = str(scored_project())
    assert call("-C", at, "gate", "x", "--baseline", f"{at}/base.json") == 0
    assert call("-C", at, "agree", "x", "--metric", "ok", "--human", f"{at}/labels.jsonl") == 0
