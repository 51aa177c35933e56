"""Numeric: is the number in the answer the reference number, within a tolerance?"""

from __future__ import annotations

from typing import Any

from evalkit.evaluators.answers import answer_of, no_reference, reference_of
from evalkit.evaluators.matching import near
from evalkit.evaluators.quantity import Quantity, quantity_of
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator


@evaluator(
    version="2",
    cases=[
        case(outputs={"answer": "She makes $1,218.00"}, reference_outputs=1218, expect=True),
        case(outputs={"answer": "about 5.1"}, reference_outputs=5, expect=False),
        case(outputs={"answer": 5.1}, reference_outputs=5, options={"relative": 0.05}, expect=True),
        case(outputs={"answer": "1.5 km"}, reference_outputs="1500 m", expect=True),
        case(outputs={"answer": "5 kg"}, reference_outputs="5 m", expect=False),
        case(
            outputs={"answer": "2+2 A: 4"},
            reference_outputs="A: 4",
            options={"after": "A:"},
            expect=True,
        ),
        case(
            outputs={"answer": "4"}, reference_outputs="A: 4", options={"after": "A:"}, expect=False
        ),
        case(outputs=None, reference_outputs=4, expect=False),
        case(outputs={"answer": "4"}, expect=None),
    ],
)
def numeric_match(
    outputs: Any,
    reference_outputs: Any,
    *,
    absolute: float = 0.0,
    relative: float = 1e-9,
    pick: str = "last",
    after: str = "",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The number in the answer is that of the reference within the larger of two tolerances.

    Units are converted (`1.5 km` is `1500 m`). A number without a unit asks for none: `3 hours` is
    3, and `50%` is 50 as well as 0.5. Thousands marks of every kind are read. `pick` says which
    number of a text counts: `last`, `first` or `only`. `after` (such as `A:` or `####`) looks
    behind the last place where it stands; a text without it states no number. True or False, higher
    is better; a run that states no number is False.
    """
    want = _read(reference_of(reference_outputs, reference_at), after, pick)
    if want is None:
        return no_reference()
    got = _read(answer_of(outputs, answer_at), after, pick)
    if got is None:
        return Score(score=False, comment="no number in the answer")
    right = any(near(a, b, absolute=absolute, relative=relative) for a, b in got.readings(want))
    return Score(
        score=right, comment=None if right else f"expected {_said(want)}, got {_said(got)}"
    )


def _read(value: Any, after: str, pick: str) -> Quantity | None:
    if after and isinstance(value, str):
        _, marker, value = value.rpartition(after)
        if not marker:
            return None
        value = value.partition("\n")[0]
    return quantity_of(value, pick)


def _said(quantity: Quantity) -> str:
    return f"{quantity.value:g}" + (f" ({quantity.measure})" if quantity.measure else "")
