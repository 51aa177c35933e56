#!/usr/bin/env bash
# A tool call that was cut off by the token limit is refused by langchain-openai, and made whole where
# the same answer was streamed.
#
# Versions: langchain-openai 1.7.4, langchain-core 1.8.3; Python 3.11.
# Guess:    arguments that end in the middle are in `invalid_tool_calls`, streamed or not; what was left
#          out is nobody's to guess.
# Seen:     '{"path": "/srv/app", "keep": ["a", "b' with finish_reason "length": invalid in one piece; in
#          a stream the call delete(path="/srv/app", keep=["a", "b"]), nothing invalid and no warning.
#          invoke() of a model with streaming=True does the same.
# Matters:  an agent acts on arguments that the model had not finished, and the record shows a sound
#          call: scores of its arguments differ by whether a run was streamed. finish_reason alone tells.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_openai import ChatOpenAI

HALF = '{"path": "/srv/app", "keep": ["a", "b'
CALL = {"index": 0, "id": "t1", "type": "function", "function": {"name": "delete", "arguments": HALF}}
SAYS = {"role": "assistant", "content": None, "tool_calls": [CALL]}


class Server(BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_POST(self):
        streamed = json.loads(self.rfile.read(int(self.headers["content-length"]))).get("stream")
        head = {"id": "c", "created": 1, "model": "m-1", "object": "chat.completion"}
        if streamed:
            head["object"] += ".chunk"
            parts = [{"delta": SAYS, "finish_reason": None}, {"delta": {}, "finish_reason": "length"}]
            lines = [json.dumps({**head, "choices": [{"index": 0, **part}]}) for part in parts]
            body = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
        else:
            body = json.dumps({**head, "choices": [{"index": 0, "message": SAYS, "finish_reason": "length"}]})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
for streaming in (False, True):
    model = ChatOpenAI(
        model="m-1", api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1", streaming=streaming
    )
    said = model.invoke("?")
    print([call["args"] for call in said.tool_calls], len(said.invalid_tool_calls), said.response_metadata["finish_reason"])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-openai==1.7.4" "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "[] 1 length
[{'path': '/srv/app', 'keep': ['a', 'b']}] 0 length"
