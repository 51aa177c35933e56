"""Data is looked at before figures are believed: what is planted is named, what is fine is not."""

import json
import random
from pathlib import Path
from typing import get_args

import pytest
from command_line import evalkit
from inside import evalkit_here

from evalkit.cli.table.project import PROJECT
from evalkit.metrics.documents.validation import CHECKS
from evalkit.metrics.validation.near import near_groups
from evalkit.metrics.validation.shape import FREE, Shape
from evalkit.project.tables import Check

TOPICS = ("parcel", "refund", "invoice", "voucher", "password", "courier", "basket", "warranty")
VERBS = ("find", "return", "cancel", "trace", "change", "renew", "compare", "restore", "export")
PLACES = ("Oslo", "Graz", "Lyon", "Porto", "Turin", "Ghent", "Malmo", "Basel", "Cork", "Riga")


def question(n: int) -> str:
    word = random.Random(n)
    return (
        f"How do I {word.choice(VERBS)} the {word.choice(TOPICS)} that {word.choice(PLACES)} sent "
        f"with {word.choice(TOPICS)} number {n}, and who {word.choice(VERBS)}s it?"
    )


def examples(n: int = 30) -> list[dict]:
    return [
        {
            "example_id": f"e{i}",
            "inputs": {"question": question(i)},
            "reference_outputs": {"answer": ("yes", "no", "4", "Paris")[i % 4], "steps": []},
        }
        for i in range(n)
    ]


def runs(rows: list[dict], day: int = 1, repetitions: int = 1) -> list[dict]:
    return [
        {
            "run_id": f"{row['example_id']}-{r}",
            "example_id": row["example_id"],
            "repetition": r,
            "inputs": row["inputs"],
            "outputs": {"answer": "yes", "sources": ["a"], "score": 0.5},
            "status": "success",
            "started_at": f"2026-03-{day:02}T10:{i:02}:{r:02}Z",
            "ended_at": f"2026-03-{day:02}T10:{i:02}:{r + 5:02}Z",
            "steps": [
                {
                    "step_id": f"s{i}{r}",
                    "kind": "llm",
                    "name": "answer",
                    "metadata": {"model": "larch-1"},
                    "started_at": f"2026-03-{day:02}T10:{i:02}:{r:02}Z",
                }
            ],
        }
        for i, row in enumerate(rows)
        for r in range(repetitions)
    ]


