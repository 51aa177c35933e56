#!/usr/bin/env bash
# A span of OpenInference for a conversation of seventy messages has lost the first eight of them.
#
# Versions: openinference-instrumentation-openai 0.1.66, opentelemetry-sdk 1.45.2, openai 3.57.0; Python 3.11.
# Guess:    the span of a model call has the whole request; if it has a limit, what came last is cut off.
# Seen:     two attributes a message and at most 128 a span: of 70 messages the span keeps 8 to 69, and the
#           attributes written first, input.value, output.value and llm.invocation_parameters, are gone.
#           Everything is there at 50. dropped_attributes says 24.
# Matters:  the system prompt and the question go first, just when a run is long; input.value, where most
#           readers look for the question, is missing for the hardest runs alone. The SDK for Node (2.2.0) does
#           the reverse: a full span takes nothing more.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
}


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
OpenAIInstrumentor().instrument(tracer_provider=provider)
server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1")
for count in (50, 70):
    memory.clear()
    messages = [{"role": ("user", "assistant")[i % 2], "content": f"text {i}"} for i in range(count)]
    client.chat.completions.create(model="m", messages=messages)
    (span,) = memory.get_finished_spans()
    kept = {int(n) for key in span.attributes for n in re.findall(r"^llm.input_messages.(\d+)", key)}
    there = [key in span.attributes for key in ("input.value", "output.value", "llm.invocation_parameters")]
    print(count, min(kept), max(kept), *there, span.dropped_attributes)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "openinference-instrumentation-openai==0.1.66" \
  "opentelemetry-sdk==1.45.2" "openai==3.57.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "50 0 49 True True True 0
70 8 69 False False False 24"
