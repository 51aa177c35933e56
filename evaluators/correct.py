"""Is the final answer right?"""

from typing import Any

from evalkit import Score, case, evaluator


@evaluator(
    version="1",
    cases=[
        case(
            outputs={"answer": "You have 45 days for that."},
            reference_outputs={"answer": "45 days"},
            expect=True,
        ),
        case(
            outputs={"answer": "You have 30 days."},
            reference_outputs={"answer": "45 days"},
            expect=False,
        ),
        case(outputs=None, reference_outputs={"answer": "45 days"}, expect=False),
    ],
)
def correct(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> Score:
    """The answer states the reference answer. A run that gave no answer is not correct."""
    wanted = reference_outputs["answer"]
    answer = outputs.get("answer", "")
    if wanted.casefold() in answer.casefold():
        return Score(score=True)
    return Score(score=False, comment=f"expected {wanted!r}, got {answer!r}")
