"""Files read piece by piece, by many: the store holds what one process that reads all makes."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError, ExecutorError
from evalkit.executors.converting import FetchErrand
from evalkit.executors.ordered import Ordered
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.langsmith.runs import LangSmithFiles
from evalkit.fetchers.files.formats.own import OwnFetcher
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.files.pieces.joined import joined
from evalkit.fetchers.files.pieces.piece import Piece, Pieced
from evalkit.fetchers.files.pieces.planned import planned
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import kind_of
from evalkit.scoring.shares.place import Place
from evalkit.store.disk.opened import PartFile
from evalkit.store.experiment import StoredExperiment
from evalkit.store.store import Store
from evalkit.store.writing import known_runs, open_writer

FIELDS = {"run_id": "id", "inputs": "{q: q}", "outputs": "a", "status": "s"}


class Many:
    """An executor whose workers answer in any order, get lost, and answer twice."""

    runs, width, refused = 1, 2, ()

    def __init__(self, seed: int, *, deadly: bytes = b"\0nowhere\0") -> None:
        """Whoever reads what is `deadly` is lost."""
        self._random, self._deadly = Random(seed), deadly
        self._given: list[Piece] = []
        self.lost = 0

    def begin(self, work: FetchErrand) -> None:
        assert work.refusal(Place()) == ""
        self._work = pickle.dumps(work.for_shares())

    @property
    def room(self) -> int:
        return 4 - len(self._given)

    def give(self, share: Piece) -> None:
        self._given.append(share)

    def reports(self, seconds: float) -> Iterator[Pieced]:
        self._random.shuffle(self._given)
        for piece in [self._given.pop() for _ in range(min(2, len(self._given)))]:
            if any(self._deadly in Path(f.url).read_bytes()[slice(*(f.span or (0, None)))]
                   for f in piece.files):  # fmt: skip
                self.lost += 1
                yield piece.lost("its worker ended")
            elif self._random.random() < 0.2:
                yield piece.undone()
            else:
                work = pickle.loads(self._work)
                told = work.do(pickle.loads(pickle.dumps(piece)), Place())
                yield pickle.loads(pickle.dumps(told))

    def stop(self) -> None: ...

    def close(self) -> None: ...


def elsewhere(
    fetcher: FileFetcher, folder: Path, quick: bool, many: Any, files: list[SourceFile]
) -> Iterator[Any]:
    assert fetcher.unspread(files) == ""
    files = fetcher.chosen(files)
    each = tuple((file, Path(file.url).stat().st_size) for file in files)
    errand = FetchErrand(
        fetcher=f"{type(fetcher).__module__}:{type(fetcher).__qualname__}",
        options=fetcher.settings(), experiment="x", base=folder,
        statuses=fetcher.context.statuses, prices=None if quick else {}, files=each,
    )  # fmt: skip
    many.begin(errand)
    cut = [part for file in files for part in (in_lines(file) if fetcher.splits else [file])]
    pieces = [Piece(number=n, files=(file,)) for n, file in enumerate(cut, start=1)]
    return joined(fetcher, files, Ordered(many, pieces))


def in_lines(file: SourceFile) -> list[SourceFile]:
    """Return a file as some of its lines each: `planned` leaves small files whole."""
    data = Path(file.url).read_bytes()
    if kind_of(file) != "lines":
        return [file]
    ends = [n + 1 for n, byte in enumerate(data) if byte == 10]
    cuts = [0, *ends[2::3], len(data)]
    spans = [(one, other) for one, other in pairwise(cuts) if one < other]
    return [replace(file, span=span) for span in spans]


def fetched(
    kind: type[FileFetcher], folder: Path, options: Any, store: Path, many: Any = None,
    statuses: Any = None,
) -> tuple[StoredExperiment, Any]:  # fmt: skip
    """Do what a fetch does; return the experiment and what was counted, or the error."""
    stored, counts, failed = Store(store).experiment("x"), None, None
    known = known_runs(stored)
    context = FetchContext(experiment="x", base=folder, known=known, statuses=statuses or {})
    fetcher = kind({"path": "*.jsonl", **options}, context)
    if many is not None:
        fetcher.elsewhere = partial(elsewhere, fetcher, folder, not statuses, many)
    with open_writer(stored, source="x", known=known) as writer:
        try:
            for run in fetcher.runs() if statuses else fetcher.rows():
                writer.add(run)
        except EvalkitError as error:
            failed = f"{type(error).__name__}: {error}"
        if failed is None or failed.startswith("Incomplete"):
            writer.add_examples(fetcher.examples())
            counts = fetcher.counts().to_dict()
            counts["notes"] = sorted(counts["notes"])
            writer.finish({**counts, "complete": not counts["problems"]})
    return stored, (counts, failed)


def tables(stored: StoredExperiment) -> tuple[Any, Any]:
    """Return the runs in their order, and the examples, as they are stored."""
    if not stored.exists:
        return None, None
    state = stored.state()
    runs = [
        row
        for part in state.parts
        for place, row in enumerate(PartFile(stored.files, part).read(None).to_pylist())
        if place not in state.dead.get(part.name, ())
    ]
    examples = state.examples and PartFile(stored.files, state.examples).read(None)
    return runs, examples and examples.to_pylist()


def assert_same(
    kind: type[FileFetcher], folder: Path, options: Any, seed: int = 0, **how: Any
) -> Any:
    here, told = fetched(kind, folder, options, folder / "here", **how)
    there, heard = fetched(kind, folder, options, folder / "there", Many(seed), **how)
    assert heard == told
    assert tables(there) == tables(here)
    return told


def write(folder: Path, files: list[list[Any]]) -> None:
    for number, rows in enumerate(files):
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / f"{number:03}.jsonl").write_text("".join(f"{line}\n" for line in lines))


OWN = st.one_of(
    st.fixed_dictionaries(
        {"run_id": st.sampled_from("abcdefghijklmnop"), "outputs": st.sampled_from([1, 2])},
        optional={
            "example_id": st.sampled_from("xyz"),
            "repetition": st.sampled_from([None, 0, 1]),
            "status": st.sampled_from(["success", "error", "running", "odd"]),
            "updated_at": st.sampled_from(["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00Z"]),
            "feedback": st.just([{"key": "k", "score": 1.0}]),
            "steps": st.just([{"step_id": "s", "kind": "tool", "name": "t"}]),
            "nothing_we_know": st.just(1),
        },
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("example"),
            "example_id": st.sampled_from("xyz"),
            "inputs": st.sampled_from([1, 2]),
        },
    ),
    st.sampled_from(["{broken", "[1]", ""]),
)
RECORD = st.one_of(
    st.fixed_dictionaries(
        {"q": st.sampled_from([1, 2, 3])},
        optional={
            "id": st.sampled_from("abcdefghijklmnop"),
            "a": st.sampled_from([1, None, "text"]),
            "s": st.sampled_from(["success", "error", "running"]),
        },
    ),
    st.sampled_from(["{broken", "7"]),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(OWN, max_size=8), min_size=1, max_size=5), st.integers(0, 99))
def test_our_own_lines(files: list[list[Any]], seed: int) -> None:
    with TemporaryDirectory() as name:
        write(Path(name), files)
        assert_same(OwnFetcher, Path(name), {}, seed)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(RECORD, max_size=8), min_size=1, max_size=5),
    st.sampled_from([(), ("run_id",), ("run_id", "status"), ("status",)]),
    st.booleans(),
    st.integers(0, 99),
)
def test_records(files: list[list[Any]], left_out: Any, statuses: bool, seed: int) -> None:
    fields = {name: text for name, text in FIELDS.items() if name not in left_out}
    how = {"statuses": {"error": "timeout"}} if statuses else {}
    with TemporaryDirectory() as name:
        write(Path(name), files)
        assert_same(RecordsFetcher, Path(name), {"fields": fields}, seed, **how)


def traced(run_id: str, more: dict[str, Any], steps: int = 1) -> dict[str, Any]:
    """Return a run of LangSmith, whose steps stand inside."""
    start = "2026-01-01T00:00:00+00:00"
    both = {"trace_id": run_id, "run_type": "chain", "start_time": start, "end_time": start}
    order = f"20260101T000000000000Z{run_id}"
    inside = [
        {**both, "id": f"{run_id}-{n}", "name": "t", "run_type": "tool", "parent_run_id": run_id,
         "dotted_order": f"{order}.20260101T000000000000Z{run_id}-{n}", "inputs": {}, "outputs": n}
        for n in range(steps)
    ]  # fmt: skip
    root = {"id": run_id, "name": "r", "dotted_order": order, "inputs": {"q": 1}, "outputs": {}}
    return both | root | {"child_runs": inside} | more


LANGSMITH = st.one_of(
    st.builds(
        traced,
        st.sampled_from("abcdefghijklmnop"),
        st.fixed_dictionaries(
            {},
            optional={
                "reference_example_id": st.sampled_from(["x", "y"]),
                "inputs": st.sampled_from([{"q": 1}, {"q": 2}, None]),
                "session_id": st.just("s2"),
                "session_name": st.just("evaluators"),
                "attachments": st.just({"a": 1}),
                "feedback_stats": st.just({"k": {"n": 1, "avg": 1.0}}),
                "error": st.sampled_from(["E: no", None]),
                "nobody_knows": st.just(1),
            },
        ),
        st.sampled_from([1, 1, 1, 2, 0]),
    ),
    st.sampled_from(["{broken", "7"]),
    st.just({"id": "x", "inputs": {"q": 3}, "outputs": {"a": 1}}),  # an example
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(LANGSMITH, max_size=8), min_size=1, max_size=4),
    st.sampled_from([{}, {"session": "s2"}, {"dataset": "examples.json"}]),
    st.integers(0, 99),
    st.booleans(),
)
def test_langsmith(files: list[list[Any]], options: Any, seed: int, auto: bool) -> None:
    """Runs with their steps inside are made elsewhere; flat ones wait for all of their records."""
    files = [[traced("first", {}), *files[0]], *([traced(f"{n}", {}), *each]
             for n, each in enumerate(files[1:]))]  # fmt: skip
    kind, how = (AutoFetcher, {"format": "langsmith"}) if auto else (LangSmithFiles, {})
    if auto and "session" in options:
        options = {}
    with TemporaryDirectory() as name:
        examples = [{"id": "x", "inputs": {"q": 1}}, {"id": "z", "inputs": {"q": 9}}]
        (Path(name) / "examples.json").write_text(json.dumps(examples))
        write(Path(name), files)
        assert_same(kind, Path(name), options | how, seed)


@pytest.mark.parametrize("kind", [LangSmithFiles, AutoFetcher])
def test_a_file_of_which_every_line_is_too_large_costs_nothing_else(
    tmp_path: Path, kind: type[FileFetcher]
) -> None:
    large = traced("large", {"outputs": "x" * 20_000})
    write(tmp_path, [[traced("a", {}), traced("b", {})], [large, large]])
    how = {"format": "langsmith"} if kind is AutoFetcher else {}
    counts, failed = assert_same(kind, tmp_path, {"max_record_mb": 0.01, **how})
    assert counts["received"] == 2
    assert failed.startswith("IncompleteExperiment")


def log_of(task: str, made: str, samples: int, *, more: dict[str, Any]) -> dict[str, Any]:
    eval_ = {"task": task, "model": "m", "task_id": task, "created": made, "run_id": "r"}
    listed = [
        {"id": n, "epoch": 1, "input": f"q{n}", "target": "t", "uuid": f"{task}-{made}-{n}",
         "messages": [], "output": {"completion": "a", "choices": []},
         "scores": {"s": {"value": 1.0}}}
        for n in range(samples)
    ]  # fmt: skip
    results = {"total_samples": samples, "scores": [{"name": "s"}]}
    return {"version": 2, "status": "success", "eval": eval_, "results": results,
            "samples": listed} | more  # fmt: skip


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("more", [{}, {"status": "cancelled"}, {"samples": [7]}])
def test_logs_of_inspect(tmp_path: Path, zipped: bool, more: Any) -> None:
    """Of a task that was tried again the newest log counts, whoever reads it."""
    logs = [
        log_of(f"t{n % 4}", f"2026-01-0{n + 1}T00:00:00+00:00", 3, more=more if n == 5 else {})
        for n in range(6)
    ]
    for number, log in enumerate(logs):
        place = tmp_path / f"{number}.{'eval' if zipped else 'json'}"
        if not zipped:
            place.write_text(json.dumps(log))
            continue
        with ZipFile(place, "w") as archive:
            samples = log.pop("samples")
            archive.writestr("header.json", json.dumps(log))
            for at, sample in enumerate(samples):
                archive.writestr(f"samples/{at}_epoch_1.json", json.dumps(sample))
    path = "*.eval" if zipped else "*.json"
    counts, failed = assert_same(AutoFetcher, tmp_path, {"path": path})
    assert (failed is None) == (not more)
    assert counts["expected"] == 12
    assert any("older log of a task" in note for note in counts["notes"])


def test_repetitions_go_on_from_file_to_file(tmp_path: Path) -> None:
    rows = [{"run_id": f"{n}", "example_id": f"e{n % 3}", "outputs": n} for n in range(60)]
    write(tmp_path, [rows[n : n + 6] for n in range(0, 60, 6)])
    assert_same(OwnFetcher, tmp_path, {})
    runs, _ = tables(Store(tmp_path / "there").experiment("x"))
    assert [run["repetition"] for run in runs] == [n // 3 for n in range(60)]


def test_what_is_stored_already_is_left(tmp_path: Path) -> None:
    rows = [{"run_id": f"{n}", "example_id": f"{n}", "outputs": n} for n in range(40)]
    write(tmp_path, [rows[:20], rows[20:]])
    assert_same(OwnFetcher, tmp_path, {})
    rows[25]["outputs"], rows[3:5] = "changed", []
    write(tmp_path, [rows[:20], rows[20:]])
    counts, failed = assert_same(OwnFetcher, tmp_path, {})
    assert (counts["unchanged"], failed) == (37, None)


def test_a_dataset(tmp_path: Path) -> None:
    examples = [{"id": f"e{n}", "inputs": {"q": n}, "expected": n} for n in range(5)]
    (tmp_path / "examples.json").write_text(json.dumps(examples))
    rows = [{"id": f"{n}", "q": n % 7, "a": n, "s": "success"} for n in range(40)]
    write(tmp_path, [rows[:9], rows[9:20], rows[20:]])
    options = {"fields": FIELDS, "dataset": "examples.json"}
    counts, _ = assert_same(RecordsFetcher, tmp_path, options)
    assert any("not in the dataset" in note for note in counts["notes"])


def test_groups_of_rows_of_a_table(tmp_path: Path) -> None:
    rows = [{"id": f"r{n}", "q": n % 11, "a": n, "s": "success"} for n in range(1000)]
    rows[700]["id"] = "r3"
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=90)
    file = SourceFile(str(tmp_path / "t.parquet"), "t.parquet")
    assert len(planned([file], 1, splits=True)) == 1  # small ones are left whole
    context = FetchContext(experiment="x", base=tmp_path)
    options = {"path": "t.parquet", "fields": {**FIELDS, "example_id": "to_string(q)"}}
    one, two = RecordsFetcher(options, context), RecordsFetcher(options, context)
    pieces = [
        Piece(number=n, files=(SourceFile(file.url, file.shown, groups=(n - 1, n)),))
        for n in range(1, 13)
    ]
    errand = FetchErrand(
        fetcher="evalkit.fetchers.files.formats.records:RecordsFetcher", options=two.settings(),
        experiment="x", base=tmp_path, statuses={}, prices=None,
    )  # fmt: skip

    def many(files: list[SourceFile]) -> Iterator[Any]:
        executor = Many(1)
        executor.begin(errand)
        return joined(two, files, Ordered(executor, pieces))

    two.elsewhere = many
    for fetcher in (one, two):
        with pytest.raises(EvalkitError, match=r"two different records have the id 'r3' .*:701\)"):
            list(fetcher.rows())
    assert one.tally.received == two.tally.received == 700


@pytest.mark.parametrize("seed", range(5))
def test_what_ends_every_worker_is_found_by_halves_and_named(tmp_path: Path, seed: int) -> None:
    """What stands before it is told; nothing of a good half is read by whoever is lost."""
    write(tmp_path, [[{"run_id": f"{n}-{m}", "outputs": m} for m in range(8)] for n in range(6)])
    files = [SourceFile(str(path), path.name) for path in sorted(tmp_path.glob("*.jsonl"))]
    fetcher = OwnFetcher({"path": "*"}, FetchContext(experiment="x", base=tmp_path))
    size = Path(files[3].url).stat().st_size
    cut = [*files[:3], replace(files[3], span=(0, size)), *files[4:]]
    many = Many(seed, deadly=b'"run_id": "3-5"')
    many.begin(FetchErrand(
        fetcher="evalkit.fetchers.files.formats.own:OwnFetcher", options=fetcher.settings(),
        experiment="x", base=tmp_path, statuses={}, prices=None,
    ))  # fmt: skip
    pieces = [Piece(number=1, files=tuple(cut[:2])), Piece(number=2, files=tuple(cut[2:]))]
    told: list[str] = []
    with pytest.raises(ExecutorError) as caught:
        told += (item.where for item in joined(fetcher, files, Ordered(many, pieces)))
    start = 5 * len(b'{"run_id": "3-0", "outputs": 0}\n')
    shown = f"003.jsonl, bytes {start:,} to {start + 32:,}: its worker ended."
    assert str(caught.value).startswith(shown)
    assert ExecutorError.exit_code == 3
    assert many.lost <= 6


def test_halves_that_live_are_one_store(tmp_path: Path) -> None:
    """A piece that was too much at once is read as two, in the order of the files."""
    write(tmp_path, [[{"run_id": f"{n}-{m}", "example_id": f"e{m}"} for m in range(9)]
                     for n in range(4)])  # fmt: skip
    files = [SourceFile(str(path), path.name) for path in sorted(tmp_path.glob("*.jsonl"))]

    class Weak(Many):
        """Workers that cannot hold more than one file."""

        def reports(self, seconds: float) -> Iterator[Pieced]:
            large = [each for each in self._given if len(each.files) > 1]
            self._given = [each for each in self._given if len(each.files) == 1]
            yield from (each.lost("too much") for each in large)
            yield from super().reports(seconds)

    def halved(fetcher: FileFetcher, many: Many) -> Iterator[Any]:
        many.begin(FetchErrand(
            fetcher="evalkit.fetchers.files.formats.own:OwnFetcher", options=fetcher.settings(),
            experiment="x", base=tmp_path, statuses={}, prices=None,
        ))  # fmt: skip
        return joined(fetcher, files, Ordered(many, [Piece(number=1, files=tuple(files))]))

    one, two = (
        OwnFetcher({"path": "*.jsonl"}, FetchContext(experiment="x", base=tmp_path))
        for _ in range(2)
    )
    two.elsewhere = lambda found: halved(two, Weak(3))
    here, there = [*one.rows()], [*two.rows()]
    assert [row.run_id for row in there] == [row.run_id for row in here]
    assert two.repetitions.seen == one.repetitions.seen
    assert len(here) == 36


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        (RecordsFetcher, {"fields": FIELDS, "group_by": "q"}, "grouped into runs"),
        (AutoFetcher, {}, "files of the format langfuse are read together"),
        (AutoFetcher, {"format": "otlp"}, "files of the format otlp are read together"),
        (AutoFetcher, {"format": "evalkit"}, ""),
        (AutoFetcher, {"format": "langsmith"}, ""),
    ],
)
def test_what_cannot_be_read_file_by_file(
    tmp_path: Path, kind: Any, options: Any, why: str
) -> None:
    trace = {"id": "t", "timestamp": "2026-01-01T00:00:00Z", "observations": []}
    write(tmp_path, [[trace], [trace]])
    files = [SourceFile(str(path), path.name) for path in sorted(tmp_path.iterdir())]
    fetcher = kind({"path": "*", **options}, FetchContext(experiment="x", base=tmp_path))
    assert fetcher.unspread(files).startswith(why) if why == "" else why in fetcher.unspread(files)


def test_a_file_that_is_not_there_or_another_one_is_named(tmp_path: Path) -> None:
    write(tmp_path, [[{"run_id": "a"}]])
    there = SourceFile(str(tmp_path / "000.jsonl"), "000.jsonl")
    gone = SourceFile(str(tmp_path / "001.jsonl"), "001.jsonl")
    size = Path(there.url).stat().st_size
    errand = partial(
        FetchErrand, fetcher="", options={}, experiment="x", base=tmp_path, statuses={},
        prices=None,
    )  # fmt: skip
    assert errand(files=((there, size),)).refusal(Place()) == ""
    assert "000.jsonl: has 16 bytes here instead of 5" in errand(files=((there, 5),)).refusal(
        Place()
    )
    assert "001.jsonl: cannot be read" in errand(files=((gone, 5),)).refusal(Place())
    moved = errand(files=((there, size),)).moved(tmp_path, tmp_path / "other")
    assert "has no project at" in moved.refusal(Place())


@pytest.mark.parametrize(
    "end", [b"PAR1", b"\x08\x00\x00\x00PAR1", b"\xff" * 64 + b"\x40\x00\x00\x00PAR1"]
)
def test_a_damaged_table_is_one_piece_and_told_by_who_reads_it(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + bytes(5 << 20) + end)
    file = SourceFile(str(path), "a.parquet")
    assert [piece.files for piece in planned([file], 2, splits=True)] == [(file,)]
