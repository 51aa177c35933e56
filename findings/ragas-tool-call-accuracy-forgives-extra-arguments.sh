#!/usr/bin/env bash
# Ragas' ToolCallAccuracy forgives an argument nobody expected, and no extra call; ToolCallF1 does
# the reverse.
#
# Versions: ragas 0.4.3 with langchain-community 0.3.31; Python 3.11.
# Guess:    a call with an argument that the reference does not have is not accurate; both metrics
#          agree on what an equal call is.
# Seen:     delete(path="x", force=True) against delete(path="x"): accuracy 1.0, F1 0.0. The right
#          call made twice: accuracy 0.0, F1 1.0.
# Matters:  one figure cannot be replaced by the other, and a dangerous flag that a model added
#          costs nothing in the first.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export RAGAS_DO_NOT_TRACK=true
cat > "$work/look.py" <<'PY'
import asyncio

from ragas.dataset_schema import MultiTurnSample
from ragas.messages import AIMessage, HumanMessage, ToolCall
from ragas.metrics import ToolCallAccuracy, ToolCallF1


def both(called, expected):
    said = [HumanMessage(content="?"), AIMessage(content="!", tool_calls=called)]
    sample = MultiTurnSample(user_input=said, reference_tool_calls=expected)
    return [float(asyncio.run(metric.multi_turn_ascore(sample))) for metric in (ToolCallAccuracy(), ToolCallF1())]


plain = ToolCall(name="delete", args={"path": "x"})
forced = ToolCall(name="delete", args={"path": "x", "force": True})
print(both([plain], [plain]), both([forced], [plain]), both([plain, plain], [plain]))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "ragas==0.4.3" \
  "langchain-community==0.3.31" \
  "langchain-core<1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "[1.0, 1.0] [1.0, 0.0] [0.0, 1.0]"
