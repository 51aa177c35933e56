"""What was altered in a page, a document or a store is named; what was not passes."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import forged
import pytest
from inside import evalkit_here, inside

from evalkit.errors import CannotVerify, ConfigError
from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.evidence.signing import Signer, public_key
from evalkit.pipeline.verifying.finding import Verified
from evalkit.pipeline.verifying.verify import verify
from evalkit.project.config import load

EVALUATORS = '''
from evalkit import Score, evaluator


@evaluator
def right(outputs) -> bool:
    """The answer is a."""
    return outputs["a"].startswith("a")


@evaluator(range=(0.0, 1.0), threshold=0.4)
def near(outputs) -> float:
    return outputs["n"] / 12
'''
CONFIG = """\
baseline = "old"
gates = ["right >= 20%", "error_rate <= 30%"]
slices = ["metadata.topic"]

[experiments.old]
fetcher = "evalkit"
path = "old.jsonl"

[experiments.new]
fetcher = "evalkit"
path = "new.jsonl"
"""
RUNS = 12
LONG = "a text that is long enough to be written once only, " * 6
ODD = ['a"\0r1', '"\0b0"', "\0r0", "\0s", ',"\0r2', LONG, LONG, f"{LONG}!", [f"{LONG}!"]]
"""What a page might take for one of its own references."""


def record(name: str, n: int, right: bool) -> dict:
    answer = f"a{n}" if right else f"b{n} of {name}"
    return {
        "run_id": f"{name}-{n}",
        "example_id": f"ex-{n}",
        "status": "error" if n == 5 else "success",
        "inputs": {"q": f"How much is {n}?"},
        "outputs": {"a": answer, "n": n},
        "duration_s": 1.5 + n / 7,
        "metadata": {"topic": "xy"[n % 2], "odd": ODD},
    }


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a page of every kind, a document of every kind, and a key."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS)
    (folder / "evalkit.toml").write_text(CONFIG)
    for name, share in (("old", 3), ("new", 2)):
        lines = [json.dumps(record(name, n, n % share == 0)) for n in range(RUNS)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    _keys(folder)
    assert evalkit_here("run", "-q", cwd=folder).code == 0
    (folder / "page.html").write_bytes((folder / "reports/old-new/report.html").read_bytes())
    report = ("report", "-q", "--output")
    for more in (
        ["signed.html", "--sign", "key.pem", "--to-json", "figures.json"],
        ["shared.html", "--share"],
        ["side.html", "--traces", "side"],
        ["none.html", "--traces", "none"],
        ["few.html", "--runs", "9"],
        ["fewshared.html", "--runs", "9", "--share"],
    ):
        assert evalkit_here(*report, *more, cwd=folder).code == 0
    project = load(folder)
    sign = Signer(folder / "key.pem")
    for path, names in (("run.json", ["old", "new"]), ("one.json", ["new"])):
        text = json.dumps(conclude(project, names, page=False).to_dict(sign), allow_nan=False)
        (folder / path).write_text(text)
    return folder


def _keys(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for name in ("key", "other"):
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        public = key.public_key().public_bytes(
            form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / f"{name}.pem").write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "project")


def verified(folder: Path, name: str, *, key: str | None = None, alone: bool = False) -> Verified:
    """Verify a file with the project, or alone."""
    with inside(folder):
        known = public_key(folder / key) if key else None
        return verify(folder / name, None if alone else load(folder, deep=False), known)


PAGES = [
    *("page.html", "signed.html", "shared.html", "side.html", "none.html"),
    *("few.html", "fewshared.html"),
]
DOCUMENTS = ["figures.json", "run.json", "one.json", "reports/new/summary.json"]


@pytest.mark.parametrize("alone", [False, True], ids=["store", "alone"])
@pytest.mark.parametrize("name", [*PAGES, *DOCUMENTS])
def test_what_nobody_altered_passes(made: Path, name: str, alone: bool) -> None:
    found = verified(made, name, alone=alone)
    assert found.findings == []
    assert found.against == ("itself" if alone or "shared" in name else "store")


def _score(head: dict, data: bytearray) -> None:
    """Turn the first score of the first run that is wrong."""
    rule = head["columns"]["s0"]
    at = rule["at"] + 1
    data[at] = rule["dict"].index(1.0)


def _outcome(head: dict, data: bytearray) -> None:
    data[head["columns"]["outcome"]["at"] + 2] = head["outcomes"].index("timeout")


def _latency(head: dict, data: bytearray) -> None:
    rule = head["columns"]["latency"]
    data[rule["at"] + 3] = data[rule["at"]]


def _threshold(head: dict, data: bytearray) -> None:
    head["evaluators"][1]["low"] = 0.3


def _mean(document: dict) -> None:
    document["metrics"][0]["figures"]["new"]["value"] = 0.75


def _count(document: dict) -> None:
    document["experiments"][1]["outcomes"]["success"] = 12


def _limit(document: dict) -> None:
    document["manifest"]["gates"][0]["limit"] = 0.1


def _rule(document: dict) -> None:
    document["gates"][0]["rule"] = "right >= 10%"


def _passed(document: dict) -> None:
    document["gates"][0]["passed"] = not document["gates"][0]["passed"]


def _evaluator(document: dict) -> None:
    document["manifest"]["experiments"][1]["evaluators"]["right"] = "0" * 24


def _data(document: dict) -> None:
    document["manifest"]["experiments"][1]["data"]["runs"] = "0" * 32


def _configuration(document: dict) -> None:
    document["manifest"]["configuration"]["gates"] = "0" * 32


def _seed(document: dict) -> None:
    document["manifest"]["seeds"]["bootstrap"] += 1


def _time(document: dict) -> None:
    document["manifest"]["made_at"] = "2020-01-01T00:00:00+00:00"


ALTERED: dict[str, tuple[Callable[[bytes], bytes], str, str, bool]] = {
    "a score": (lambda p: forged.core(p, _score), "score", "run old-1 in old", True),
    "an outcome": (lambda p: forged.core(p, _outcome), "run", "run old-2", True),
    "a latency": (lambda p: forged.core(p, _latency), "run", "latency", True),
    "a threshold": (lambda p: forged.core(p, _threshold), "figure", "near low", False),
    "a mean": (lambda p: forged.figures(p, _mean), "figure", "right", True),
    "a count": (lambda p: forged.figures(p, _count), "figure", "success", True),
    "the limit of a rule": (lambda p: forged.figures(p, _limit), "gate", "right >= 20%", True),
    "a rule": (lambda p: forged.figures(p, _rule), "gate", "right >=", True),
    "what a rule came to": (lambda p: forged.figures(p, _passed), "gate", "passed", False),
    "an evaluator": (lambda p: forged.figures(p, _evaluator), "evaluator", "right", False),
    "the hash of data": (lambda p: forged.figures(p, _data), "data", "new", False),
    "a table": (lambda p: forged.figures(p, _configuration), "configuration", "gates", False),
    "a seed": (lambda p: forged.figures(p, _seed), "seed", "bootstrap", True),
    "an answer": (
        lambda p: forged.trace(p, b"b1 of old", b"a1 of old"), "trace", "old-1", False,
    ),
    "a score of a trace": (
        lambda p: forged.trace(p, b'"score":false', b'"score":true'),
        "trace", "feedback right", True,
    ),
    "words": (lambda p: forged.text(p, b"Every metric</h2>", b"Some</h2>"), "words", "Some", False),
    "a script": (
        lambda p: forged.text(p, b'"use strict"', b'"use  trict"'), "program", "script", True,
    ),
    "a style": (lambda p: forged.text(p, b"<style>", b"<style>b{}"), "program", "style", True),
    "the policy": (lambda p: forged.text(p, b"default-src", b"Default-src"), "words", "", True),
    "the title": (lambda p: forged.text(p, b"<title>", b"<title>x"), "words", "x", False),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_in_a_page_is_named(project: Path, what: str) -> None:
    change, kind, said, _ = ALTERED[what]
    page = project / "page.html"
    page.write_bytes(change(page.read_bytes()))
    found = verified(project, "page.html")
    assert found.against == "store"
    assert [each for each in found.findings if each.what == kind and said in each.text], found
    assert not [each for each in found.findings if each.what == "bytes"]


@pytest.mark.parametrize("what", [name for name, row in ALTERED.items() if row[3]])
def test_what_was_altered_is_seen_in_the_page_alone(project: Path, what: str) -> None:
    page = project / "page.html"
    page.write_bytes(ALTERED[what][0](page.read_bytes()))
    found = verified(project, "page.html", alone=True)
    assert found.findings
    assert not [each for each in found.findings if each.what == "bytes"]


def _other(head: dict, data: bytearray) -> None:
    """Say that the first run which is whole is another one."""
    rule = head["columns"]["where"]
    size = {"u8": 1, "u16": 2, "u32": 4}[rule["t"]]
    at = [rule["at"] + size * row for row in range(rule["n"])]
    where = [bytes(data[each : each + size]) for each in at]
    one = next(row for row, each in enumerate(where) if each != b"\xff" * size)
    other = next(row for row, each in enumerate(where) if each == b"\xff" * size)
    data[at[one] : at[one] + size] = where[other]
    data[at[other] : at[other] + size] = where[one]


def _chance(head: dict, data: bytearray) -> None:
    head["chosen"]["seed"] = "0" * 8


def _fewer(head: dict, data: bytearray) -> None:
    head["chosen"] = None


CHOICE: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "a run": (lambda p: forged.core(p, _other), "trace", "the rule of the page chooses it not"),
    "the seed": (lambda p: forged.core(p, _chance), "figure", "chosen seed"),
    "the rule": (lambda p: forged.core(p, _fewer), "figure", "chosen"),
    "the sentence": (lambda p: forged.text(p, b"by rule", b"by lot"), "words", "by lot"),
}


@pytest.mark.parametrize("what", CHOICE)
def test_what_a_page_says_of_its_choice_is_held_against_the_store(project: Path, what: str) -> None:
    change, kind, said = CHOICE[what]
    page = project / "few.html"
    page.write_bytes(change(page.read_bytes()))
    found = verified(project, "few.html")
    assert [each for each in found.findings if each.what == kind and said in each.text], found


@pytest.mark.parametrize("name", ["few.html", "fewshared.html"])
@pytest.mark.parametrize("what", ["the list", "the rule", "the words"])
def test_a_seed_that_the_page_contradicts_is_seen_in_the_page_alone(
    project: Path, name: str, what: str
) -> None:
    page = project / name
    assert any("rule and seed" in each for each in verified(project, name, alone=True).open)
    (seed,) = set(re.findall(rb"by rule \(seed \w{8}\)", page.read_bytes()))
    changes: dict[str, Callable[[bytes], bytes]] = {
        "the list": lambda p: forged.core(p, _chance),
        "the rule": lambda p: forged.core(p, _fewer),
        "the words": lambda p: forged.text(p, seed, b"by rule (seed 00000000)"),
    }
    page.write_bytes(changes[what](page.read_bytes()))
    found = verified(project, name, alone=True)
    assert [each.what for each in found.findings if "chosen seed" in each.text] == ["seed"]


def test_a_page_that_lists_few_runs_is_verified(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.metrics.selecting.chosen.LISTED", 12)
    with inside(project):
        opened = load(project)
        conclude(opened, ["old", "new"], to=project / "list.html", runs=4)
    for alone in (False, True):
        found = verified(project, "list.html", alone=alone)
        assert found.findings == []
    assert any("of 24 runs, of which the page lists 12" in each for each in found.open)
    page = project / "list.html"
    page.write_bytes(forged.core(page.read_bytes(), _outcome))
    assert [each.what for each in verified(project, "list.html").findings] == ["run"]


def test_a_score_is_named_with_run_metric_and_both_values(project: Path) -> None:
    page = project / "page.html"
    page.write_bytes(forged.core(page.read_bytes(), _score))
    for alone in (False, True):
        found = verified(project, "page.html", alone=alone)
        (one,) = [each for each in found.findings if each.what == "score"]
        assert (one.experiment, one.run, one.metric) == ("old", "old-1", "right")
        assert (one.page, one.right) == (1.0, 0.0)


@pytest.mark.parametrize("alone", [False, True], ids=["store", "alone"])
@pytest.mark.parametrize("place", range(24))
def test_one_byte_is_seen_wherever_it_is(project: Path, place: int, alone: bool) -> None:
    page = project / "page.html"
    data = bytearray(page.read_bytes())
    data[int((place + 0.5) / 24 * len(data))] ^= 1
    page.write_bytes(data)
    ended = evalkit_here("verify", str(page), cwd=page.parent.parent if alone else project)
    assert (ended.code, "DIFFERS  bytes: " in ended.out) == (1, True)


def _cut(page: bytes) -> bytes:
    return page[: page.rindex(forged.MARK)]


@pytest.mark.parametrize(("size", "code"), [(-1, 1), (-20, 1), (-300, 3), (20_000, 3)])
def test_a_page_that_was_cut_is_seen(project: Path, size: int, code: int) -> None:
    page = project / "page.html"
    page.write_bytes(page.read_bytes()[:size])
    ended = evalkit_here("verify", "page.html", cwd=project)
    assert ended.code == code
    assert "is altered or gone" in ended.out or "is no whole page" in ended.err


def _write(name: str, old: str, new: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return write


def _part(folder: Path, kind: str) -> Path:
    return next(iter(sorted((folder / ".evalkit" / "new" / kind).glob("part-*"))))


def _flip(kind: str) -> Callable[[Path], None]:
    def flip(folder: Path) -> None:
        path = _part(folder, kind)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    return flip


def _unguarded(folder: Path) -> None:
    """Take the seal off a store's manifest, with the key that came together with it."""
    path = folder / ".evalkit" / "new" / "manifest.json"
    document = json.loads(path.read_text())
    for name in ("guard", "scored"):
        del document[name]
    path.write_text(json.dumps(document))


