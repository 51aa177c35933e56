#!/usr/bin/env bash
# A streamed answer of Claude has a token more in OpenLLMetry's spans than the same answer in one piece.
#
# Versions: opentelemetry-instrumentation-anthropic 0.62.4 (OpenLLMetry), anthropic 2.14.0,
#           opentelemetry-sdk 1.45.2; Python 3.11.
# Guess:    one answer, one figure: each count of a stream is the count so far, and the last word
#           counts.
# Seen:     message_start says 1 output token and message_delta 7: the client's usage says 7, the span
#           of the streamed call 8 and of the call in one piece 7. With 5 at the start it is 12.
# Matters:  output tokens are the dear ones, and a comparison of a streaming application with one that does
#           not stream is off by what the first event said, each call; short answers suffer most.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from anthropic import Anthropic
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

first = 1


def message(content, reason, tokens):
    about = {"id": "m1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_sequence": None}
    usage = {"input_tokens": 100, "output_tokens": tokens}
    return {**about, "content": content, "stop_reason": reason, "usage": usage}


def events():
    yield {"type": "message_start", "message": message([], None, first)}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "at noon"}}
    yield {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 7}}
    yield {"type": "message_stop"}


class Model(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked.get("stream"):
            kind = "text/event-stream"
            body = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events())
        else:
            kind = "application/json"
            body = json.dumps(message([{"type": "text", "text": "at noon"}], "end_turn", 7))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())


model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
Thread(target=model.serve_forever, daemon=True).start()
kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
AnthropicInstrumentor().instrument(tracer_provider=provider)
client = Anthropic(api_key="none", base_url=f"http://127.0.0.1:{model.server_port}")
ask = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "when?"}]}


def spans():
    [span] = kept.get_finished_spans()
    kept.clear()
    return span.attributes["gen_ai.usage.output_tokens"]


print("one piece", client.messages.create(**ask).usage.output_tokens, spans())
for first in (1, 5):
    with client.messages.stream(**ask) as stream:
        print("streamed", stream.get_final_message().usage.output_tokens, end=" ")
    print(spans())
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "opentelemetry-instrumentation-anthropic==0.62.4" "anthropic==2.14.0" \
  "opentelemetry-sdk==1.45.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "tokens of the client, of the span: $seen"
test "$seen" = "one piece 7 7
streamed 7 8
streamed 7 12"
