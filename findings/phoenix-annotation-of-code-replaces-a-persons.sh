#!/usr/bin/env bash
# Phoenix takes an annotation that code makes for the one that a person made, and replaces it.
#
# Expected: annotations say who made them (`annotator_kind` HUMAN, LLM or CODE), so a span can hold a person's
#   verdict and a program's under one name, as its page shows them side by side.
# Happens: what tells two annotations of a span apart is name and `identifier`, which is empty unless sent: the write of
#   a program with kind CODE answers 200 with the id of the person's annotation, whose score, label, explanation and
#   kind are gone. With an identifier both stay, which is why evalkit always sends one.
# With: arize-phoenix 20.26.1, Python 3.11.
# Seen, 2026-11-29: after HUMAN 0.0 "rude", then CODE 1.0: one annotation, CODE 1.0, no label; with identifier "mine": two.
set -euo pipefail

work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q "arize-phoenix==20.26.1"
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free)
PHOENIX_WORKING_DIR="$work" PHOENIX_HOST=127.0.0.1 PHOENIX_PORT="$port" PHOENIX_GRPC_PORT=$(free) \
  PHOENIX_TELEMETRY_ENABLED=false venv/bin/python -m phoenix.server.main serve > server.log 2>&1 &
server=$!

cat > look.py <<'PY'
import sys, time
import httpx

http = httpx.Client(base_url=f"http://127.0.0.1:{sys.argv[1]}", timeout=30)
for _ in range(400):
    try:
        http.get("/arize_phoenix_version").raise_for_status()
        break
    except httpx.HTTPError:
        time.sleep(0.3)

span = {"name": "answer", "span_kind": "CHAIN", "status_code": "OK", "attributes": {},
        "context": {"trace_id": "0" * 31 + "1", "span_id": "0" * 15 + "1"},
        "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:01Z"}
http.post("/v1/projects/default/spans", json={"data": [span]}).raise_for_status()
for _ in range(100):
    if http.get("/v1/projects/default/spans").json().get("data"):
        break
    time.sleep(0.1)


def annotate(kind, **more):
    row = {"span_id": "0" * 15 + "1", "name": "polite", "annotator_kind": kind, **more}
    answer = http.post("/v1/span_annotations", params={"sync": "true"}, json={"data": [row]})
    answer.raise_for_status()
    return answer.json()["data"][0]["id"]


def there():
    found = http.get("/v1/projects/default/span_annotations", params={"span_ids": "0" * 15 + "1"})
    return [(each["annotator_kind"], each["result"]["score"], each["result"].get("label"))
            for each in found.json()["data"]]


person = annotate("HUMAN", result={"score": 0.0, "label": "rude", "explanation": "heard it"})
before = there()
program = annotate("CODE", result={"score": 1.0})
after = there()
annotate("HUMAN", result={"score": 0.0, "label": "rude"}, identifier="mine")
both = there()
print(before, after, both, person == program)
assert before == [("HUMAN", 0.0, "rude")], before
assert person == program
assert after == [("CODE", 1.0, None)], after
assert len(both) == 2, both
PY
venv/bin/python look.py "$port"