def _rescored(folder: Path) -> None:
    _write("evaluators/mine.py", 'startswith("a")', 'startswith("b")')(folder)
    assert evalkit_here("score", "-q", cwd=folder).code == 0


def _refetched(folder: Path) -> None:
    _write("new.jsonl", '"a4"', '"b4"')(folder)
    assert evalkit_here("run", "-q", cwd=folder).code == 0


SINCE: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "an evaluator's source": (
        _write("evaluators/mine.py", 'startswith("a")', 'startswith("b")'),
        {"evaluator"},
    ),
    "an evaluator's threshold": (
        _write("evaluators/mine.py", "threshold=0.4", "threshold=0.5"),
        {"evaluator"},
    ),
    "an evaluator that does not load": (
        _write("evaluators/mine.py", "from evalkit", "from nowhere"),
        {"evaluator"},
    ),
    "an evaluator and its scores": (_rescored, {"evaluator", "score", "figure", "trace", "words"}),
    "a rule of the configuration": (
        _write("evalkit.toml", "right >= 20%", "right >= 10%"),
        {"configuration", "gate", "words"},
    ),
    "a slice of the configuration": (
        _write("evalkit.toml", 'slices = ["metadata.topic"]', "slices = []"),
        {"configuration"},
    ),
    "a byte of the runs": (_flip("runs"), {"store"}),
    "a byte of the scores": (_flip("scores"), {"store"}),
    "a seal": (_unguarded, {"store"}),
    "a part that is gone": (lambda folder: _part(folder, "scores").unlink(), {"store"}),
    "a run that came anew": (_refetched, {"data", "score", "figure", "trace", "words"}),
}


