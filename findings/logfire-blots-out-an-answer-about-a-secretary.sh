#!/usr/bin/env bash
# Logfire takes a secretary for a secret, and writes a note where Pydantic AI's final answer was.
#
# Versions: logfire 5.4.0, pydantic-ai-slim 2.68.0; Python 3.11.
# Guess:    scrubbing is by the names of attributes, or takes out what looks like a key; the final_result of
#           an agent's span is the answer that the user got.
# Seen:     for "The secretary speaks at nine." final_result is "[Scrubbed due to 'secret']", and so are the
#           argument and the result of the tool that found out. "session", as in "in the second session", does
#           the same. "The author speaks at nine." stays.
# Matters:  the whole value goes, not the word, so every comparison with a reference fails, and it fails by
#           subject: agents for schools, parliaments and conferences look worse than others. A judge that
#           reads the span judges the note.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

import logfire
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

memory = InMemorySpanExporter()
logfire.configure(
    send_to_logfire=False,
    console=False,
    inspect_arguments=False,
    additional_span_processors=[SimpleSpanProcessor(memory)],
)
logfire.instrument_pydantic_ai()


def recorded(who):
    def model(messages, _):
        if len(messages) == 1:
            return ModelResponse(parts=[ToolCallPart("find", {"who": who}, "c1")])
        return ModelResponse(parts=[TextPart(f"The {who} speaks at nine.")])

    agent = Agent(FunctionModel(model))
    agent.tool_plain(find)
    memory.clear()
    agent.run_sync("?")
    spans = {span.attributes["gen_ai.operation.name"]: span.attributes for span in memory.get_finished_spans()}
    tool = spans["execute_tool"]
    print(spans["invoke_agent"]["final_result"])
    print("  ", json.loads(tool["gen_ai.tool.call.arguments"])["who"], "|", tool["gen_ai.tool.call.result"])


def find(who: str) -> str:
    return f"{who}: nine"


for who in ("author", "secretary", "chair of the second session"):
    recorded(who)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "logfire==5.4.0" "pydantic-ai-slim==2.68.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "The author speaks at nine.
   author | author: nine
[Scrubbed due to 'secret']
   [Scrubbed due to 'secret'] | [Scrubbed due to 'secret']
[Scrubbed due to 'session']
   [Scrubbed due to 'session'] | [Scrubbed due to 'session']"