class Made:
    """A project of files, written anew at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def write(self, name: str, rows: list[dict], ran: list[dict]) -> None:
        said = [{"kind": "example", **row} for row in rows]
        text = "\n".join(json.dumps(each) for each in [*said, *ran])
        (self.folder / f"{name}.jsonl").write_text(text, "utf-8")
        if name not in self.names:
            self.names.append(name)
        tables = [
            f'[experiments.{each}]\nfetcher = "evalkit"\npath = "{each}.jsonl"\n'
            for each in self.names
        ]
        (self.folder / "evalkit.toml").write_text("".join(tables))
        assert evalkit_here("fetch", name, "-q", cwd=self.folder).code == 0

    def found(self, *words: str) -> list[dict]:
        ended = evalkit("validate", *words, "--json", cwd=self.folder)
        assert ended.code == 0, ended.err
        return ended.document["findings"]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def model_of(run: dict, name: str) -> None:
    run["steps"][0]["metadata"] = {"model": name}


def test_sound_data_raises_no_alarm(made: Made) -> None:
    """Short references stand in many inputs, lists are empty, runs fail: all of that is usual."""
    rows = examples()
    rows[0]["inputs"]["question"] += " yes or no? 4 times in Paris"
    ran = runs(rows, repetitions=2)
    ran[7] |= {"status": "error", "error": "boom", "outputs": None}
    made.write("a", rows, ran)
    assert made.found("a") == []
    ended = evalkit("validate", "a", "--strict", cwd=made.folder)
    assert (ended.code, ended.out) == (0, "30 examples and 60 runs looked at: nothing found.\n")


def put(rows: list[dict], at: int, part: str, **values: object) -> None:
    rows[at][part] = {**rows[at][part], **values}


def no_reference(rows: list[dict], ran: list[dict]) -> None:
    rows[3]["reference_outputs"] = {"answer": None, "steps": None}
    rows[4]["reference_outputs"] = {}


def no_example(rows: list[dict], ran: list[dict]) -> None:
    ran[2]["example_id"] = "e99"


def twice(rows: list[dict], ran: list[dict]) -> None:
    rows[9]["inputs"] = dict(rows[5]["inputs"])
    rows[9]["reference_outputs"] = dict(rows[5]["reference_outputs"])


def contradiction(rows: list[dict], ran: list[dict]) -> None:
    twice(rows, ran)
    put(rows, 9, "reference_outputs", answer="something else")


def nearly(rows: list[dict], ran: list[dict]) -> None:
    put(rows, 11, "inputs", question=f"  {rows[8]['inputs']['question'].upper()} !")


def quoted(rows: list[dict], ran: list[dict]) -> None:
    put(rows, 6, "reference_outputs", answer="It leaves the depot within two working days.")
    put(rows, 6, "inputs", question="Hint: it leaves the depot\n within two working days. When?")


def given_away(rows: list[dict], ran: list[dict]) -> None:
    for row in rows:
        row["inputs"]["expected"] = row["reference_outputs"]["answer"]


def one_is_a_list(rows: list[dict], ran: list[dict]) -> None:
    ran[12]["outputs"] = {**ran[12]["outputs"], "answer": ["yes"]}


def other_model(rows: list[dict], ran: list[dict]) -> None:
    for run in ran[20:]:
        model_of(run, "larch-2")


PLANTED = [
    (no_reference, "references", "finding", ["e3", "e4"], 2),
    (no_example, "references", "finding", ["e2-0"], 1),
    (twice, "duplicates", "finding", ["e5", "e9"], 1),
    (contradiction, "duplicates", "finding", ["e5", "e9"], 2),
    (nearly, "near_duplicates", "note", ["e8", "e11"], 1),
    (quoted, "leaks", "finding", ["e6"], 1),
    (given_away, "leaks", "finding", ["e0", "e1", "e2"], 30),
    (one_is_a_list, "schema", "finding", ["e12-0"], 1),
    (other_model, "models", "finding", ["e20-0"], 10),
]


@pytest.mark.parametrize(
    ("plant", "check", "level", "ids", "n"), PLANTED, ids=[each[0].__name__ for each in PLANTED]
)
def test_what_is_planted_is_named_and_nothing_else(
    made: Made, plant, check: str, level: str, ids: list[str], n: int
) -> None:
    rows = examples()
    ran = runs(rows)
    plant(rows, ran)
    made.write("a", rows, ran)
    (found,) = made.found("a")
    assert (found["check"], found["level"], found["ids"], found["n"]) == (check, level, ids, n)
    assert all(each in found["text"] for each in ids)
    assert evalkit("validate", "--strict", cwd=made.folder).code == (level == "finding")
    assert evalkit("validate", "--strict", "--ignore", check, cwd=made.folder).code == 0


def test_models_that_a_router_mixes_are_no_change(made: Made) -> None:
    rows = examples()
    ran = runs(rows)
    for at, run in enumerate(ran):
        model_of(run, f"larch-{at % 3}")
    made.write("a", rows, ran)
    assert made.found("a") == []


def test_a_schema_is_learnt_once_and_drift_is_named_until_it_is_accepted(made: Made) -> None:
    rows = examples()
    ran = runs(rows)
    made.write("a", rows, ran)
    assert made.found("a") == []
    for run in ran[:4]:
        run["outputs"] = {"answer": {"text": "yes"}, "score": 0.5, "confidence": 1}
    made.write("a", rows, ran)
    for _ in range(2):  # looked at, and remembered
        found = {each["where"]: each for each in made.found("a")}
        assert sorted(found) == [
            "outputs.answer",
            "outputs.answer.text",
            "outputs.confidence",
            "outputs.sources",
        ]
        kind = found["outputs.answer"]
        assert (kind["n"], kind["of"], kind["ids"]) == (4, 30, ["e0-0", "e1-0", "e2-0"])
        assert kind["text"] == (
            "outputs.answer is an object in 4 of 30 runs (e0-0, e1-0, e2-0 ...); "
            "in the kept schema it was a string."
        )
        assert found["outputs.sources"]["level"] == "finding"
        assert found["outputs.confidence"]["level"] == "note"
    assert made.found("a", "--accept") == []
    assert made.found("a") == []


def test_experiments_over_other_data_are_held_side_by_side(made: Made) -> None:
    rows = examples()
    made.write("a", rows, runs(rows))
    other = examples(29)
    put(other, 4, "inputs", question=question(400))
    put(other, 5, "reference_outputs", answer="never")
    new = {**examples(41)[40], "example_id": "e40"}
    ran = runs([*other, new], day=9)
    for run in ran:
        run["outputs"] = {**run["outputs"], "answer": 4}
    made.write("b", [*other, new], ran)
    found = made.found("a", "b")
    assert {(each["check"], each["level"]) for each in found} == {
        ("versions", "finding"), ("versions", "note"), ("windows", "note"), ("schema", "finding"),
    }  # fmt: skip
    assert all(each["experiments"] == ["a", "b"] for each in found)
    (changed,) = [e for e in found if (e["check"], e["level"]) == ("versions", "finding")]
    assert changed["text"] == (
        "2 of 29 examples in both changed (e4: inputs, e5: reference): "
        "`compare` pairs the other 27."
    )
    compared = evalkit("compare", "a", "b", "--json", cwd=made.folder).document["comparison"]
    assert compared["candidates"][0]["pairing"]["paired"] == 27
    (times,) = [each for each in found if each["check"] == "windows"]
    assert (
        "a ended 2026-03-01 10:29 UTC, b began 2026-03-09 10:00 UTC, 8 days later" in times["text"]
    )


def test_an_experiment_in_which_nothing_succeeded_has_no_outputs_to_drift(made: Made) -> None:
    rows = examples()
    made.write("a", rows, runs(rows))
    made.write("b", rows, [run | {"status": "error", "outputs": None} for run in runs(rows)])
    for names in (("a", "b"), ("b", "a")):
        assert {each["check"] for each in made.found(*names)} <= {"windows"}
        assert evalkit_here("run", "-q", "--baseline", *names, cwd=made.folder).code == 0


def test_every_run_says_it_in_one_line(made: Made) -> None:
    rows = examples()
    twice(rows, [])
    made.write("a", rows, runs(rows))
    (made.folder / "evaluators").mkdir()
    (made.folder / "evaluators" / "own.py").write_text(
        "from evalkit import evaluator\n\n@evaluator\ndef ok(outputs) -> bool:\n    return True\n"
    )
    for words in ((), ("--json",)):
        ended = evalkit("run", "a", "--no-page", *words, cwd=made.folder)
        assert ended.code == 0
        lines = [line for line in ended.err.splitlines() if line.startswith("data:")]
        assert lines == [
            "data: 1 finding in 30 examples and 30 runs (duplicates): evalkit validate a"
        ]


@pytest.mark.parametrize("width", ["60", "80"])
def test_it_fits_a_terminal_and_steers_none(made: Made, width: str) -> None:
    rows = examples()
    for row in rows[:2]:
        row["example_id"] = "\x1b[31m::error::" + row["example_id"] + "x" * 500
        row["inputs"] = {"question": "the same", "a\x1b[2Jb": 1}
    made.write("a", rows, runs(rows))
    ended = evalkit("validate", cwd=made.folder, COLUMNS=width)
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= int(width)
    assert "duplicates: " in ended.out


def test_a_store_that_cannot_be_written_is_looked_at_all_the_same(made: Made) -> None:
    rows = examples()
    twice(rows, [])
    made.write("a", rows, runs(rows))
    kept = made.folder / ".evalkit" / "a" / "validated.json"
    kept.mkdir()  # what stands in the way of a file, for root as for anybody
    assert [each["check"] for each in made.found("a")] == ["duplicates"]
    kept.rmdir()
    made.found("a")
    whole = kept.read_text()
    for damaged in (whole[:100], whole.replace('"array"', '"string"'), "[]", '{"version": 1}'):
        kept.write_text(damaged)
        assert [each["check"] for each in made.found("a")] == ["duplicates"]
        assert kept.read_text() == whole or "schema" in json.loads(kept.read_text())


def test_nothing_stored_is_no_good_data(tmp_path: Path) -> None:
    (tmp_path / "evalkit.toml").write_text('[experiments.a]\npath = "a.jsonl"\n')
    for words in (["validate"], ["validate", "a"]):
        ended = evalkit_here(*words, cwd=tmp_path)
        assert ended.code == 5
        assert ended.err.startswith("error[no-runs]: ")


def test_near_texts_are_grouped_and_templates_are_not() -> None:
    template = "You are a careful assistant of a shop. Answer in one sentence, and be polite. "
    texts = [template + f"{question(n)} {question(n + 500)}" for n in range(60)]
    assert near_groups(texts) == []
    long = " ".join(question(n) for n in range(5))
    same = [
        long,
        long.replace("refund", "repayment", 1),
        long.replace("number 3", "number 8"),
        question(77),
    ]
    assert near_groups(same) == [[0, 1]]
    assert near_groups([]) == near_groups(["", "a", ""]) == []


def test_keys_that_are_data_make_no_fields() -> None:
    shape = Shape()
    for n in range(FREE + 5):
        shape.add(json.dumps({"by_id": {f"k{n}": 1}, "a b": [1, "x"]}), f"r{n}")
    shape.add("{" + '"a":' * 1, "torn")
    found = shape.fields()
    assert sorted(found) == ["", "['a b']", "['a b'][]", "by_id"]
    assert found["by_id"].missing.n == 0
    assert sorted(found["['a b'][]"].kinds) == ["number", "string"]


def test_the_checks_have_one_set_of_names() -> None:
    takes = {str(each.name): each for each in PROJECT["validate"].takes}
    assert tuple(takes["ignore"].type.choices) == CHECKS == get_args(Check)
