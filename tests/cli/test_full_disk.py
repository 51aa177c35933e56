"""The disk is full while evaluators are called: an error, nothing lost, and it goes on later."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import evalkit
from small_disk import resize, small_disk

from evalkit.store.results import read_results
from evalkit.store.store import Store

WORDY = """
import hashlib
from evalkit import Score, evaluator
from evalkit.store.results import read_results

def said(outputs, number):
    # the comment is what fills the disk: no compression makes it small
    comment = "".join(hashlib.sha512(b"%d %d" % (outputs["n"], k)).hexdigest() for k in range(4))
    return Score(score=outputs["n"] % number, comment=comment)

@evaluator
def two(outputs):
    return said(outputs, 2)

@evaluator
def three(outputs):
    return said(outputs, 3)
"""


@pytest.fixture
def fetched(tmp_path: Path) -> Iterator[Path]:
    """Yield a project whose store, on a disk of its own, has room for some scores."""
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "own.py").write_text(WORDY)
    rows = [{"run_id": f"r{n:05d}", "outputs": {"n": n}} for n in range(2000)]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = '[store]\npath = "disk"\n[experiments.one]\npath = "runs.jsonl"\n'
    (tmp_path / "evalkit.toml").write_text(config)
    with small_disk(tmp_path / "disk", "450k"):
        assert evalkit("fetch", cwd=tmp_path).code == 0
        yield tmp_path


def cells(project: Path) -> list[tuple[object, ...]]:
    table = read_results(Store(project / "disk").experiment("one")).table("cells")
    names = ("run_id", "evaluator", "outcome", "score", "comment")
    return list(zip(*[table.column(name).to_pylist() for name in names], strict=True))


def parts(project: Path) -> dict[str, str]:
    folder = project / "disk" / "one"
    files = folder.rglob("part-*")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("workers", ["0", "1", "2"])
def test_scoring_goes_on_when_there_is_room_again(fetched: Path, workers: str) -> None:
    full = evalkit("score", "--workers", workers, cwd=fetched)
    assert full.code == 3
    assert "error[store]" in full.err
    assert "No space left on device" in full.err
    there = parts(fetched)
    kept = cells(fetched)
    assert 0 < len(kept) < 4000
    assert evalkit("score", "--workers", workers, cwd=fetched).code == 3
    assert there.items() <= parts(fetched).items()
    assert evalkit("store", "verify", cwd=fetched).code == 0
    assert not list((fetched / "disk").rglob(".tmp-*"))
    resize(fetched / "disk", "8m")
    assert evalkit("score", "--workers", workers, cwd=fetched).code == 0
    assert evalkit("store", "verify", cwd=fetched).code == 0
    after = cells(fetched)
    assert len(after) == 4000
    assert set(kept) < set(after)
    assert evalkit("score", "--fresh", "--workers", "1", cwd=fetched).code == 0
    assert cells(fetched) == after
