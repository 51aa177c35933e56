"""A stand-in for a language model, so that this example needs no key: rules over OpenAI's protocol.

`python stand_in.py` answers on 127.0.0.1:8017 until it is stopped. It is too strict: an answer is
polite to it only when it thanks.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    """Chat completions, one verdict each."""

    def do_POST(self):
        """Judge what was sent."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps(asked["messages"]).lower()
        fine = "thank you" in text
        said = {"reasoning": "it thanks" if fine else "it does not thank"}
        said["verdict"] = "pass" if fine else "fail"
        message = {"role": "assistant", "content": json.dumps(said)}
        usage = {"prompt_tokens": len(text) // 4, "completion_tokens": 20}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps({"model": asked["model"], "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8017), Answers).serve_forever()
