"""Start the in-memory server: python start.py PORT [auth] [patient]; keeps nothing, calls nobody.

Runs are cut off soon, as some tests want; `patient`: late, for those that take what they take.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
JOB_TIMEOUT_S = 600 if "patient" in sys.argv else 2

if __name__ == "__main__":
    for name in ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGGRAPH_CLOUD_LICENSE_KEY"):
        os.environ.pop(name, None)  # a key would turn tracing on
    os.environ.update(
        LANGSMITH_TRACING="false",
        LANGGRAPH_NO_VERSION_CHECK="true",
        BG_JOB_TIMEOUT_SECS=str(JOB_TIMEOUT_S),
    )
    sys.path.insert(0, str(HERE))
    os.chdir(tempfile.mkdtemp(prefix="langgraph-server-"))
    import graphs
    import waiting
    from langgraph_api.cli import run_server

    run_server(
        "127.0.0.1",
        int(sys.argv[1]),
        reload=False,
        open_browser=False,
        n_jobs_per_worker=10,
        graphs={
            name: f"{HERE / module.__name__}.py:{name}"
            for module in (graphs, waiting)
            for name in module.GRAPHS
        },
        auth={"path": f"{HERE / 'auth.py'}:auth"} if "auth" in sys.argv else None,
        disable_persistence=True,
        allow_blocking=True,
    )
