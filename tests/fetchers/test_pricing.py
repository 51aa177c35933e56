"""Costs nobody recorded: computed from tokens, marked, and never a part of a cost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from evalkit.fetchers.pricing import CONFIGURED, Price, Pricer
from evalkit.model.usage import Usage
from evalkit.testing import make_run, make_step

OWN = {"mine-*": Price(input=2.0, output=10.0, cache_read=0.5, cache_write=4.0, currency="EUR")}
CALL = {"input_tokens": 1_000_000, "output_tokens": 100_000}


def call(model: str | None, **usage: Any):
    about = {"model": model} if model else {}
    return make_step("m", "llm", usage=Usage(**{**CALL, **usage}), metadata=about)


def run_of(*steps, **fields):
    usages = [step.usage for step in steps]
    total = Usage(
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
    )
    return make_run(steps=list(steps), **{"usage": total, **fields})


@pytest.mark.parametrize(
    ("parts", "cost"),
    [
        ({}, 2.0 + 1.0),
        ({"cache_read_tokens": 400_000}, 0.6 * 2 + 0.4 * 0.5 + 1.0),
        ({"cache_read_tokens": 400_000, "cache_write_tokens": 100_000}, 0.5 * 2 + 0.2 + 0.4 + 1.0),
    ],
)
def test_prices_of_the_configuration(parts: dict[str, int], cost: float) -> None:
    run = Pricer(OWN).priced(run_of(call("mine-1", **parts)))
    assert run.usage is not None
    assert run.usage.total_cost == pytest.approx(cost)
    assert (run.usage.currency, run.usage.cost_source) == ("EUR", CONFIGURED)
    assert run.steps[0].usage is not None
    assert run.steps[0].usage.total_cost == pytest.approx(cost)


def test_a_run_without_steps_is_priced_by_its_own_model() -> None:
    run = make_run(usage=Usage(**CALL), metadata={"model": "mine-2"})
    assert Pricer(OWN).priced(run).usage.total_cost == pytest.approx(3.0)


@pytest.mark.parametrize(
    "run",
    [
        run_of(call("mine-1"), usage=Usage(**CALL, total_cost=0.5)),  # recorded
        run_of(call(None)),
        run_of(call("nobody-knows-this")),
        make_run(),
    ],
)
def test_what_has_a_cost_or_cannot_have_one_stays(run) -> None:
    assert Pricer(OWN).priced(run) is run


def test_a_part_of_a_cost_is_no_cost_of_the_run() -> None:
    run = Pricer(OWN).priced(run_of(call("mine-1"), call("nobody-knows-this")))
    assert run.usage.total_cost is None
    assert [s.usage.total_cost for s in run.steps] == [pytest.approx(3.0), None]
    more = Usage(input_tokens=5_000_000, output_tokens=100_000)
    assert Pricer(OWN).priced(run_of(call("mine-1"), usage=more)).usage.total_cost is None


def test_the_table_that_ships_with_genai_prices() -> None:
    """gpt-4o cost 2.50 and 10 dollars a million tokens in 2025, 1.25 from the cache (OpenAI)."""
    pytest.importorskip("genai_prices")
    started = datetime(2025, 6, 1, tzinfo=UTC)
    step = make_step(
        "m",
        "llm",
        usage=Usage(**CALL, cache_read_tokens=400_000),
        metadata={"model": "gpt-4o"},
        started_at=started,
    )
    usage = Pricer({}).priced(run_of(step)).usage
    assert usage.total_cost == pytest.approx(0.6 * 2.5 + 0.4 * 1.25 + 1.0)
    assert usage.currency == "USD"
    assert usage.cost_source.startswith("genai-prices ")
    assert ", newest price of 20" in usage.cost_source
    named = make_step("m", "llm", usage=step.usage, metadata={"model": "openai/gpt-4o"},
                      started_at=started)  # fmt: skip
    assert Pricer({}).priced(run_of(named)).usage.total_cost == usage.total_cost
