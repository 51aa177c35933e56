"""The page on trace stores, typed as printed on real servers: its blocks, its commands."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_line import evalkit
from fetchers.trace_stores.servers import Store, needs_stores

from evalkit.fetchers.stores import base

pytestmark = needs_stores
TEXT = Path(base.__file__).with_name("README.md").read_text("utf-8")
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
(COMMANDS,) = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
EVALUATORS = '''
from evalkit import evaluator

@evaluator
def answered(outputs) -> bool:
    """There is an answer."""
    return bool(outputs)

@evaluator
def right(outputs) -> float:
    """In an experiment, the name that somebody else's evaluation has already."""
    return 0.123456

@evaluator
def tone(run) -> str | None:
    """A category."""
    return "calm" if run.outcome == "success" else None

@evaluator
def short(step) -> bool | None:
    """Of steps."""
    return len(str(step.outputs)) < 100 if step.kind == "tool" else None

@evaluator
def breaks(run) -> bool:
    """Fails on runs that succeeded."""
    if run.outcome == "success":
        raise ValueError("no reason")
    return True
'''
PLACES = {"phoenix": "http://127.0.0.1:6006", "mlflow": "http://127.0.0.1:5000"}
KINDS = {"nightly": "phoenix", "production": "phoenix", "answers": "mlflow"}


def project(folder: Path, name: str, store: Store) -> Path:
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS)
    block = next(text for text in TOML.findall(TEXT) if f"[experiments.{name}]" in text)
    (folder / "evalkit.toml").write_text(block.replace(PLACES[store.kind], store.url))
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_the_commands_as_printed(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    store: Store = request.getfixturevalue(KINDS[name])
    folder = project(tmp_path, name, store)
    before = theirs(store)
    said: dict[str, Any] = {}
    for line in COMMANDS.splitlines():
        words = line.removeprefix("$ evalkit ").replace("production", name).split()
        if words[0] == "run":
            words += ["--max-errors", "99"]
        ended = evalkit(*words, cwd=folder)
        assert ended.code == 0, (words, ended.out, ended.err)
        said[" ".join([words[0], *words[2:3]])] = ended.out
        if words == ["push", name]:
            again = evalkit("push", name, cwd=folder).out
            assert "0 scores created; 0 scores updated" in again
            fetched = evalkit("fetch", name, "--json", cwd=folder).document
            assert fetched["unchanged"] == fetched["received"]  # what is ours is no score of theirs
    assert "read back: all the same" in said["push --verify"]
    assert "0.1235" in said["push --verify"] or name == "nightly"
    assert ("somebody else's score has the name" in said["push --dry-run"]) == (name == "nightly")
    left = evalkit("push", name, "--withdraw", "--dry-run", "--json", cwd=folder).document
    assert left["withdrawn"] == 0
    assert theirs(store) == before


def theirs(store: Store) -> Any:
    """What a server holds of scores that have a value, whoever gave them."""
    if store.kind == "mlflow":
        found = httpx.post(
            f"{store.url}/api/3.0/mlflow/traces/search",
            json={"locations": [{"type": "MLFLOW_EXPERIMENT",
                                 "mlflow_experiment": {"experiment_id": str(n)}} for n in (1, 2)]},
        ).json()  # fmt: skip
        return [each.get("assessments") for each in found.get("traces", [])]
    (dataset, *_) = httpx.get(f"{store.url}/v1/datasets", params={"name": "nightly questions"}
                              ).json()["data"]  # fmt: skip
    listed = httpx.get(f"{store.url}/v1/datasets/{dataset['id']}/experiments").json()["data"]
    rows = httpx.get(f"{store.url}/v1/experiments/{listed[0]['id']}/json").json()
    scores = [each for row in rows for each in row["annotations"]]
    marked = httpx.get(f"{store.url}/v1/projects/applications/trace_annotations",
                       params={"identifier": "evalkit"}).json()["data"]  # fmt: skip
    return [
        (each["name"], each["score"], each["label"], each["error"])
        for each in scores
        if any(each[name] is not None for name in ("score", "label", "error"))
    ], marked


def test_changed_scores_change_in_place(mlflow: Store, phoenix: Store, tmp_path: Path) -> None:
    for name, store in (("production", phoenix), ("answers", mlflow)):
        (tmp_path / name).mkdir()
        folder = project(tmp_path / name, name, store)
        assert evalkit("fetch", name, cwd=folder).code == 0
        for text, created, updated, gone in (
            (EVALUATORS, 34, 0, 0),
            (EVALUATORS.replace('"calm"', '"warm"'), 0, 7, 0),
            # an error becomes a score, and a score is said no more
            (EVALUATORS.replace("raise ValueError", "return True #").replace('"calm"', "None"),
             0, 7, 7),
        ):  # fmt: skip
            (folder / "evaluators" / "mine.py").write_text(text)
            evalkit("score", name, "--max-errors", "99", cwd=folder)
            pushed = evalkit("push", name, "--verify", "--json", cwd=folder)
            assert pushed.code == 0, pushed.out
            counts = pushed.document
            assert (counts["updated"], counts["withdrawn"]) == (updated, gone), counts
            assert counts["created"] >= created
        assert evalkit("push", name, "--withdraw", cwd=folder).code == 0


@pytest.mark.parametrize(
    ("kind", "line", "code", "words"),
    [
        ("phoenix", 'project = "nowhere"', 3, "there is no project 'nowhere'"),
        ("phoenix", 'project = "default"', 5, "the project 'default' has no run"),
        ("phoenix", 'experiment = "nowhere"', 3, "there is no experiment 'nowhere'"),
        ("mlflow", 'experiment = "nowhere"', 3, "there is no experiment 'nowhere'"),
        ("mlflow", 'experiment = "Default"', 5, "the experiment 'Default' has no run"),
        ("mlflow", 'experiment = "applications"\nrun = "x"', 3, "no evaluation run 'x'"),
    ],
)
def test_what_is_not_there(
    kind: str, line: str, code: int, words: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store: Store = request.getfixturevalue(kind)
    config = f'[experiments.x]\nfetcher = "{kind}"\nurl = "{store.url}"\n{line}\n'
    (tmp_path / "evalkit.toml").write_text(config)
    ended = evalkit("-q", "fetch", "x", cwd=tmp_path)
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert words in ended.err
