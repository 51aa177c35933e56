"""What runs cost whose source recorded tokens and models and no cost: computed, and marked so.

Prices are those of `[prices]` in the configuration, else the table that ships with `genai-prices`
where that is installed; nothing is fetched. A run has a computed cost only if everything it took
has a price: a part of a cost is no cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.step import STEP_FIELDS, Step, model_name
from evalkit.model.usage import Usage, total_usage

PROVIDERS = ("ls_provider", "gen_ai.provider.name", "gen_ai.system", "llm.provider", "provider")
MILLION = 1_000_000
CONFIGURED = "prices of the configuration"


class Price(NamedTuple):
    """What a million tokens cost."""

    input: float
    output: float
    cache_read: float | None = None
    """Of input read from a cache; None: as any input."""
    cache_write: float | None = None
    currency: str = "USD"


class Pricer:
    """Gives runs the cost their source did not record."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = prices

    def priced(self, run: Run) -> Run:
        """Return the run with its cost computed, or as it is."""
        usage = run.usage
        if usage is None or usage.total_cost is not None or not usage.total_tokens:
            return run
        counted = [step for step in run.steps if step.usage is not None and _taken(step.usage)]
        if not counted:
            cost = self._cost(usage, run.metadata or {}, run.started_at)
            return run if cost is None else _with_usage(run, _paid(usage, cost), run.steps)
        costs = {
            step.step_id: cost
            for step in counted
            if (cost := self._cost(step.usage, step.metadata, step.started_at)) is not None
        }
        if not costs:
            return run
        steps = [
            _step_with(step, costs[step.step_id]) if step.step_id in costs else step
            for step in run.steps
        ]
        whole = total_usage(step.usage for step in counted)
        complete = len(costs) == len(counted) and whole is not None
        if complete and whole is not None and whole.total_tokens == usage.total_tokens:
            paid = total_usage(costs.values())
            usage = usage if paid is None else _paid(usage, paid)
        return _with_usage(run, usage, steps)

    def _cost(
        self, usage: Usage | None, about: Mapping[str, Any], when: datetime | None
    ) -> Usage | None:
        model = model_name(about)
        if usage is None or model is None or usage.total_cost is not None:
            return None
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        for pattern, price in self._prices.items():
            if fnmatchcase(model, pattern):
                return _by_price(usage, price)
        provider = next((str(about[key]) for key in PROVIDERS if about.get(key)), None)
        return _by_table(usage, model, provider, when)


def _taken(usage: Usage) -> bool:
    return bool(usage.total_tokens or usage.input_tokens or usage.output_tokens)


def _by_price(usage: Usage, price: Price) -> Usage:
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    fresh = max(0, (usage.input_tokens or 0) - read - written)
    cache_read = price.input if price.cache_read is None else price.cache_read
    cache_write = price.input if price.cache_write is None else price.cache_write
    return Usage(
        input_cost=(fresh * price.input + read * cache_read + written * cache_write) / MILLION,
        output_cost=(usage.output_tokens or 0) * price.output / MILLION,
        currency=price.currency,
        cost_source=CONFIGURED,
    )


def _by_table(
    usage: Usage, model: str, provider: str | None, when: datetime | None
) -> Usage | None:
    table = _table()
    if table is None:
        return None
    calc, counts, source = table
    given = counts(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    head, _, tail = model.rpartition("/")
    for name, by in ((model, provider), (model, None), (tail, head or None), (tail, None)):
        try:
            found = calc(given, name, provider_id=by, genai_request_timestamp=when)
        except (LookupError, ValueError):
            continue
        return Usage(
            input_cost=float(found.input_price),
            output_cost=float(found.output_price),
            total_cost=float(found.total_price),
            currency="USD",
            cost_source=source,
        )
    return None


@cache
def _table() -> tuple[Any, Any, str] | None:
    """Return what computes a price, what it is given, and the table's name and date."""
    try:
        import genai_prices  # a quarter of a second, and only for runs without a cost
        from genai_prices.data import providers
    except ImportError:
        return None
    dates = [date for p in providers for m in p.models for date in _starts(m.prices)]
    newest = max((date for date in dates if date <= date.today()), default=None)
    dated = f", newest price of {newest}" if newest else ""
    source = f"genai-prices {genai_prices.__version__}{dated}"
    return genai_prices.calc_price, genai_prices.Usage, source


def _starts(prices: Any) -> Iterator[date]:
    """Yield from when on prices hold: the table itself has no date, and some prices are to come."""
    for each in prices if isinstance(prices, list) else ():
        start = getattr(each.constraint, "start_date", None)
        if isinstance(start, date):
            yield start


def _paid(usage: Usage, cost: Usage) -> Usage:
    return replace(
        usage,
        input_cost=cost.input_cost,
        output_cost=cost.output_cost,
        total_cost=cost.total_cost,
        currency=cost.currency,
        cost_source=cost.cost_source,
    )


def _step_with(step: Step, cost: Usage) -> Step:
    values = {name: getattr(step, name) for name in STEP_FIELDS}
    return Step(**values | {"usage": _paid(step.usage or Usage(), cost)})


def _with_usage(run: Run, usage: Usage, steps: Sequence[Step]) -> Run:
    values = {name: getattr(run, name) for name in RUN_FIELDS}
    return Run(**values | {"usage": usage, "steps": steps})
