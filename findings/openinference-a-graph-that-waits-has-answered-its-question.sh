#!/usr/bin/env bash
# In a trace of OpenInference a LangGraph run that waits for a person is a good run whose answer is its
# question.
#
# Versions: openinference-instrumentation-langchain 0.1.80, langgraph 1.2.24; Python 3.11.
# Guess:    the root span of a run that stopped at interrupt() says that it waits, as invoke() does with
#          `__interrupt__`; or it has no output yet.
# Seen:     the root is OK and its output is what it was given; going on makes a
#          second trace whose input is a Command. That the first one waits is told by an exception event of
#          the node, GraphInterrupt, on a span that is OK as well.
# Matters:  a person's wait counts as a finished run with a wrong answer, and one conversation as two; an
#          evaluator of the root alone cannot tell it from an application that repeats the question.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
LangChainInstrumentor().instrument(tracer_provider=provider)


class State(TypedDict, total=False):
    question: str
    tries: int
    answer: str


graph = StateGraph(State)
graph.add_node("ask", lambda state: {"answer": interrupt("may I?")})
graph.add_edge(START, "ask")
app = graph.compile(checkpointer=InMemorySaver())
where = {"configurable": {"thread_id": "t"}}
print(sorted(app.invoke({"question": "refund?", "tries": 1}, where)))
app.invoke(Command(resume="yes"), where)
for span in kept.get_finished_spans():
    told = [event.attributes["exception.type"].split(".")[-1] for event in span.events]
    print(span.name, span.status.status_code.name, span.attributes.get("output.value"), told)
print(len({span.context.trace_id for span in kept.get_finished_spans()}))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openinference-instrumentation-langchain==0.1.80" "langgraph==1.2.24" \
  "opentelemetry-sdk==1.45.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "['__interrupt__', 'question', 'tries']
ask OK None ['GraphInterrupt']
LangGraph OK {\"question\": \"refund?\", \"tries\": 1} []
ask OK yes []
LangGraph OK {\"question\": \"refund?\", \"tries\": 1, \"answer\": \"yes\"} []
2"
