#!/usr/bin/env bash
# Instructor turns the usage of every attempt it made into the sum of the attempts so far, after it was told.
#
# Versions: instructor 1.17.0, openai 3.3.0; Python 3.11.
# Guess:    the hook completion:response is given each answer as the server sent it, and what it keeps stays
#           so: its usages add up to what was used.
# Seen:     three attempts of 110, 210 and 310 tokens are told as such; the same objects, read when the call
#           has ended, say 110, 320 and 630, whose sum is 1060. The answer of create_with_completion says 630
#           as well, and failed_attempts of an exception hold such sums one behind the other.
# Matters:  whoever prices at once is right; whoever collects answers and prices them later (in a batch, in
#           another thread, from a list of failures) pays the first attempts again with each later one, and the
#           error grows with the square of the retries.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import instructor
from instructor.core import InstructorRetryException
from openai import OpenAI
from pydantic import BaseModel

replies = iter([("good", 110), ("very good", 210), (4, 310), *[("good", 100)] * 9])


class Model(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        score, tokens = next(replies)
        call = {"name": "Grade", "arguments": json.dumps({"score": score})}
        said = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": call}]}
        answer = {"id": "a", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
        answer["choices"] = [{"index": 0, "finish_reason": "stop", "message": said}]
        answer["usage"] = {"prompt_tokens": tokens - 10, "completion_tokens": 10, "total_tokens": tokens}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


class Grade(BaseModel):
    score: int


def tokens(answers):
    return [answer.usage.total_tokens for answer in answers]


model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
Thread(target=model.serve_forever, daemon=True).start()
plain = OpenAI(api_key="none", base_url=f"http://127.0.0.1:{model.server_port}/v1", max_retries=0)
client = instructor.from_openai(plain)
told, kept = [], []
client.on("completion:response", lambda answer: (told.extend(tokens([answer])), kept.append(answer)))
ask = {"model": "gpt-4o", "response_model": Grade, "messages": [{"role": "user", "content": "grade it"}]}
_, last = client.chat.completions.create_with_completion(**ask, max_retries=5)
print(told, tokens(kept), tokens([last]))
try:
    client.chat.completions.create(**ask, max_retries=2)
except InstructorRetryException as error:
    print(tokens(each.completion for each in error.failed_attempts))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "instructor==1.17.0" "openai==3.3.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "told, kept, returned; kept of failures: $seen"
test "$seen" = "[110, 210, 310] [110, 320, 630] [630]
[100, 200, 300]"
