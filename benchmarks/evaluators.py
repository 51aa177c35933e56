"""Strict trajectory match of many runs against a bare loop that makes the same comparison.

    python benchmarks/evaluators.py [RUNS]

Both read `run.tool_calls` and the example's `trajectory`; half of the runs come with tool steps,
half with chat messages. `--differ` is the share of runs that took another way, for which the
evaluator also says where. Prints seconds of processor time and the ratio; the target is 3.
"""

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

from evalkit.evaluators.trajectory.score import trajectory_match
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.scoring.calls.task import make_task
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.testing import make_example, make_run, tool

Pair = tuple[Run, Example]


def pairs(count: int, differ: float) -> list[Pair]:
    """Make runs of five calls with the examples they answer."""
    every = round(1 / differ) if differ else 0
    return [pair(n, bool(every) and n % every == 0) for n in range(count)]


def pair(number: int, wrong: bool) -> Pair:
    """Make one run and its example."""
    calls = [("search", {"q": f"{number} {n}", "limit": 5}) for n in range(4)]
    calls.append(("book", {"id": number, "seats": [1, 2], "when": {"day": "Monday"}}))
    trajectory = [{"name": name, "args": dict(arguments)} for name, arguments in calls]
    if wrong:
        calls[2] = ("search", {"q": "something else", "limit": 5})
    run_id = str(number)
    example = make_example({"trajectory": trajectory})
    if number % 2:
        return make_run(run_id=run_id, steps=[tool(*call) for call in calls]), example
    asked = [{"name": name, "args": arguments, "id": name} for name, arguments in calls]
    message = {"role": "assistant", "content": "", "tool_calls": asked}
    return make_run(run_id=run_id, messages=[message]), example


def bare(work: list[Pair]) -> int:
    """Count the runs that took the expected way, as one would write it by hand."""
    same = 0
    for run, example in work:
        calls, wanted = run.tool_calls, example.reference_outputs["trajectory"]
        same += len(calls) == len(wanted) and all(
            call.name == want["name"] and call.arguments == want["args"]
            for call, want in zip(calls, wanted, strict=True)
        )
    return same


def evaluated(work: list[Pair]) -> int:
    """The same by the evaluator, called the way the engine calls it."""
    call = make_task(0, as_evaluator(trajectory_match), None).call
    return sum(call(run, example).score for run, example in work)


def seconds(
    function: Callable[[list[Pair]], int], count: int, differ: float, touched: bool
) -> tuple[float, int]:
    """Time one pass; `touched`: the tool calls have been read from steps and messages before."""
    work = pairs(count, differ)
    if touched:
        bare(work)
    gc.collect()
    gc.disable()
    began = time.process_time()
    same = function(work)
    took = time.process_time() - began
    gc.enable()
    return took, same


def measure(count: int, differ: float, touched: bool, rounds: int = 3) -> dict[str, Any]:
    """Return the best of some rounds of both, and their ratio."""
    loops = [seconds(bare, count, differ, touched) for _ in range(rounds)]
    ours = [seconds(evaluated, count, differ, touched) for _ in range(rounds)]
    assert {same for _, same in loops} == {same for _, same in ours}
    loop, evaluator = min(loops)[0], min(ours)[0]
    return {
        "runs": count,
        "differ": differ,
        "loop_s": loop,
        "evaluator_s": evaluator,
        "ratio": evaluator / loop,
    }


def main() -> None:
    """Print one line for each share of runs that differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="?", type=int, default=100_000)
    parser.add_argument("--differ", type=float, nargs="*", default=[0.0, 0.1, 0.5])
    given = parser.parse_args()
    cases = [(touched, differ) for touched in (False, True) for differ in given.differ]
    for touched, differ in cases:
        found = measure(given.runs, differ, touched)
        views = "views made before" if touched else "views made on the way"
        print(
            f"{found['runs']:,} runs, {views}, {differ:.0%} differ: loop {found['loop_s']:.2f} s, "
            f"evaluator {found['evaluator_s']:.2f} s, ratio {found['ratio']:.2f}"
        )


if __name__ == "__main__":
    main()
