"""A bucket on an S3 server of the tests' own, found by the variables its clients read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def bucket_on_loopback() -> Iterator[str]:
    """Yield the URL of a folder in it; skips where `moto[server]` or `s3fs` is missing."""
    server = pytest.importorskip("moto.server", reason="the package moto[server] is missing")
    s3fs = pytest.importorskip("s3fs", reason="the package s3fs is missing")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    variables = {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem(skip_instance_cache=True).call_s3("create_bucket", Bucket="evals")
        yield "s3://evals/store"
    running.stop()
