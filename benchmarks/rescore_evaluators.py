"""The five evaluators of the measured work, as a project would write them."""

from typing import Any

from evalkit import evaluator

BUDGET_S = 2.5


@evaluator
def exact_match(outputs: Any, reference_outputs: Any) -> float:
    """The answer is the expected one, but for case and spaces around it."""
    answer, expected = outputs.get("answer"), reference_outputs["answer"]
    return float(answer is not None and answer.strip().lower() == expected.strip().lower())


@evaluator
def numeric_close(outputs: Any, reference_outputs: Any) -> float:
    """How close the value is to the expected one."""
    value, expected = outputs.get("value"), reference_outputs["value"]
    if value is None:
        return 0.0
    error = abs(value - expected) / max(1.0, abs(expected))
    return 1.0 if error <= 0.001 else max(0.0, 1.0 - 10.0 * error)


@evaluator
def trajectory(run: Any, reference_outputs: Any) -> float:
    """The longest common subsequence of tools called and expected."""
    return common([step.name for step in run.find(kind="tool")], reference_outputs["trajectory"])


@evaluator
def retriever_recall(run: Any, reference_outputs: Any) -> float:
    """The share of relevant documents each retrieval found."""
    wanted = set(reference_outputs["relevant_docs"])
    found = [
        [document["metadata"]["id"] for document in step.outputs["documents"]]
        for step in run.find(kind="retriever")
        if step.outputs
    ]
    if not found:
        return 0.0
    return sum(len(wanted.intersection(ids)) / len(wanted) for ids in found) / len(found)


@evaluator
def latency_budget(run: Any) -> float:
    """The run took no longer than it may."""
    return float(run.latency is not None and run.latency <= BUDGET_S)


def common(got: list[str], want: list[str]) -> float:
    """Return twice the longest common subsequence over both lengths."""
    if got == want:
        return 1.0
    if not got or not want:
        return 0.0
    before = [0] * (len(want) + 1)
    for one in got:
        now = [0]
        for place, other in enumerate(want):
            longer = max(before[place + 1], now[place])
            now.append(before[place] + 1 if one == other else longer)
        before = now
    return 2.0 * before[-1] / (len(got) + len(want))
