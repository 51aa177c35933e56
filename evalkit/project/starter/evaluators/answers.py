"""Is the answer right, and does it rest on the passages that hold it?"""

from typing import Any

from evalkit import Score, case, evaluator


@evaluator(
    cases=[
        case(
            outputs={"answer": "Within 45 days."},
            reference_outputs={"answer": "45 days"},
            expect=True,
        ),
        case(outputs={"answer": "14 days"}, reference_outputs={"answer": "45 days"}, expect=False),
        case(outputs={}, reference_outputs={"answer": "45 days"}, expect=False),
        case(outputs={"answer": "Hello!"}, expect=None),
    ]
)
def correct(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> Score | None:
    """The answer says what the reference says; a run that gave none is wrong, not unknown."""
    if not reference_outputs:
        return None
    expected, answer = reference_outputs["answer"], outputs.get("answer") or ""
    return Score(score=expected.lower() in answer.lower(), comment=f"expected {expected!r}")


@evaluator(
    cases=[
        case(
            outputs={"sources": ["returns", "refunds"]},
            reference_outputs={"document_ids": ["returns"]},
            expect=1.0,
        ),
        case(outputs={"sources": []}, reference_outputs={"document_ids": ["returns"]}, expect=0.0),
        case(outputs={"sources": []}, reference_outputs={"document_ids": []}, expect=None),
    ]
)
def found(outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> Score | None:
    """Share of the documents that hold the answer which the agent retrieved."""
    needed = set(reference_outputs.get("document_ids", []))
    if not needed:
        return None
    missing = needed - set(outputs.get("sources") or [])
    return Score(
        score=1 - len(missing) / len(needed),
        comment=f"missed {', '.join(sorted(missing))}" if missing else None,
    )
