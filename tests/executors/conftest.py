"""Schedulers for tests that need workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster
from s3_server import bucket_on_loopback


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers that no test ends."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.nannies = [made.worker().pid for _ in range(2)]
        yield made
    finally:
        made.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler of this test's own; it starts the workers."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def bucket() -> Iterator[str]:
    """A bucket on a server of this test."""
    with bucket_on_loopback() as url:
        yield url
