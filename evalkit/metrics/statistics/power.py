"""Power: what this design could have found, and what it would take to find what was seen."""

from __future__ import annotations

from math import inf, sqrt

from evalkit.metrics.statistics.designs import POWER, Design
from evalkit.metrics.statistics.noncentral import power_of_t, solve
from evalkit.metrics.statistics.students_t import t_quantile

MOST_EXAMPLES = 10_000_000


def detectable(
    se: float, df: float, alpha: float, power: float = POWER, *, whole: float = 1.0
) -> float:
    """Return the smallest true difference found with `power`, in the unit of `se`.

    `whole` is what an example loses when it breaks, 1 for shares: changes come as examples that
    break, which also makes the differences vary more than they do now. 0: the change is spread
    evenly over the examples. `designs` knows more of an experiment and is more exact.
    """
    if whole:
        n = int(df) + 1 if df != inf else MOST_EXAMPLES
        found = Design(n, se * sqrt(n), whole, 0.0, 1.0).smallest(alpha, whole=True, power=power)
        return whole if found is None else found
    top = (t_quantile(1 - alpha / 2, df) + t_quantile(power, df) + 1) * se * 2
    return solve(lambda d: power_of_t(d, se, df, alpha) - power, top)


def examples_needed(difference: float, sd: float, alpha: float, power: float = POWER) -> int | None:
    """Return how many examples would show `difference` with `power`; None when it is nil."""
    if not difference or not sd:
        return None
    enough = 2
    while power_of_t(difference, sd / sqrt(enough), enough - 1, alpha) < power:
        enough *= 2
        if enough > MOST_EXAMPLES:
            return None
    low = enough // 2
    while enough - low > 1:
        middle = (low + enough) // 2
        if power_of_t(difference, sd / sqrt(middle), max(middle - 1, 1), alpha) < power:
            low = middle
        else:
            enough = middle
    return enough
