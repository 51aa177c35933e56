"""Writers behind a URL: one at a time, against a real S3 protocol server and in memory."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from s3_server import bucket_on_loopback

from evalkit.errors import StoreError
from evalkit.store.disk import object_lock
from evalkit.store.disk.files import RemoteFiles, open_files
from evalkit.store.disk.lock import locked
from evalkit.store.store import Store
from evalkit.store.writing import open_writer


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket on a server of these tests."""
    with bucket_on_loopback() as url:
        yield url


@pytest.fixture(params=["s3", "memory"])
def remote(request: pytest.FixtureRequest) -> RemoteFiles:
    where = request.getfixturevalue("bucket") if request.param == "s3" else "memory://locks/here"
    files = open_files(f"{where}/{request.node.name}")
    assert isinstance(files, RemoteFiles)
    return files


def held(files: RemoteFiles, **changes: Any) -> None:
    """Put a lock in place as another machine would."""
    said = {
        "host": "elsewhere",
        "pid": 4,
        "token": "t",
        "since": time.time(),
        "renewed": time.time(),
        "released": False,
        **changes,
    }
    number = max(object_lock.numbers(files), default=0) + 1
    files.create(f".lock-{number:06d}.json", json.dumps(said).encode())


def test_a_second_writer_is_told_who_holds_it(remote: RemoteFiles) -> None:
    held(remote)
    with (
        pytest.raises(StoreError, match=r"'nightly': .*pid 4 on elsewhere.*its lock ends at"),
        locked(remote, "nightly"),
    ):
        pass


@pytest.mark.parametrize(
    "changes",
    [
        {"released": True},
        {"renewed": time.time() - 500},
        {"host": socket.gethostname(), "pid": 2**22 + 1},  # above any process id
    ],
)
def test_a_lock_nobody_holds_is_taken_over(remote: RemoteFiles, changes: Any) -> None:
    held(remote, **changes)
    with locked(remote, "nightly"):
        assert object_lock.numbers(remote) == [1, 2]
        with locked(remote, "nightly"):  # a writer inside a writer
            remote.write("a", b"1")
    assert object_lock.numbers(remote) == [2]  # numbers only grow, old ones are cleared
    with locked(remote, "nightly"):
        pass
    assert object_lock.numbers(remote) == [3]


def test_a_writer_that_lost_its_lock_writes_nothing(remote: RemoteFiles) -> None:
    remote.write("a", b"before")
    with locked(remote, "nightly"):
        held(remote)
        with pytest.raises(StoreError, match="another process took over its lock"):
            remote.write("a", b"after")
    assert remote.read("a") == b"before"
    assert object_lock.numbers(remote)[-1] == 2  # and the other still holds it
    with pytest.raises(StoreError, match="elsewhere"), locked(remote, "nightly"):
        pass


@pytest.mark.parametrize("round_", range(3))
def test_of_eight_clients_exactly_one_wins(bucket: str, round_: int) -> None:
    start = threading.Barrier(8)

    def client(_: int) -> object_lock.ObjectLock | None:
        files = open_files(f"{bucket}/raced")
        assert isinstance(files, RemoteFiles)
        start.wait()
        try:
            return object_lock.take(files, "nightly")
        except StoreError:
            return None

    with ThreadPoolExecutor(8) as crew:
        won = [lock for lock in crew.map(client, range(8)) if lock is not None]
    assert len(won) == 1
    won[0].release()


def test_an_experiment_is_written_and_read_in_a_bucket(bucket: str, a_run: Any) -> None:
    experiment = Store(bucket).experiment("far")
    with open_writer(experiment, source="test") as writer:
        writer.add(a_run(0))
        writer.finish()
    assert Store(bucket).names() == ["far"]
    assert experiment.manifest.complete
