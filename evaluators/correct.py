"""Is the final answer right?"""

import re
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
            outputs={"answer": "You have 145 days."},
            reference_outputs={"answer": "45 days"},
            expect=False,
        ),
        case(outputs=None, reference_outputs={"answer": "45 days"}, expect=False),
    ],
)
def correct(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> Score:
    """The answer states the reference answer. A run that gave no answer is not correct."""
    wanted, answer = reference_outputs["answer"], outputs.get("answer", "")
    whole_words = rf"(?<!\w){re.escape(wanted)}(?!\w)"
    if re.search(whole_words, answer, re.IGNORECASE):
        return Score(score=True)
    return Score(score=False, comment=f"expected {wanted!r}, got {answer!r}")
