#!/usr/bin/env bash
# What a LangGraph node changes in place is in the answer, and in no checkpoint.
#
# Versions: langgraph 1.2.24; Python 3.11.
# Guess:    the last checkpoint of a thread holds the state that invoke() returned, whatever way it came
#          about; or a change that was not returned is in neither.
# Seen:     a node that appends to the list it was given and returns nothing: invoke() says found ["x"],
#          the next node reads it, and every checkpoint of the thread says found []. With the list
#          returned, both say ["x"].
# Matters:  runs scored from checkpoints lack an answer that their users got, and tracers show it; a thread
#          that goes on later goes on without it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    found: list
    count: int


def told(returns):
    def search(state):
        state["found"].append("x")
        return {"found": state["found"]} if returns else {}

    graph = StateGraph(State)
    graph.add_node("search", search)
    graph.add_node("answer", lambda state: {"count": len(state["found"])})
    graph.add_edge(START, "search")
    graph.add_edge("search", "answer")
    graph.add_edge("answer", END)
    app = graph.compile(checkpointer=InMemorySaver())
    where = {"configurable": {"thread_id": "t"}}
    return app.invoke({"found": [], "count": 0}, where), app.get_state(where).values


print(*told(returns=False))
print(*told(returns=True))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langgraph==1.2.24" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{'found': ['x'], 'count': 1} {'found': [], 'count': 1}
{'found': ['x'], 'count': 1} {'found': ['x'], 'count': 1}"
