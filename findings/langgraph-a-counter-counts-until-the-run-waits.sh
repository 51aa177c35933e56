#!/usr/bin/env bash
# A Counter in the state of a LangGraph run adds up until the run waits for a person, and overwrites from
# then on.
#
# Versions: langgraph 1.2.24, langgraph-checkpoint 4.3.2; Python 3.11.
# Guess:    a value of the state is the same after a checkpoint as before, or the checkpointer refuses it:
#          a Decimal, a set and a dataclass come back as what they were.
# Seen:     two searches and then three more are 5 where the run goes straight through, and 3 where it
#          stopped at interrupt() in between: what came back is a plain dict, whose update() replaces where
#          Counter's adds. Nothing raises, nothing warns.
# Matters:  counts of calls, tokens and tries in the state depend on whether somebody was asked, and a
#          test of the nodes without a pause never shows it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from collections import Counter
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt


class State(TypedDict):
    calls: Counter


def more(state):
    calls = state["calls"].copy()
    calls.update({"search": 3})
    return {"calls": calls}


def counted(pause):
    graph = StateGraph(State)
    graph.add_sequence([("some", lambda _: {"calls": Counter(search=2)}), ("between", pause), ("more", more)])
    graph.add_edge(START, "some")
    app = graph.compile(checkpointer=InMemorySaver())
    where = {"configurable": {"thread_id": "t"}}
    answer = app.invoke({"calls": Counter()}, where)
    if "__interrupt__" in answer:
        answer = app.invoke(Command(resume="yes"), where)
    return answer["calls"]


print(counted(lambda _: None), counted(lambda _: {} if interrupt("may I?") else {}))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langgraph==1.2.24" "langgraph-checkpoint==4.3.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" -W error look.py)
echo "$seen"
test "$seen" = "Counter({'search': 5}) {'search': 3}"
