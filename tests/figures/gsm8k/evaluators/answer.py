"""Does the solution end in the right number?"""

import re

from evalkit import case, evaluator


def final_number(text: str) -> str | None:
    """Return what stands behind the last `A:`, without thousands separators and units."""
    found = re.findall(r"A:(.*)", text)
    match = re.search(r"-?[0-9.,]+", found[-1]) if found else None
    return match.group().replace(",", "").rstrip(".") if match else None


THOUSAND = {"answer": "so\nA: 1000"}


@evaluator(
    cases=[
        case(outputs={"answer": "A: 1,000"}, reference_outputs=THOUSAND, expect=True),
        case(outputs={"answer": "no end"}, reference_outputs=THOUSAND, expect=False),
    ]
)
def correct(outputs, reference_outputs) -> bool:
    """The number behind `A:` is the reference's."""
    said = final_number(outputs["answer"])
    return said is not None and said == final_number(reference_outputs["answer"])
