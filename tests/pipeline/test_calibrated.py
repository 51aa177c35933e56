"""A judge stays calibrated as long as it is the judge people were compared with."""

import json

import pytest

from evalkit.errors import StoreError
from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.labels import Label
from evalkit.pipeline.running import run
from evalkit.project.config import load

CONFIG = '[experiments.nightly]\nfetcher = "evalkit"\npath = "runs.jsonl"\n'
JUDGE = """
from evalkit import evaluator

@evaluator(kind="judge")
def kind(outputs) -> bool:
    \"\"\"The answer is kind.\"\"\"
    return "{word}" in outputs["answer"]
"""


def judged(folder):
    ran = run(load(folder))
    return ran.results["nightly"], ran.summaries["nightly"].scores["kind"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "evalkit.toml").write_text(CONFIG)
    (tmp_path / "evaluators").mkdir()
    (tmp_path / "evaluators" / "mine.py").write_text(JUDGE.format(word="please"))
    answers = [
        {"run_id": f"r{i}", "status": "success", "outputs": {"answer": "please"}} for i in "ab"
    ]
    (tmp_path / "runs.jsonl").write_text("\n".join(map(json.dumps, answers)))
    return tmp_path


def test_a_judge_is_calibrated_by_a_record_and_not_after_it_changed(folder):
    results, score = judged(folder)
    assert score.uncalibrated
    record = agree(results, [Label(value="1", run_id="ra")], "kind")
    kept = folder / "reports" / "agreement" / "kind.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps(record.to_dict()))
    assert not judged(folder)[1].uncalibrated
    (folder / "evaluators" / "mine.py").write_text(JUDGE.format(word="thank"))
    assert judged(folder)[1].uncalibrated


def test_a_record_that_says_nothing_calibrates_nobody(folder):
    kept = folder / "reports" / "agreement" / "kind.json"
    kept.parent.mkdir(parents=True)
    for text in ("[]", "{}"):
        kept.write_text(text)
        assert judged(folder)[1].uncalibrated
    kept.write_text("{")
    with pytest.raises(StoreError, match="Delete this file"):
        judged(folder)
