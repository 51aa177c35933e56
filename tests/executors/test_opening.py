"""Addresses of executors, and what is said without the extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import evalkit

from evalkit.errors import ConfigError
from evalkit.executors.opening import open_executor


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("cluster", "is no address"),
        ("dask://", "is no address"),
        ("dask://host", "is no address"),
        ("dask://host:none", "is no address"),
        ("dask://host:99999999", "is no address"),
        ("ray://host:1", "is no address"),
        ("dask://me:secret@host:1", "has more than a host and a port"),
        ("dask://host:1/place", "has more than a host and a port"),
    ],
)
def test_what_is_no_address(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_executor(address)


def test_this_machine_needs_nothing() -> None:
    assert open_executor(None) is open_executor("local") is None


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # as if it were not installed
    with pytest.raises(ConfigError, match=r"pip install 'evalkit-harness\[dask\]'"):
        open_executor("dask://host:8786")


def test_dask_is_loaded_by_nobody_else() -> None:
    code = (
        "import evalkit, evalkit.pipeline.scoring, evalkit.cli.main, sys;"
        "sys.exit(bool({'dask', 'distributed'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_workers_of_this_machine_and_of_a_cluster(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    (tmp_path / "evalkit.toml").write_text('[executor]\naddress = "dask://h:1"\n[experiments.x]\n')
    ended = evalkit("score", "--workers", "2", cwd=tmp_path)
    assert (ended.code, "processes of this machine" in ended.err) == (2, True)
    (tmp_path / "evalkit.toml").write_text('[executor]\naddress = "h:1"\n[experiments.x]\n')
    ended = evalkit("score", cwd=tmp_path)
    assert (ended.code, "is no address" in ended.err) == (2, True)
