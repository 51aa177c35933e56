#!/usr/bin/env bash
# In langchain-anthropic a streamed answer has no input tokens where the server says them once, at the start.
#
# Versions: langchain-anthropic 1.7.10, anthropic 2.14.0; Python 3.11.
# Guess:    input tokens are what message_start says, unless a later event says otherwise: its usage need
#           hold output tokens alone, and the example of Anthropic's reference for streams holds no more.
# Seen:     message_start with 100 input tokens, 800 of a cache besides, and a message_delta with 7 output
#           tokens: invoke() and the client's own stream say so, and the streamed message of LangChain has 0
#           input tokens, 7 in all and no cache. Where message_delta repeats them they are there.
# Matters:  servers that speak the protocol without the repetition (gateways, local models) look free but for
#           their answers: of a long conversation nearly the whole price is gone, and 0 is no gap that one
#           could see.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from anthropic import Anthropic
from langchain_anthropic import ChatAnthropic

question = {"input_tokens": 100, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 0}
repeated = {}


def message(content, reason, tokens):
    about = {"id": "m1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_sequence": None}
    return {**about, "content": content, "stop_reason": reason, "usage": {**question, "output_tokens": tokens}}


def events():
    yield {"type": "message_start", "message": message([], None, 1)}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "at noon"}}
    yield {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {**repeated, "output_tokens": 7}}
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
where = {"api_key": "none", "base_url": f"http://127.0.0.1:{model.server_port}"}
chat = ChatAnthropic(model="claude-sonnet-4-5", **where)


def told(message):
    usage = message.usage_metadata
    return [usage["input_tokens"], usage["output_tokens"], usage["input_token_details"].get("cache_read")]


def whole(chunks):
    first, *rest = chunks
    for chunk in rest:
        first += chunk
    return first


ask = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "when?"}]}
with Anthropic(**where).messages.stream(**ask) as stream:
    usage = stream.get_final_message().usage
print("client", [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens])
print("invoke", told(chat.invoke("when?")))
print("stream", told(whole(chat.stream("when?"))))
repeated = question
print("repeated", told(whole(chat.stream("when?"))))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-anthropic==1.7.10" "anthropic==2.14.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "client [100, 7, 800]
invoke [900, 7, 800]
stream [0, 7, None]
repeated [900, 7, 800]"
