"""Do the tool calls inside a run work? One evaluator a step, one for the whole experiment."""

from evalkit import Run, Score, Step, case, evaluator
from evalkit.testing import make_step, tool


@evaluator(
    cases=[
        case(step=tool("track", {"carrier": "DHL"}, "at the depot"), expect=True),
        case(step=tool("track", {"carrier": "DHL"}, error="timed out"), expect=False),
        case(step=make_step("model", "llm"), expect=None),
    ]
)
def tool_works(step: Step) -> Score | None:
    """A tool call did not fail. `step` in the parameters: called once for every step."""
    if step.kind != "tool":
        return None
    return Score(score=step.error is None, comment=step.error)


@evaluator(direction=None)
def calls_per_run(runs: list[Run]) -> Score | None:
    """Tool calls a run makes on average. `runs` in the parameters: called once."""
    calls = [len(run.tool_calls) for run in runs]
    return (
        Score(score=sum(calls) / len(calls), comment=f"over {len(calls)} runs") if calls else None
    )
