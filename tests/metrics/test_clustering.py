"""Clustering by a metadata key: examples of one document are no independent evidence."""

import numpy as np
import pytest
from metric_tables import cell, results, run
from statsmodels.regression.linear_model import OLS

from evalkit.metrics.comparing.compare import compare
from evalkit.metrics.summaries.summarise import summarise

RNG = np.random.default_rng(20)
DOCUMENTS = np.repeat(np.arange(20), 6)
"""120 examples of 20 documents, two runs each."""


def made(name, shift, seed, *, numeric=False):
    rng = np.random.default_rng(seed)
    own = np.random.default_rng(1).normal(0, 1, 20) + rng.normal(0, 0.5, 20)
    rows, cells = [], []
    for i, document in enumerate(DOCUMENTS):
        for n in range(2):
            run_id = f"{name}-{i}-{n}"
            more = {"metadata": {"document": f"d{document}"}, "latency_s": 1 + rng.random()}
            rows.append(run(run_id, f"e{i}", n, **more))
            value = own[document] + shift + rng.normal()
            cells.append(cell(run_id, float(value) if numeric else bool(value > 0)))
    return results(rows, cells, name=name)


def width(interval):
    return interval[1] - interval[0]


def test_intervals_of_summaries_widen_and_values_stay():
    given = made("a", 0.3, 2)
    plain, wide = (
        summarise(given, reducers=["all"]),
        summarise(given, reducers=["all"], cluster="metadata.document"),
    )
    one, other = plain.scores["ok"], wide.scores["ok"]
    assert one.mean == other.mean
    assert (one.clusters, other.clusters) == (120, 20)
    assert width(other.interval) > 1.3 * width(one.interval)
    assert one.flake_rate == other.flake_rate
    assert plain.reducers["all"]["ok"].value == wide.reducers["all"]["ok"].value
    assert plain.counts.clusters == wide.counts.clusters == 120
    assert wide.latency.clusters == wide.rates["success"].clusters == 20


def test_differences_are_statsmodels_cluster_robust_ones():
    a, b = made("a", 0.0, 3, numeric=True), made("b", 0.2, 4, numeric=True)
    found = (
        compare([a, b], cluster="metadata.document", bootstrap=False).candidates[0].difference("ok")
    )
    means = []
    for each in (a, b):
        scores = each.table("cells", ["score"]).column(0).to_numpy()
        means.append(scores.reshape(120, 2).mean(1))
    d = means[1] - means[0]
    options = {"groups": DOCUMENTS, "use_correction": False}
    fit = OLS(d, np.ones(120)).fit(cov_type="cluster", cov_kwds=options)
    se = float(np.sqrt(fit.cov_params()[0, 0] * 20 / 19))
    assert found.difference.value == pytest.approx(d.mean(), abs=1e-12)
    half = found.difference.high - found.difference.value
    assert half == pytest.approx(se * 2.0930240544, rel=1e-9)  # t of 19 degrees
    assert (found.difference.n, found.difference.clusters) == (120, 20)
    plain = compare([a, b], bootstrap=False).candidates[0].difference("ok")
    assert plain.p < found.p
    assert plain.mde < found.mde


def test_a_document_of_no_run_is_an_example_of_its_own():
    rows = [run(f"r{i}", f"e{i}", metadata={"d": "x"} if i < 5 else None) for i in range(20)]
    given = results(rows, [cell(f"r{i}", i % 2 == 0) for i in range(20)])
    assert summarise(given, cluster="metadata.d").scores["ok"].clusters == 16


def test_equal_pairs_count_as_their_documents():
    given = [made(name, 0.3, 5) for name in ("a", "b")]
    plain = compare(given).candidates[0].difference("ok")
    wide = compare(given, cluster="metadata.document").candidates[0].difference("ok")
    assert plain.difference.value == wide.difference.value == 0.0
    assert width(wide.difference.interval) > 4 * width(plain.difference.interval)
