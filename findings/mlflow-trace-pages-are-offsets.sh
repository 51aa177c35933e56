#!/usr/bin/env bash
# A page token of MLflow's trace search is a position, counted from the newest trace.
#
# Expected: a token goes on after the last trace of its page, whatever is logged or deleted meanwhile, as a cursor does.
# Happens: the token holds an offset and nothing else, and the newest traces come first unless asked otherwise. A trace
#   that is logged between two pages pushes the last one of page 1 onto page 2, where it comes again; deleting one of
#   page 1 makes a trace skip both pages. Nothing in the answer says so. In ascending order of time new traces come
#   last, which is how evalkit asks, and a count proves that nothing was skipped.
# With: mlflow 3.17.2 (its SQLite store; the server hands out the same tokens), Python 3.11.
# Seen, 2026-11-29: token {"offset": 3}; logged meanwhile: t3 came twice; deleted meanwhile: t2 never came;
#   ascending: every trace once.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q "mlflow==3.17.2"

cat > look.py <<'PY'
import base64
from collections import Counter

import mlflow
from mlflow.client import MlflowClient

mlflow.set_tracking_uri("sqlite:///traces.db")
client = MlflowClient()


def log(name, at):
    span = client.start_trace(name, start_time_ns=at * 10**9)
    client.end_trace(span.trace_id, end_time_ns=at * 10**9 + 1)
    mlflow.flush_trace_async_logging()


def names(traces):
    return [each.info.tags["mlflow.traceName"] for each in traces]


def pages(label, between, **more):
    experiment = mlflow.set_experiment(label).experiment_id
    for number in range(6):
        log(f"t{number}", 1_700_000_000 + number)
    first = client.search_traces([experiment], max_results=3, **more)
    token = base64.b64decode(first.token).decode()
    between(experiment, first)
    found, following = names(first), first.token
    while following:
        page = client.search_traces([experiment], max_results=3, page_token=following, **more)
        found += names(page)
        following = page.token
    print(label, token, found)
    return Counter(found), token


logged, token = pages("logged", lambda *_: log("t6", 1_700_000_006))
deleted, _ = pages("deleted", lambda experiment, first: client.delete_traces(
    experiment, trace_ids=[first[0].info.trace_id]))
upwards, _ = pages("ascending", lambda *_: log("t6", 1_700_000_006), order_by=["timestamp_ms ASC"])
assert '"offset": 3' in token, token
assert logged["t3"] == 2, logged
assert deleted["t2"] == 0, deleted
assert set(upwards.values()) == {1} and len(upwards) == 7, upwards
PY
MLFLOW_DISABLE_TELEMETRY=true venv/bin/python look.py 2> log || { cat log; exit 1; }
