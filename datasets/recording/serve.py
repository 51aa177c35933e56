"""Start the in-memory LangGraph server with the support agent: python serve.py PORT."""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
JOB_TIMEOUT_S = 6


def settle():
    """Make the server stay on this machine and leave nothing behind."""
    for name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"):
        os.environ.pop(name, None)  # a key would turn tracing on
    os.environ.update(
        LANGSMITH_TRACING="false",
        LANGGRAPH_NO_VERSION_CHECK="true",
        BG_JOB_TIMEOUT_SECS=str(JOB_TIMEOUT_S),
    )
    sys.path.insert(0, str(HERE))
    os.chdir(tempfile.mkdtemp(prefix="langgraph-server-"))


if __name__ == "__main__":
    settle()
    from langgraph_api.cli import run_server

    run_server(
        "127.0.0.1",
        int(sys.argv[1]),
        reload=False,
        open_browser=False,
        n_jobs_per_worker=8,
        graphs={"support": f"{HERE / 'graph.py'}:graph"},
        disable_persistence=True,
        allow_blocking=True,
    )
