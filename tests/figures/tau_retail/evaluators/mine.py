"""The benchmark's verdict, and whether the agent did what the task's author did."""

from evalkit import evaluator


@evaluator
def reward_is_one(run) -> bool:
    """The benchmark gave the full reward."""
    return any(item.key == "reward" and item.score == 1 for item in run.feedback)


@evaluator
def tool_calls_match(tool_calls, reference_outputs) -> float | None:
    """Share of the author's writing actions that the agent took, with the same arguments."""
    wanted = [action for action in reference_outputs["actions"] if not reads(action["name"])]
    if not wanted:
        return None
    made = [(call.name, call.arguments) for call in tool_calls]
    return sum((action["name"], action["kwargs"]) in made for action in wanted) / len(wanted)


def reads(name: str) -> bool:
    """Tell whether a tool only looks."""
    return name.startswith(("get_", "find_", "list_", "calculate", "think"))
