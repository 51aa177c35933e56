#!/usr/bin/env bash
# Nodes that run side by side in LangGraph write into the state in the order of their names.
#
# Versions: langgraph 1.2.24; Python 3.11.
# Guess:    what parallel nodes append to a list stands in the order in which they ended, or in which the
#          graph was built.
# Seen:     built as weather, flights, hotels, which end in this order: the stream has them so, and the
#          state says flights, hotels, weather. Renaming weather to a_weather puts it first.
# Matters:  a trajectory or a conversation read from the state says nothing of what came first, though
#          lists look as if they did; a renamed node changes the answer of a model that reads it, and
#          strict comparison with a reference made from the stream fails on every such run.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import operator
import time
from typing import Annotated, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict):
    said: Annotated[list, operator.add]


def node(name, seconds):
    def work(state):
        time.sleep(seconds)
        return {"said": [name]}

    return work


def orders(*names):
    graph = StateGraph(State)
    for place, name in enumerate(names):
        graph.add_node(name, node(name, place / 2))
        graph.add_edge(START, name)
    streamed = []
    for mode, part in graph.compile().stream({"said": []}, stream_mode=["updates", "values"]):
        streamed += list(part) if mode == "updates" else []
    return streamed, part["said"]


print(*orders("weather", "flights", "hotels"))
print(*orders("a_weather", "flights", "hotels"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langgraph==1.2.24" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "['weather', 'flights', 'hotels'] ['flights', 'hotels', 'weather']
['a_weather', 'flights', 'hotels'] ['a_weather', 'flights', 'hotels']"
