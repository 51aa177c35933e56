#!/usr/bin/env bash
# langchain-openai adds up the running totals of a stream: ten tokens read once are thirty.
#
# Versions: langchain-openai 1.7.4, langchain-core 1.8.3; Python 3.11.
# Guess:    where a server says in every chunk how many tokens there were so far (vLLM does, with
#          `continuous_usage_stats`), the last word counts, as it does in a stream that says it once.
# Seen:     three chunks that say 10 prompt tokens and 1, 2, 2 completion tokens: usage_metadata has 30 and
#          5. A stream with the last of them alone has 10 and 2.
# Matters:  tokens and costs grow with the number of chunks, so that long answers of a local server look
#          dearer by hundreds of times; nothing in the record tells a sum from a count.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_openai import ChatOpenAI

HEAD = {"id": "c", "created": 1, "model": "m-1", "object": "chat.completion.chunk"}
PARTS = [{"delta": {"role": "assistant", "content": "Par"}}, {"delta": {"content": "is"}, "finish_reason": "stop"}, None]


def chunk(number, part, every):
    choices = [] if part is None else [{"index": 0, "finish_reason": None, **part}]
    written = min(number + 1, 2)
    usage = {"prompt_tokens": 10, "completion_tokens": written, "total_tokens": 10 + written}
    return {**HEAD, "choices": choices, "usage": usage if every or part is None else None}


class Server(BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        every = asked["stream_options"].get("continuous_usage_stats", False)
        lines = [json.dumps(chunk(number, part, every)) for number, part in enumerate(PARTS)]
        body = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/v1"
for every in (False, True):
    asks = {"stream_options": {"include_usage": True, "continuous_usage_stats": every}}
    said = ChatOpenAI(model="m-1", api_key="none", base_url=address, streaming=True, extra_body=asks).invoke("?")
    print(said.content, said.usage_metadata["input_tokens"], said.usage_metadata["output_tokens"])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-openai==1.7.4" "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "Paris 10 2
Paris 30 5"
