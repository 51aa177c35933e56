"""Mistakes that a type checker must see; each line says what. Checked by mypy, never run."""

from evalkit import Score, evaluator
from evalkit.testing import make_run

Score(True)  # [call-arg] [misc]
Score(score="high")  # [arg-type]
make_run().latency + 1  # [operator]
make_run(run_id=5)  # [arg-type]


@evaluator(direction="up")  # [call-overload]
def one(outputs: object) -> bool:
    return True


@evaluator(scope="runs")  # [call-overload]
def two(outputs: object) -> bool:
    return True


@evaluator
def three(outputs: object) -> bool:
    return True


three(5, 6)  # [call-arg]
