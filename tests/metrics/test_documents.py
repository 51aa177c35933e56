"""Documents fit their published schemas and stay what they were."""

import json

import jsonschema
import pytest
from metric_tables import cell, results, run, scored
from pydantic import TypeAdapter

from evalkit.metrics.agreement.agree import agree
from evalkit.metrics.agreement.labels import Label
from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.documents.agreement import Agreement
from evalkit.metrics.documents.comparison import Comparison
from evalkit.metrics.documents.gate import GateResult
from evalkit.metrics.documents.plain import from_plain, to_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.gating.gates import check, parse
from evalkit.metrics.summaries.history import History, history
from evalkit.metrics.summaries.summarise import summarise

RUNS = [[True, False], [None, True], *[[bool(i % 3)] * 2 for i in range(20)]]
ONE = scored(RUNS, name="a")
RICH = results(
    [run("r0", "e0", metadata={"t": "x"}, latency_s=1.0, total_cost=0.1), run("r1", "e1")],
    [cell("r0", 0.5, key="n"), cell("r0", value="red", key="c"), cell("r1", key="n")],
    steps=[{"run_id": "r0", "step_id": "1", "kind": "llm", "name": "m", "latency_s": 0.5}],
    source_stats={"p99": 3.0},
)


def made():
    summary = summarise(RICH, slices=["metadata.t"], reducers=["mean", "pass^9"])
    yield Summary, summary
    yield Summary, summarise(ONE, reducers=["pass^2"])
    yield Comparison, compare([ONE, scored(RUNS[::-1], name="b")])
    yield GateResult, check([parse("ok >= 0.5")], summarise(ONE))[0]
    yield History, history([summary])
    yield Agreement, agree(ONE, [Label(value="1", run_id="a-1-1")], "ok")


@pytest.mark.parametrize(("kind", "value"), list(made()))
def test_documents_fit_their_schemas_and_come_back(kind, value):
    document = json.loads(json.dumps(value.to_dict(), allow_nan=False))
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    jsonschema.Draft202012Validator(schema).validate(document)
    assert from_plain(kind, document).to_dict() == document


def test_nothing_that_is_no_json_comes_through():
    value = {"a": float("nan"), "b": [float("inf"), 1.5], 3: (True, None, "x")}
    assert to_plain(value) == {"a": None, "b": [None, 1.5], "3": [True, None, "x"]}
