"""Steps written from stored text are those written step by step, whatever they hold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.usage import USAGE_FIELDS, Usage
from evalkit.report.runs import bodies, quick
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import open_writer

TEXT = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["\0b1", "\0", "\ud800", '"', "\\", "1234567890123456", "</script>", "é"]),
)
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    TEXT,
    st.integers(-9, 9),
    st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63, 10**30, 0.1234567890123456,
                     1e22, 1234567890123456.5, float("nan")]),
)  # fmt: skip
ANY = st.recursive(
    LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)
MESSAGE = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool", "human", 1]),
         "content": st.one_of(TEXT, TEXT, ANY)},
        optional={"tool_calls": st.sampled_from([[], [{"name": "f", "args": {}}]]), "id": TEXT},
    ),
    st.tuples(st.just("user"), TEXT).map(list),
    ANY,
)  # fmt: skip
MESSAGES = st.lists(MESSAGE, max_size=3)
BODY = st.one_of(
    ANY,
    st.fixed_dictionaries(
        {"messages": st.one_of(MESSAGES, MESSAGES.map(lambda held: [held]))},
        optional={"system": TEXT, "instructions": TEXT, "model": TEXT},
    ),
    st.fixed_dictionaries({"documents": st.lists(st.fixed_dictionaries({"page_content": TEXT}))}),
    st.just({"deep": [[[[[[[[1]]]]]]]]}),
)
START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TIME = st.one_of(
    st.none(), st.integers(-(10**9), 10**12).map(lambda n: START + timedelta(microseconds=n))
)
USAGE = st.one_of(
    st.none(),
    st.just(Usage(details={"more": 1})),
    st.just(Usage(currency="USD")),
    st.fixed_dictionaries(
        {}, optional={name: st.integers(0, 9) for name in USAGE_FIELDS}
    ).map(lambda found: Usage(**found)),
)  # fmt: skip
STEP = st.fixed_dictionaries(
    {
        "step_id": st.sampled_from(["a", "b", "c", "é"]), "name": TEXT,
        "kind": st.sampled_from(["llm", "llm", "tool", "retriever", "chain"]),
        "parent_id": st.sampled_from([None, "", "a", "b", "gone"]), "inputs": BODY,
        "outputs": BODY, "error": st.none() | TEXT, "started_at": TIME, "ended_at": TIME,
        "first_token_at": TIME, "usage": USAGE, "tags": st.lists(TEXT, max_size=2),
        "duration_s": st.sampled_from([None, 0.5]),
        "metadata": st.one_of(st.just({}), st.fixed_dictionaries({"model": TEXT, "more": ANY})),
    }
)  # fmt: skip
RUN = st.fixed_dictionaries(
    {"steps": st.lists(STEP, max_size=4), "inputs": BODY, "started_at": TIME}
)


def stored(folder: Path, given: list[dict[str, Any]]) -> list[Run]:
    """Store runs and return them as they are read back."""
    experiment = Store(folder).experiment("trial")
    with open_writer(experiment) as writer:
        for number, values in enumerate(given):
            steps = [Step(**step) for step in values["steps"]]
            writer.add(Run(**values | {"run_id": f"r{number}", "steps": steps}))
        writer.finish({})
    return list(read_results(experiment).runs())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                           HealthCheck.large_base_example],
)  # fmt: skip
@given(st.lists(RUN, min_size=1, max_size=4))
def test_both_ways_write_the_same(
    tmp_path_factory: pytest.TempPathFactory, given: list[dict[str, Any]]
) -> None:
    for run in stored(tmp_path_factory.mktemp("quick"), given):
        found = quick.steps_of(run)
        if found is not None:
            assert found == bodies._long(run)


PLAIN = {
    "step_id": "a",
    "name": "n",
    "kind": "llm",
    "inputs": {"messages": [{"role": "user", "content": "hi"}]},
    "outputs": {"score": 0.1234567890123456},
}


@pytest.mark.parametrize("value", [1, 0.12345678901234567, 2**53 - 1, "plain", "0.1"])
def test_usual_steps_go_the_quick_way(tmp_path: Path, value: Any) -> None:
    (run,) = stored(tmp_path, [{"steps": [PLAIN | {"metadata": {"value": value}}]}])
    found = quick.steps_of(run)
    assert (found is None) == (value == 2**53 - 1)  # as long as one that no browser holds
    assert found is None or found == bodies._long(run)


@pytest.mark.parametrize("value", [2**53 + 1, -(2**60), "\0b1", {"\0": 1}])
def test_what_a_browser_does_not_hold_goes_the_long_way(tmp_path: Path, value: Any) -> None:
    (run,) = stored(tmp_path, [{"steps": [PLAIN | {"inputs": [value]}]}])
    assert quick.steps_of(run) is None
    assert b"\\u0000" in bodies._long(run).text


def test_a_run_that_is_no_row_of_a_store_has_no_stored_text() -> None:
    assert quick.steps_of(Run(run_id="r", steps=[Step(**PLAIN)])) is None
