"""Step level: did this retrieval bring a passage that holds the answer, and how high?"""

from typing import Any

from evalkit import Score, Step, case, evaluator
from evalkit.model.document import read_documents
from evalkit.testing import make_run, retrieval

RUN = make_run(steps=[retrieval({"id": "data"}, {"id": "rental"}), retrieval({"id": "data"})])
RENTAL = {"document_ids": ["rental"]}


@evaluator(
    version="1",
    range=(0, 1),
    cases=[
        case(run=RUN, step=RUN.steps[0], reference_outputs=RENTAL, expect=0.5),
        case(run=RUN, step=RUN.steps[1], reference_outputs=RENTAL, expect=0.0),
        case(run=RUN, step=RUN.steps[1], reference_outputs={"document_ids": []}, expect=None),
    ],
)
def found_the_passage(step: Step, reference_outputs: dict[str, Any]) -> Score | None:
    """1 / the rank of the first passage that holds the answer, 0 when the retrieval missed it.

    `step` in the signature: called once for every step; steps that are no retrieval do not apply,
    nor do questions that only a tool can answer.
    """
    wanted = set(reference_outputs["document_ids"])
    if step.kind != "retriever" or not wanted:
        return None
    for document in read_documents(step.outputs):
        if document.id in wanted:
            return Score(score=1 / document.rank)
    return Score(score=0.0, comment=f"missed {', '.join(sorted(wanted))}")
