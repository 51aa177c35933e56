#!/usr/bin/env bash
# litellm's proxy passes a provider's Retry-After on under another name, and its limits under their own.
#
# Versions: litellm 1.108.7 (proxy); Python 3.11. Version 1.80.0 passed none of them on.
# Guess:    a 429 of the provider reaches the client with Retry-After, which every client waits by.
# Seen:     `llm_provider-retry-after: 7` and no Retry-After, while `x-ratelimit-remaining-requests`
#           comes under its own name as well as under `llm_provider-...`.
# Matters:  a client that knows Retry-After alone sees a limit without a time and asks again at once,
#           or gives up; it has to know the other name too.
set -euo pipefail
work=$(mktemp -d); proxy= upstream=
trap 'kill $proxy $upstream 2> /dev/null || true; rm -rf "$work"' EXIT
if command -v uv > /dev/null; then  # pip takes minutes for its many packages
  uv venv -q "$work/v" && uv pip install -q --python "$work/v" "litellm[proxy]==1.108.7"
else
  python3 -m venv "$work/v" && "$work/v/bin/pip" -q install "litellm[proxy]==1.108.7" 2> /dev/null
fi
cd "$work"
cat > upstream.py <<'PY'
import http.server


class Limited(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
        self.send_response(429)
        for name, value in (
            ("retry-after", "7"),
            ("x-ratelimit-remaining-requests", "0"),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Limited)
open("port", "w").write(str(server.server_address[1]))
server.serve_forever()
PY
python3 upstream.py & upstream=$!
until [ -s port ]; do sleep 0.1; done
cat > config.yaml <<YAML
model_list:
  - model_name: judge
    litellm_params: {model: openai/judge, api_base: "http://127.0.0.1:$(cat port)/v1", api_key: up}
litellm_settings: {num_retries: 0}
router_settings: {num_retries: 0}
general_settings: {master_key: sk-master}
YAML
free=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LITELLM_LOCAL_MODEL_COST_MAP=True v/bin/litellm --config config.yaml --host 127.0.0.1 \
  --port "$free" > log 2>&1 & proxy=$!
until curl -sf "http://127.0.0.1:$free/health/liveliness" > /dev/null; do kill -0 $proxy; sleep 0.5; done
curl -s -o body -D headers "http://127.0.0.1:$free/v1/chat/completions" \
  -H 'authorization: Bearer sk-master' -H 'content-type: application/json' \
  -d '{"model": "judge", "messages": [{"role": "user", "content": "hi"}]}'
seen=$(tr -d '\r' < headers | grep -iE '^http|retry|remaining' | cut -d' ' -f1,2 | sort | paste -sd' ')
echo "$seen"
[ "$seen" = "HTTP/1.1 429 llm_provider-retry-after: 7 llm_provider-x-ratelimit-remaining-requests: 0 x-ratelimit-remaining-requests: 0" ]
