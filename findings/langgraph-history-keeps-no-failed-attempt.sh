#!/usr/bin/env bash
# A node that failed twice and then worked is, in LangGraph's history, a node that worked.
#
# Versions: langgraph 1.2.24; Python 3.11.
# Guess:    the state history says that there were attempts before, as it says which error stopped a
#          run: its tasks have a field for errors.
# Seen:     three calls of the node, two of them raised; every task of the history has error None,
#          and nothing else counts the attempts.
# Matters:  from checkpoints alone flaky tools cannot be told from sound ones; only a tracer that
#          was on at the time knows, and there each attempt is a node of its own.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy


class State(TypedDict):
    x: int


calls = []


def flaky(state):
    calls.append(state["x"])
    if len(calls) < 3:
        raise ConnectionError("not yet")
    return {"x": 9}


graph = StateGraph(State)
graph.add_node("flaky", flaky, retry_policy=RetryPolicy(initial_interval=0.01))
graph.add_edge(START, "flaky")
graph.add_edge("flaky", END)
app = graph.compile(checkpointer=InMemorySaver())
where = {"configurable": {"thread_id": "t"}}
app.invoke({"x": 1}, where)
tasks = [task for state in app.get_state_history(where) for task in state.tasks]
print(len(calls), [(task.name, task.error) for task in tasks])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langgraph==1.2.24" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "3 [('flaky', None), ('__start__', None)]"
