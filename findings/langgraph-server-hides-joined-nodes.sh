#!/usr/bin/env bash
# LangGraph's server leaves nodes that wait for several others out of a thread's history.
#
# Expected: after `add_edge(["a", "b"], "late")`, the checkpoint at which a and b have ended shows `next: ["late"]`
#   in `POST /threads/{id}/history`, as `graph.get_state_history` does in the same process with the same libraries.
# Happens: the server shows `next: []` and no task there, though `late` runs and commits right after it. A run that
#   is stopped before `late` looks finished; only the thread's status says `interrupted`.
# With: langgraph-api 0.16.7 (in memory, started by langgraph-cli 0.4.40), langgraph 1.2.24, Python 3.11.
# Seen, 2026-11-28: in the process [['__start__'], ['a', 'b'], ['late'], []], on the server [['__start__'], ['a', 'b'], [], []];
#   stopped before late [['__start__'], ['a', 'b'], []], thread interrupted.
set -euo pipefail

work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q "langgraph-cli[inmem]==0.4.40" "langgraph-api==0.16.7" "langgraph==1.2.24" httpx

cat > graph.py <<'PY'
import operator
from typing import Annotated
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

class State(TypedDict):
    log: Annotated[list, operator.add]

builder = StateGraph(State)
for name in ("a", "b", "late"):
    builder.add_node(name, lambda state, name=name: {"log": [name]})
builder.add_edge(START, "a")
builder.add_edge(START, "b")
builder.add_edge(["a", "b"], "late")
builder.add_edge("late", END)
graph = builder.compile()
PY
echo '{"graphs": {"joined": "./graph.py:graph"}, "dependencies": ["."]}' > langgraph.json
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LANGSMITH_TRACING=false LANGGRAPH_NO_VERSION_CHECK=true LANGGRAPH_CLI_NO_ANALYTICS=1 \
  venv/bin/langgraph dev --no-browser --no-reload --host 127.0.0.1 --port "$port" > server.log 2>&1 &
server=$!

cat > look.py <<'PY'
import sys, time
import httpx
from graph import builder
from langgraph.checkpoint.memory import InMemorySaver

here = builder.compile(checkpointer=InMemorySaver())
config = {"configurable": {"thread_id": "t"}}
here.invoke({"log": []}, config)
own = [list(s.next) for s in reversed(list(here.get_state_history(config)))]
print("in the process", own)

http = httpx.Client(base_url=f"http://127.0.0.1:{sys.argv[1]}", timeout=30)
for _ in range(200):
    try:
        http.get("/ok").raise_for_status()
        break
    except httpx.HTTPError:
        time.sleep(0.3)

def played(**more):
    thread = http.post("/threads", json={}).json()["thread_id"]
    sent = {"assistant_id": "joined", "input": {"log": []}, **more}
    http.post(f"/threads/{thread}/runs/wait", json=sent).raise_for_status()
    shown = http.post(f"/threads/{thread}/history", json={"limit": 10}).json()
    return [s["next"] for s in reversed(shown)], http.get(f"/threads/{thread}").json()["status"]

whole, _ = played()
print("on the server", whole)
stopped, status = played(interrupt_before=["late"])
print("stopped before late", stopped, status)
assert ["late"] in own and ["late"] not in whole, "the server shows the joined node now"
assert stopped[-1] == [] and status == "interrupted", "the server shows what waits now"
PY
venv/bin/python look.py "$port"
