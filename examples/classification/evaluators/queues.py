"""Right or wrong for each ticket, and figures that only the whole has."""

from evalkit import Score, evaluator


@evaluator
def right_queue(outputs, reference_outputs) -> Score:
    """The ticket went where it belongs."""
    said, meant = outputs["queue"], reference_outputs["queue"]
    return Score(score=said == meant, comment=None if said == meant else f"{meant} as {said}")


@evaluator(scope="experiment", range=(0, 1))
def macro_f1(runs, examples) -> float:
    """F1 of each queue, every queue counted once however rare it is."""
    pairs = [
        (run.outputs["queue"], example.reference_outputs["queue"])
        for run, example in zip(runs, examples, strict=True)
    ]
    found = []
    for queue in {meant for _, meant in pairs}:
        both = sum(said == meant == queue for said, meant in pairs)
        either = sum((said == queue) + (meant == queue) for said, meant in pairs)
        found.append(2 * both / either)
    return sum(found) / len(found)
