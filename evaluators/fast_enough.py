"""Was the run within its time?"""

from evalkit import Run, Score, case, evaluator
from evalkit.testing import make_run


@evaluator(
    version="1",
    cases=[
        case(run=make_run(latency=1.2), expect=True),
        case(run=make_run(latency=4.0), expect=False),
        case(run=make_run(latency=4.0), options={"limit": 5.0}, expect=True),
        case(run=make_run(latency=None), expect=None),
    ],
)
def fast_enough(run: Run, *, limit: float = 3.0) -> Score:
    """The run took at most `limit` seconds; set the limit in `[evaluators.fast_enough]`.

    A run whose times were not recorded does not apply: missing is not zero.
    """
    if run.latency is None:
        return Score(comment="no times were recorded")
    return Score(score=run.latency <= limit, comment=f"{run.latency:.2f} s")
