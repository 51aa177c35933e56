"""Start the in-memory Python server with the graphs of the matrix: python serve.py PORT."""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    for name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGGRAPH_CLOUD_LICENSE_KEY"):
        os.environ.pop(name, None)  # a key would turn tracing on
    os.environ.update(LANGSMITH_TRACING="false", LANGGRAPH_NO_VERSION_CHECK="true")
    sys.path.insert(0, str(HERE))
    os.chdir(tempfile.mkdtemp(prefix="langgraph-server-"))
    from graphs import GRAPHS
    from langgraph_api.cli import run_server

    run_server(
        "127.0.0.1",
        int(sys.argv[1]),
        reload=False,
        open_browser=False,
        n_jobs_per_worker=10,
        graphs={name: f"{HERE / 'graphs.py'}:{name}" for name in GRAPHS},
        disable_persistence=True,
        allow_blocking=True,
    )
