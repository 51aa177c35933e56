"""Experiment level: the topic the agent is worst at, which a mean over all questions hides."""

from collections import defaultdict

from evalkit import Example, Run, Score, case, evaluator
from evalkit.testing import make_example, make_run

RIGHT = make_run(outputs={"answer": "45 days"})
WRONG = make_run(outputs={"answer": "30 days"})
RETURNS = make_example({"answer": "45 days"}, metadata={"topic": "returns"})
RENTAL = make_example({"answer": "45 days"}, metadata={"topic": "rental"})


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=[RIGHT, WRONG, RIGHT], example=[RETURNS, RETURNS, RENTAL], expect=0.5),
        case(run=[RIGHT], example=[RENTAL], expect=1.0),
    ],
)
def weakest_topic(runs: list[Run], examples: list[Example]) -> Score | None:
    """Share of right answers in the topic where it is lowest.

    `runs` and `examples` in the signature: called once for the experiment, with one entry a run.
    """
    right = defaultdict(list)
    for run, example in zip(runs, examples, strict=True):
        answer = (run.outputs or {}).get("answer", "")
        right[example.metadata["topic"]].append(example.reference_outputs["answer"] in answer)
    if not right:
        return None
    rates = {topic: sum(each) / len(each) for topic, each in right.items()}
    weakest = min(rates, key=lambda topic: (rates[topic], topic))
    return Score(score=rates[weakest], comment=f"{weakest}, {len(right[weakest])} runs")
