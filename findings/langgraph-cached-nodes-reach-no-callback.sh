#!/usr/bin/env bash
# A node served from LangGraph's cache is in the stream, and callbacks never hear of it.
#
# Versions: langgraph 1.2.24, langchain-core 1.8.3; Python 3.11.
# Guess:    tracers see every node of a path, the cached ones marked as such.
# Seen:     second run of slow -> fast with a CachePolicy on slow: the stream of updates has both
#          (slow with cached True), on_chain_start is called for fast alone.
# Matters:  a trajectory read from a tracer lacks a node that one read from the stream or the
#          checkpoints has; the same graph passes or fails an evaluation of its path by how warm the
#          cache was.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from typing import TypedDict

from langchain_core.callbacks import BaseCallbackHandler
from langgraph.cache.memory import InMemoryCache
from langgraph.graph import END, START, StateGraph
from langgraph.types import CachePolicy


class State(TypedDict):
    x: int


class Heard(BaseCallbackHandler):
    def __init__(self):
        self.nodes = []

    def on_chain_start(self, *_, name=None, **__):
        self.nodes.append(name)


graph = StateGraph(State)
graph.add_node("slow", lambda state: {"x": state["x"] + 1}, cache_policy=CachePolicy())
graph.add_node("fast", lambda state: {"x": state["x"] * 2})
graph.add_edge(START, "slow")
graph.add_edge("slow", "fast")
graph.add_edge("fast", END)
app = graph.compile(cache=InMemoryCache())
for _ in range(2):
    heard = Heard()
    updates = list(app.stream({"x": 1}, {"callbacks": [heard]}, stream_mode="updates"))
    print(heard.nodes[1:], [next(iter(update)) for update in updates])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langgraph==1.2.24" "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "['slow', 'fast'] ['slow', 'fast']
['fast'] ['slow', 'fast']"
