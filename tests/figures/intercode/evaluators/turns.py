"""What InterCode's own analysis computes, from the steps of a run."""

from evalkit import evaluator


@evaluator
def success(steps) -> bool:
    """Some turn earned the full reward."""
    return any(step.metadata["reward"] == 1 for step in steps)


@evaluator(direction="lower")
def turns(steps) -> int:
    """How many turns the agent took; the harness submits by itself when there are none left."""
    thoughts = [step.metadata.get("thought", "") for step in steps]
    return sum(not thought.startswith("EXCEEDED MAX TURNS") for thought in thoughts)


@evaluator(direction="lower")
def error_rate(steps) -> float | None:
    """Share of turns whose action the environment refused."""
    if not steps:
        return None
    return sum(not step.metadata["valid"] for step in steps) / len(steps)
