"""Were the right tools called, in order, with the right arguments?"""

from typing import Any

from evalkit import Run, Score, case, evaluator
from evalkit.evaluators.trajectory.align import align
from evalkit.evaluators.trajectory.compare import explain
from evalkit.evaluators.trajectory.expected import Rules, read_expected
from evalkit.testing import make_run, tool

ORDER = {"name": "order_status", "args": {"order_id": "FO-1001"}}
ASKED = make_run(steps=[tool("order_status", {"order_id": "FO-1001"})])
ASKED_WRONG = make_run(steps=[tool("order_status", {"order_id": "1001"})])
RETRIED = make_run(
    steps=[
        tool("order_status", {"order_id": "1001"}, error="unknown order"),
        tool("order_status", {"order_id": "FO-1001"}),
    ]
)


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=ASKED, reference_outputs={"tools": [ORDER]}, expect=1.0),
        case(run=ASKED_WRONG, reference_outputs={"tools": [ORDER]}, expect=0.5),
        case(run=RETRIED, reference_outputs={"tools": [ORDER]}, expect=1.0),
        case(run=ASKED, reference_outputs={"tools": []}, expect=0.0),
        case(run=make_run(), reference_outputs={"tools": []}, expect=1.0),
    ],
)
def tool_path(run: Run, reference_outputs: dict[str, Any], *, retries: int = 1) -> Score:
    """How much of the expected tool calls was kept, 0 to 1, with the first difference in words.

    A failed call that was tried again is forgiven; the right tool with wrong arguments counts half.
    The alignment is kept, and the report draws it.
    """
    expected = read_expected(reference_outputs["tools"], Rules())
    alignment = align(run.tool_calls, expected, retries=retries)
    return Score(
        score=alignment.similarity,
        comment=explain(alignment.rows),
        metadata={"alignment": alignment.to_list()},
    )


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=ASKED, reference_outputs={"tools": [ORDER]}, expect=1.0),
        case(run=ASKED_WRONG, reference_outputs={"tools": [ORDER]}, expect=0.0),
        case(run=RETRIED, reference_outputs={"tools": [ORDER]}, expect=0.5),
        case(run=make_run(), reference_outputs={"tools": [ORDER]}, expect=None),
    ],
)
def tool_arguments(run: Run, reference_outputs: dict[str, Any]) -> Score:
    """Share of the tool calls whose name and arguments are among the expected ones.

    A run that called no tool does not apply.
    """
    wanted = [(each["name"], each["args"]) for each in reference_outputs["tools"]]
    calls = [(call.name, call.arguments) for call in run.tool_calls]
    if not calls:
        return Score(comment="no tool was called")
    wrong = [f"{name}({arguments})" for name, arguments in calls if (name, arguments) not in wanted]
    return Score(score=1 - len(wrong) / len(calls), comment="; ".join(wrong) or None)