@pytest.mark.parametrize("name", ["page.html", "side.html", "run.json"])
@pytest.mark.parametrize("what", SINCE)
def test_what_changed_since_is_named(project: Path, what: str, name: str) -> None:
    change, kinds = SINCE[what]
    change(project)
    found = verified(project, name)
    if name.endswith(".json"):
        kinds = kinds - {"score", "trace", "words"}
    assert kinds <= {each.what for each in found.findings}, found
    assert "bytes" not in {each.what for each in found.findings}


def test_another_experiment_in_the_configuration_changes_nothing(project: Path) -> None:
    path = project / "evalkit.toml"
    path.write_text(path.read_text() + '\n[experiments.third]\npath = "new.jsonl"\n')
    assert verified(project, "page.html").findings == []


def test_files_written_anew_with_the_same_runs_are_no_difference(project: Path) -> None:
    from evalkit.store.care import collect_stale
    from evalkit.store.store import Store

    for _ in range(2):
        assert evalkit_here("score", "-q", "--fresh", cwd=project).code == 0
    collect_stale(Store(project / ".evalkit").experiment("new"))
    found = verified(project, "page.html")
    assert found.findings == []
    assert any("written anew" in each for each in found.open)


def test_a_page_held_against_another_project_names_its_data(project: Path) -> None:
    _write("new.jsonl", "a0", "b0")(project)
    shutil.rmtree(project / ".evalkit")
    assert evalkit_here("run", "-q", cwd=project).code == 0
    kinds = {each.what for each in verified(project, "page.html").findings}
    assert {"data", "score", "figure"} <= kinds


