"""What people and CI see when an experiment in LangSmith cannot be had whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command_line import evalkit
from fetchers.langsmith_server.faults import Faults
from fetchers.langsmith_server.fixtures import environ_of
from fetchers.langsmith_server.generated import generated_world
from fetchers.langsmith_server.serve import LangSmithServer

TWO = "https://h/d/compare?selectedSessions=" + "%2C".join(
    f"{n * 8}-1111-4111-8111-{n * 12}" for n in "12"
)


def expired(faults: Faults) -> None:
    faults.keys = set()


def organization(faults: Faults) -> None:
    faults.org_scoped = True


def hidden(faults: Faults) -> None:
    faults.hide_runs, faults.show_after = 3, 99


def gone(faults: Faults) -> None:
    faults.fail = [{"path": "runs/query", "status": 501, "times": 99}]


def nothing(faults: Faults) -> None:
    """No fault at all."""


@pytest.mark.parametrize(
    ("switch", "experiment", "code", "words"),
    [
        (nothing, "agent-7be21f", 0, "12 new"),
        (expired, "agent-7be21f", 3, "401"),
        (organization, "agent-7be21f", 3, "LANGSMITH_WORKSPACE_ID"),
        (hidden, "agent-7be21f", 3, "the server counts 12 runs and shows 9"),
        (gone, "agent-7be21f", 3, "501"),
        (nothing, "agent-0", 3, "Did you mean 'agent-7be21f'?"),
        (nothing, TWO, 2, "compares 2 experiments"),
        (nothing, "empty", 5, "no runs"),
    ],
    ids=["whole", "expired", "organization", "short", "removed", "unknown", "two", "empty"],
)
def test_exit_codes(switch: Any, experiment: str, code: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "evalkit.toml").write_text(
        f'[experiments.x]\nfetcher = "langsmith"\nexperiment = "{experiment}"\n'
    )
    world = generated_world(12)
    world.add_session({"name": "empty", "start_time": datetime(2026, 1, 1, tzinfo=UTC).isoformat()})
    with LangSmithServer(world, "v2") as server:
        switch(server.faults)
        ended = evalkit("fetch", "x", cwd=tmp_path, **environ_of(server))
    assert ended.code == code, ended.err
    assert words in ended.err
    assert "lsv2_pt_secret_key" not in ended.out + ended.err
    assert "Traceback" not in ended.err
