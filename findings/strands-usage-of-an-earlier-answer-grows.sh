#!/usr/bin/env bash
# The usage of an answer that Strands gave grows with every later question to the same agent.
#
# Versions: strands-agents 1.62.0; Python 3.11.
# Guess:    result.metrics.accumulated_usage is what that one call of the agent used, and stays so.
# Seen:     the first question used 6 tokens and its result says 6; after a second of 8 both results say 14,
#           for they hold one metrics object, the agent's. What each call used stands in
#           metrics.agent_invocations.
# Matters:  who runs a data set through one agent and adds up the results afterwards counts every question
#           once for each result: two questions of 14 tokens are 28, and a hundred are a hundredfold.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from strands import Agent
from strands.models import Model


class Scripted(Model):
    def __init__(self, *counts):
        self.counts = list(counts)

    def update_config(self, **_):
        pass

    def get_config(self):
        return {"model_id": "scripted"}

    def structured_output(self, *_, **__):
        raise NotImplementedError

    async def stream(self, *_, **__):
        read, written = self.counts.pop(0)
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": "fine"}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        usage = {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}


def total(result):
    return result.metrics.accumulated_usage["totalTokens"]


agent = Agent(model=Scripted((5, 1), (7, 1)), callback_handler=None)
first = agent("one?")
at_first = total(first)
second = agent("two?")
each = [call.usage["totalTokens"] for call in second.metrics.agent_invocations]
print(at_first, total(first), total(second), each)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "strands-agents==1.62.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "6 14 14 [6, 8]"
