"""What costs are in, and where they come from, is said of runs that have a cost and of no other."""

import pytest
from metric_tables import results, run

from evalkit.metrics.columns.reading import read_runs
from evalkit.metrics.summaries.summarise import summarise

RECORDED = {"total_cost": 1.0, "currency": "USD"}
COMPUTED = {"total_cost": 2.0, "currency": "USD", "cost_source": "prices of 2026-01"}
FREE = {"total_cost": None, "currency": "EUR"}


def summary_of(*paid, **options):
    runs = [run(f"r{n}", f"e{n}", **each) for n, each in enumerate(paid)]
    return summarise(results(runs), **options)


@pytest.mark.parametrize(
    ("paid", "currency", "computed", "prices"),
    [
        ([{}, {}], None, 0, []),
        ([RECORDED, FREE], "USD", 0, []),
        ([RECORDED, COMPUTED, COMPUTED], "USD", 2, ["prices of 2026-01"]),
        ([RECORDED, RECORDED | {"currency": "EUR"}], None, 0, []),
        ([{"total_cost": 1.0}], None, 0, []),
    ],
)
def test_what_costs_are_in(paid, currency, computed, prices):
    usage = summary_of(*paid).usage
    assert (usage.currency, usage.computed_costs, list(usage.prices)) == (
        currency,
        computed,
        prices,
    )


def test_costs_of_two_currencies_are_no_sum():
    summary = summary_of(RECORDED, RECORDED | {"currency": "EUR"})
    assert summary.usage.total_cost.n == 0
    said = "Costs are in different currencies (EUR, USD) and are not added up."
    assert said in summary.quality.notes


def test_without_performance_nothing_was_paid():
    usage = summary_of(RECORDED, COMPUTED, performance=False).usage
    assert (usage.currency, usage.computed_costs) == (None, 0)


def test_who_does_not_ask_reads_no_money():
    asked = []

    class Noted:
        def __init__(self, given):
            self._given = given

        def __getattr__(self, name):
            return getattr(self._given, name)

        def tables(self, name, columns):
            asked.extend(columns)
            return self._given.tables(name, columns)

    read_runs(Noted(results([run("r", "e", **RECORDED)])))
    assert "outcome" in asked
    assert "currency" not in asked