def _value(document: dict) -> None:
    document["experiments"][1]["scores"]["right"]["mean"] = 0.75


def test_a_figure_of_a_document_is_named(project: Path) -> None:
    path = project / "run.json"
    document = json.loads(path.read_text())
    _value(document)
    path.write_text(json.dumps(document))
    found = verified(project, "run.json")
    assert {each.what for each in found.findings} == {"bytes", "signature", "figure"}
    (one,) = [each for each in found.findings if each.what == "figure"]
    assert one.text.startswith("experiments new scores right mean: the page says 0.75")


def test_a_saved_summary_is_held_against_its_store(project: Path) -> None:
    path = project / "reports/new/summary.json"
    document = json.loads(path.read_text())
    document["scores"]["right"]["mean"] = 0.75
    del document["guard"]
    path.write_text(json.dumps(document))
    with pytest.raises(CannotVerify, match="no manifest"):
        verified(project, "reports/new/summary.json")
    document["guard"] = "0" * 16
    path.write_text(json.dumps(document))
    found = verified(project, "reports/new/summary.json")
    assert {each.what for each in found.findings} == {"bytes", "figure"}


def test_traces_beside_a_page_are_part_of_it(project: Path) -> None:
    side = project / "side.ekdata"
    data = bytearray(side.read_bytes())
    data[len(data) // 2] ^= 1
    side.write_bytes(data)
    assert "bytes" in {each.what for each in verified(project, "side.html").findings}
    side.unlink()
    for alone in (False, True):
        found = verified(project, "side.html", alone=alone)
        assert "cannot be read" in found.findings[0].text


@pytest.mark.parametrize("name", ["signed.html", "figures.json", "run.json", "one.json"])
def test_a_signature_says_who_made_it(project: Path, name: str) -> None:
    found = verified(project, name, key="key.pub")
    assert (found.findings, found.signer) == ([], Signer(project / "key.pem").key)
    assert not any("--key" in each for each in found.open)
    assert any("--key" in each for each in verified(project, name).open)
    (one,) = verified(project, name, key="other.pub").findings
    assert (one.what, "another key" in one.text) == ("signature", True)


def test_what_is_forged_and_hashed_anew_has_no_signature(project: Path) -> None:
    page = project / "signed.html"
    page.write_bytes(forged.figures(page.read_bytes(), _time))
    # nothing but the signature knows when it was made
    assert {each.what for each in verified(project, "signed.html").findings} <= {"words"}
    (*_, one) = verified(project, "signed.html", key="key.pub", alone=True).findings
    assert (one.what, one.text) == ("signature", "it is not signed, and a key was given")


def test_a_signature_of_another_page_is_wrong(project: Path) -> None:
    page = (project / "page.html").read_bytes()
    signed = forged.read_trailer((project / "signed.html").read_bytes())[1]["signed"]
    whole = forged.Whole()
    whole.update(_cut(page))
    data = _cut(page) + forged.trailer(whole, "", [], lambda digest: signed)
    (project / "page.html").write_bytes(data)
    (one,) = verified(project, "page.html", key="key.pub").findings
    assert one.text == "the signature is not that of what stands here"


def test_a_page_of_an_earlier_evalkit_is_said_to_be_one(project: Path) -> None:
    page = project / "page.html"
    page.write_bytes(forged.figures(page.read_bytes(), lambda document: document.pop("manifest")))
    with pytest.raises(CannotVerify, match=r"page\.html: carries no manifest: an earlier evalkit"):
        verified(project, "page.html")


def _typed(value: object) -> Callable[[dict], None]:
    def change(document: dict) -> None:
        document["manifest"] = value

    return change


HOSTILE: dict[str, tuple[bytes | Callable[[bytes], bytes], int]] = {
    "nothing": (b"", 2),
    "a page of somebody": (b"<!doctype html><title>x</title>", 2),
    "JSON of somebody": (b'{"type": "else"}', 2),
    "deep JSON": (b'{"a":' * 100_000, 2),
    "JSON that is cut": (b'{"type": "evalkit.run", ', 2),
    "bytes": (bytes(range(256)) * 40, 2),
    "a generator and no more": (b'<meta name="generator" content="evalkit 9">', 3),
    "a document without figures": (b'{"type": "evalkit.summary"}', 3),
    "a manifest that is a list": (lambda p: forged.figures(p, _typed([1])), 3),
    "an empty manifest": (lambda p: forged.figures(p, _typed({})), 3),
    "a later manifest": (lambda p: forged.figures(p, _typed({"version": 99})), 3),
    "figures that are a list": (lambda p: forged.FIGURES.sub(rb"\1[]", p), 1),
    "no columns": (lambda p: forged.rehashed(forged.CORE.sub(rb"\1", p)), 1),
    "columns that are no gzip": (lambda p: forged.rehashed(forged.CORE.sub(rb"\1AAAA", p)), 1),
    "columns that lie": (
        lambda p: forged.core(p, lambda head, data: head["columns"]["s0"].update(n=10**12)), 1,
    ),
    "columns of another type": (
        lambda p: forged.core(p, lambda head, data: head.update(experiments=3)), 1,
    ),
    "metrics of another type": (
        lambda p: forged.figures(p, lambda document: document.update(metrics=5)), 1,
    ),
    "a place beyond the traces": (
        lambda p: forged.core(p, lambda head, data: data.__setitem__(
            slice(head["columns"]["where"]["at"], head["columns"]["where"]["at"] + 1), b"\xfe")), 1,
    ),
    "an experiment elsewhere": (
        lambda p: forged.figures(
            p, lambda d: d["manifest"]["experiments"][0].update(name="../x")), 1,
    ),
    "a time that is none": (
        lambda p: forged.figures(p, lambda d: d["manifest"]["asked"].update(since="now")), 1,
    ),
    "a baseline elsewhere": (
        lambda p: forged.figures(
            p, lambda d: d["manifest"]["asked"]["baselines"].update(new="/dev/zero.json")), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("alone", [False, True], ids=["store", "alone"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_ends_in_lines_and_the_documented_code(
    project: Path, what: str, alone: bool
) -> None:
    data, code = HOSTILE[what]
    page = project / "page.html"
    page.write_bytes(data if isinstance(data, bytes) else data(page.read_bytes()))
    where = project if not alone else page.parent.parent
    ended = evalkit_here("verify", str(page), cwd=where)
    # what only the store shows is no difference without it
    if what in ("an experiment elsewhere", "a baseline elsewhere") or (alone and "time" in what):
        code = 0
    assert ended.code == code, ended
    said = (ended.err if code > 1 else ended.out).splitlines()
    assert said
    assert not any("Traceback" in line for line in said)
    if code > 1:
        assert len(said) == 1


def test_a_huge_file_is_not_read(project: Path) -> None:
    for name, code in (("zeros.html", 2), ("page.html", 3)):
        with (project / name).open("ab") as file:
            file.truncate(3_000_000_000)
        ended = evalkit_here("verify", name, cwd=project)
        assert (ended.code, len(ended.err.splitlines())) == (code, 1)


def test_a_bomb_is_refused(project: Path) -> None:
    import base64
    import gzip

    bomb = base64.b64encode(gzip.compress(bytes(600_000_000), 1))
    page = project / "page.html"
    page.write_bytes(forged.rehashed(forged.CORE.sub(lambda m: m[1] + bomb, page.read_bytes())))
    (one,) = verified(project, "page.html").findings
    assert "unpacks to more than" in one.text


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("nowhere.pem", "cannot be read"),
        ("evalkit.toml", "cannot be used as a private key"),
        ("key.pub", "cannot be used as a private key"),
        ("rsa.pem", "is no Ed25519 key"),
    ],
)
def test_a_key_that_is_none_is_said_before_anything_is_written(
    project: Path, key: str, said: str
) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1())
    (project / "rsa.pem").write_bytes(
        other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    ended = evalkit_here("report", "--output", "x.html", "--sign", key, cwd=project)
    assert (ended.code, said in ended.err) == (2, True), ended
    assert not (project / "x.html").exists()
    with pytest.raises(ConfigError):
        public_key(project / ("key.pem" if key == "key.pub" else key))


def test_keys_of_openssh_do_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = shutil.which("ssh-keygen")
    if ssh is None:
        pytest.skip("ssh-keygen is not installed")
    import subprocess

    make = [ssh, "-q", "-t", "ed25519", "-N", "", "-f", str(project / "ssh")]
    subprocess.run(make, check=True)
    assert Signer(project / "ssh").key == public_key(project / "ssh.pub")


def test_a_page_is_left_as_it_is_only_with_the_same_signature(project: Path) -> None:
    page = project / "reports/old-new/report.html"
    before = page.read_bytes()
    assert evalkit_here("report", "-q", "--sign", "key.pem", cwd=project).code == 0
    signed = page.read_bytes()
    assert signed != before
    place = page.stat().st_ino
    assert evalkit_here("report", "-q", "--sign", "key.pem", cwd=project).code == 0
    assert (page.stat().st_ino, page.read_bytes()) == (place, signed)
    assert verified(project, "reports/old-new/report.html", key="key.pub").findings == []


def test_the_command_line_says_it_in_words_and_json(project: Path) -> None:
    good = evalkit_here("verify", "page.html", cwd=project)
    assert (good.code, good.err) == (0, "")
    assert "page.html: nothing differs; held against its store" in good.out
    page = project / "page.html"
    page.write_bytes(forged.core(page.read_bytes(), _score))
    bad = evalkit_here("verify", "page.html", cwd=project)
    assert bad.code == 1
    line = "DIFFERS  score: right of run old-1 in old: the page says 1.0, right is 0.0"
    assert line in bad.out.splitlines()


def test_a_project_that_is_broken_is_said(project: Path) -> None:
    (project / "evalkit.toml").write_text("[")
    ended = evalkit_here("verify", "page.html", cwd=project)
    assert ended.code == 2


def test_a_shared_page_says_what_cannot_be_checked(made: Path) -> None:
    found = verified(made, "shared.html")
    assert "It was made to be shared: ids are hashed, and what is secret is gone." in found.open
    text = (made / "shared.html").read_text()
    assert '"asked"' not in text


def test_a_page_with_the_last_line_of_an_earlier_evalkit(project: Path) -> None:
    page = project / "page.html"
    data = forged.figures(page.read_bytes(), lambda document: document.pop("manifest"))
    old = b'{"made_of": "ab", "hash": "%s", "left_out": []} -->\n' % (b"0" * 32)
    for end in (b"", forged.MARK + old):
        page.write_bytes(_cut(data) + end)
        with pytest.raises(CannotVerify, match="carries no manifest: an earlier evalkit"):
            verified(project, "page.html")
