"""A source that did not change is looked at and not read; whatever could change a run reads it."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import IncompleteExperiment
from evalkit.fetchers.files.reading.paths import SourceFile, digest_of, marks_of
from evalkit.pipeline.fetching import Fetched, fetch
from evalkit.pipeline.stored import results
from evalkit.project.config import load

CONFIG = """
[experiments.trial]
fetcher = "records"
path = "logs/*.jsonl"
dataset = "examples.jsonl"

[experiments.trial.fields]
run_id = "id"
example_id = "e"
outputs = "a"
"usage.input_tokens" = "tokens_in"
updated_at = "at"
"""
AT = "2025-01-01T00:00:00Z"


class World:
    """A project with one log file and a dataset."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "logs").mkdir()
        (root / "evalkit.toml").write_text(CONFIG)
        self.log([1, 2, 3])
        self.dataset("right")

    def log(self, numbers: list[int], name: str = "a", **more: Any) -> None:
        """Write runs to a file."""
        rows = [
            {"id": f"r{n}", "e": f"e{n}", "a": n, "tokens_in": 5, "tokens_out": 7, "at": AT, **more}
            for n in numbers
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (self.root / "logs" / f"{name}.jsonl").write_text(lines)

    def dataset(self, reference: str) -> None:
        """Write the examples."""
        rows = [{"id": f"e{n}", "inputs": n, "outputs": reference} for n in (1, 2, 3)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (self.root / "examples.jsonl").write_text(text)

    def fetch(self, **options: Any) -> Fetched:
        """Fetch, and say whether the source was read."""
        return fetch(load(self.root), "trial", **options)

    def was_read(self) -> bool:
        """Fetch, and tell whether the files were read or only looked at."""
        before = self.manifest().stat()
        self.fetch()
        after = self.manifest().stat()
        return (before.st_ino, before.st_mtime_ns) != (after.st_ino, after.st_mtime_ns)

    def manifest(self) -> Path:
        """Return the path of the manifest."""
        return self.root / ".evalkit" / "trial" / "manifest.json"

    def column(self, name: str, table: str = "runs") -> list[Any]:
        """Return a stored column."""
        found: list[Any] = results(load(self.root), "trial").table(table, [name])[name].to_pylist()
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.fetch()
    return made


def test_an_unchanged_source_is_only_looked_at(world: World) -> None:
    assert not world.was_read()
    again = world.fetch()
    assert (again.new, again.manifest.received, again.manifest.unchanged) == (0, 3, 3)


def _edit(old: str, new: str) -> Callable[[World], None]:
    def edit(world: World) -> None:
        path = world.root / "evalkit.toml"
        path.write_text(path.read_text().replace(old, new))

    return edit


CHANGES: dict[str, Callable[[World], Any]] = {
    "a row": lambda world: world.log([1, 2, 3], tokens_in=6),
    "a file more": lambda world: world.log([4], "b"),
    "a file gone": lambda world: (
        world.log([4], "b"),
        world.fetch(),
        (world.root / "logs/b.jsonl").unlink(),
    ),
    "a file renamed": lambda world: (world.root / "logs/a.jsonl").rename(
        world.root / "logs/z.jsonl"
    ),
    "the dataset": lambda world: world.dataset("wrong"),
    "a mapping": _edit('outputs = "a"', 'outputs = "e"'),
    "a mapping whose name looks like a secret": _edit('"tokens_in"', '"tokens_out"'),
    "what a status means": _edit(
        "[experiments.trial.fields]",
        '[experiments.trial.statuses]\nfine = "success"\n[experiments.trial.fields]',
    ),
    "a price": _edit("[experiments.trial]", "[prices.small]\ninput = 1\n[experiments.trial]"),
    "what repeats mean": _edit("path =", 'on_repeat = "last"\npath ='),
    "a lost part": lambda world: next((world.manifest().parent / "runs").iterdir()).unlink(),
    "a damaged part": lambda world: _damage(world),
    "a lost dataset": lambda world: next((world.manifest().parent / "examples").iterdir()).unlink(),
}


def _damage(world: World) -> None:
    (part,) = (world.manifest().parent / "runs").iterdir()
    data = bytearray(part.read_bytes())
    data[len(data) // 3] ^= 1
    part.write_bytes(bytes(data))


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_could_change_a_run_reads_the_source(world: World, change: str) -> None:
    CHANGES[change](world)
    assert world.was_read()
    assert not world.was_read()


def test_what_changed_is_what_is_stored_then(world: World) -> None:
    world.log([1, 2], tokens_in=6)
    CHANGES["a mapping whose name looks like a secret"](world)
    world.dataset("wrong")
    world.fetch()
    assert world.column("input_tokens") == [7, 7]
    assert set(world.column("reference_outputs", "examples")) == {'"wrong"'}


def test_a_touched_file_with_the_same_bytes_is_unchanged(world: World) -> None:
    world.log([1, 2, 3])
    assert not world.was_read()


def test_asked_for_anew_it_is_read(world: World) -> None:
    before = world.manifest().stat().st_mtime_ns
    world.fetch(refresh=True)
    assert world.manifest().stat().st_mtime_ns != before


def test_an_incomplete_fetch_is_never_taken_for_unchanged(world: World) -> None:
    with (world.root / "logs" / "a.jsonl").open("a") as file:
        file.write('{"id": "r4", ')
    for _ in range(2):
        with pytest.raises(IncompleteExperiment, match="the last line is cut off"):
            world.fetch()


def test_a_file_that_grows_while_it_is_read_is_read_again(world: World) -> None:
    def grow(*_: Any) -> None:
        world.log([1, 2, 3, 4])

    world.log([1, 2], tokens_in=6)
    world.fetch(progress=grow)
    assert world.was_read()
    assert len(world.column("run_id")) == 4


def test_what_a_database_has_not_taken_in_yet_counts(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    database = sqlite3.connect(place)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE runs (id TEXT)")
    database.commit()
    files = [SourceFile(str(place), "runs.db")]
    before = (digest_of(files), marks_of(files))
    database.execute("INSERT INTO runs VALUES ('r1')")
    database.commit()  # into runs.db-wal: the database itself stays as it is
    after = (digest_of(files), marks_of(files))
    database.close()
    assert before[0] != after[0]
    assert before[1] != after[1]
