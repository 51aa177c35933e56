#!/usr/bin/env bash
# The OpenAI Agents SDK writes the tokens of a run twice, as turns and as their task, in spans
# that are called custom.
#
# Versions: openai-agents 0.24.0, a custom model without generation spans; Python 3.11.
# Guess:    each token is on one span, of the model call that used it; parents have no usage.
# Seen:     a run of 30 tokens has spans with 45 plus 30 where nothing else is summed: two turns of
#          15 each and one task of 30, all of type custom; that they contain each other is said by
#          data.sdk_span_type alone.
# Matters:  a sum over all spans that carry usage reports twice the tokens, and three times once
#          model calls write their own.
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

usages = [span["data"] for span in kept.spans if span["type"] == "custom"]
print(
    result.context_wrapper.usage.total_tokens,
    [(u["sdk_span_type"], u["usage"]["input_tokens"] + u["usage"]["output_tokens"]) for u in usages],
)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openai-agents==0.24.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "30 [('turn', 15), ('turn', 15), ('task', 30)]"
