"""What the answer says, held against the reference and against what was retrieved."""

from evalkit import Score, case, evaluator


@evaluator(
    cases=[
        case(
            outputs={"answer": "45 days. [1]"}, reference_outputs={"answer": "45 days"}, expect=True
        ),
        case(outputs={"answer": "Soon."}, reference_outputs={"answer": "45 days"}, expect=False),
    ]
)
def correct(outputs, reference_outputs) -> bool:
    """The answer states the reference answer."""
    return reference_outputs["answer"].lower() in outputs["answer"].lower()


@evaluator
def grounded(outputs, documents) -> Score:
    """The figures of the answer stand in a passage that was retrieved."""
    text = outputs["answer"].partition("[")[0]
    figures = [word for word in text.split() if word[0].isdigit()]
    passages = " ".join(document.text for document in documents)
    missing = [figure for figure in figures if figure not in passages]
    return Score(score=not missing, comment=f"nowhere: {', '.join(missing)}" if missing else None)
