"""A rule of the shop that no built-in knows."""

from evalkit import Score, evaluator


@evaluator
def right_refunds(inputs, tool_calls) -> Score:
    """Money goes back when it was asked for, and never otherwise."""
    asked = "refund" in inputs["request"].lower()
    given = any(call.name == "refund" and call.error is None for call in tool_calls)
    return Score(score=asked == given, comment="refunded unasked" if given and not asked else None)
