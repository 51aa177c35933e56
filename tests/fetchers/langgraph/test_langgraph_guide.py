"""The examples of the guide, executed."""

import re
from pathlib import Path
from typing import Any

import pytest

import evalkit
from evalkit.fetchers.langgraph.options import LangGraphOptions
from evalkit.fetchers.langgraph_checkpoints.fetcher import CheckpointsOptions
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.scoring.definition.evaluator import as_evaluator

GUIDE = Path(evalkit.__file__).parent / "fetchers" / "langgraph" / "README.md"
TEXT = GUIDE.read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def step(name: str, outputs: Any = None, **more: Any) -> Step:
    return Step(**{"step_id": name, "kind": "node", "name": name, "outputs": outputs, **more})


RUN = Run(
    run_id="r1",
    inputs={"question": "How is the weather in Paris?"},
    outputs={"answer": "It is sunny in Paris."},
    steps=[
        step("retrieve"),
        step("grade", {"grade": "relevant"}),
        step("rewrite"),
        step("tools"),
        step("get_weather", "sunny", kind="tool", parent_id="tools", inputs={"city": "Paris"}),
    ],
)
BARE = Run(run_id="r2", inputs={"question": "?"}, outputs={"answer": "no"})
EXAMPLE = Example(example_id="e1", reference_outputs={"answer": "sunny"})
EXPECTED = {
    "answers": (True, False),
    "grader_agrees": (True, None),
    "weather_for_the_right_city": (True, None),
    "few_rewrites": (True, True),
}


def evaluator_in(block: str) -> Any:
    names: dict[str, Any] = {}
    exec(block, names)
    (found,) = [value for name, value in names.items() if name in EXPECTED]
    return as_evaluator(found)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.findall(r"def (\w+)", block)[0])
def test_an_example_of_the_guide(block: str) -> None:
    evaluator = evaluator_in(block)
    said = []
    for run in (RUN, BARE):
        scores = evaluator.scores(evaluator.invoke(run, EXAMPLE))
        said.append(scores[0].score if scores else None)
    assert tuple(said) == EXPECTED[evaluator.name]


def test_all_examples_are_there() -> None:
    assert len(BLOCKS) == len(EXPECTED)


@pytest.mark.parametrize(
    ("heading", "options"),
    [("nightly", LangGraphOptions), ("local", CheckpointsOptions)],
)
def test_the_configuration_of_the_guide_is_accepted(heading: str, options: Any) -> None:
    import tomllib

    blocks = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (config,) = [b for b in map(tomllib.loads, blocks) if heading in b["experiments"]]
    keys = dict(config["experiments"][heading])
    keys.pop("fetcher")
    options.model_validate(keys)
