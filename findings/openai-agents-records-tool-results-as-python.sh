#!/usr/bin/env bash
# The OpenAI Agents SDK records a tool's arguments as JSON, and what the tool returned as Python.
#
# Versions: openai-agents 0.24.0; Python 3.11.
# Guess:    both sides of a function span are JSON: the input is.
# Seen:     input '{"x": 1}', output "{'found': True, 'next': None}": no JSON parser reads it.
# Matters:  an evaluator that compares what a tool returned with a reference object must read Python
#          literals, and a text with an apostrophe in it is quoted otherwise.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export OPENAI_API_KEY=none
cat > "$work/look.py" <<'PY'
from agents import Agent, ModelResponse, Runner, Usage, function_tool, set_trace_processors
from agents.models.interface import Model
from agents.tracing import TracingProcessor
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)


class Kept(TracingProcessor):
    def __init__(self):
        self.spans = []

    def on_trace_start(self, trace): ...
    def on_trace_end(self, trace): ...
    def on_span_start(self, span): ...
    def on_span_end(self, span):
        self.spans.append(span.export()["span_data"])

    def shutdown(self): ...
    def force_flush(self): ...


class Scripted(Model):
    """Calls the tool, then says that it is done; ten tokens in and five out each time."""

    def __init__(self):
        self.calls = 0

    async def get_response(self, *_, **__):
        self.calls += 1
        said = ResponseOutputText(text="done", type="output_text", annotations=[])
        output = (
            ResponseFunctionToolCall(arguments='{"x": 1}', call_id="c", name="look", type="function_call")
            if self.calls == 1
            else ResponseOutputMessage(
                id="m", content=[said], role="assistant", status="completed", type="message"
            )
        )
        usage = Usage(requests=1, input_tokens=10, output_tokens=5, total_tokens=15)
        return ModelResponse(output=[output], usage=usage, response_id=None)

    def stream_response(self, *_, **__):
        raise NotImplementedError


@function_tool
def look(x: int) -> dict:
    return {"found": True, "next": None}


kept = Kept()
set_trace_processors([kept])
result = Runner.run_sync(Agent(name="a", model=Scripted(), tools=[look]), "?")

span = next(span for span in kept.spans if span["type"] == "function")
print(span["input"], span["output"])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openai-agents==0.24.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{\"x\": 1} {'found': True, 'next': None}"
