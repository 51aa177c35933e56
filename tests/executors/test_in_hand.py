"""What came of a cluster is in hand, whatever becomes of the worker that made it."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from evalkit.errors import ExecutorError
from evalkit.scoring.shares.executor import Found

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
dask = pytest.importorskip("evalkit.executors.dask")


@pytest.mark.parametrize("status", ["finished", "lost", "cancelled"])
def test_what_is_in_hand_counts_whatever_became_of_its_worker(status: str) -> None:
    """A worker that is killed takes its results along, but not one that has come."""
    executor = dask.DaskExecutor("dask://here:1", "tcp://here:1", runs=1, wait=1.0)
    future: Any = SimpleNamespace(key="one", status=status)
    share: Any = SimpleNamespace()
    executor._tasks["one"] = dask._Task(future, share, frozenset())
    report = Found(address="tcp://there:1")
    result = {"facts": {"address": report.address}, "report": pickle.dumps(report)}
    assert list(executor._heard(future, result)) == [report]


def test_what_is_gone_and_not_in_hand_ends_the_work_in_a_line() -> None:
    executor = dask.DaskExecutor("dask://here:1", "tcp://here:1", runs=1, wait=1.0)
    future: Any = SimpleNamespace(key="one", status="lost")
    executor._tasks["one"] = dask._Task(future, None, frozenset())
    with pytest.raises(ExecutorError, match="dask://here:1: the cluster is gone"):
        list(executor._heard(future, distributed.CancelledError("one")))
