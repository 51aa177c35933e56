#!/usr/bin/env bash
# LangChain's JSON equality ignores the order of a list at the top, and heeds it one level below.
#
# Versions: langchain-classic 1.0.8; Python 3.11.
# Guess:    a JSON array has an order, so [1, 2] is not [2, 1], alone or as the value of a key.
# Seen:     True for [1, 2] against [2, 1] and for two tool calls in the reverse order; False for the same
#           two lists as the value of a key, and for each of them inside another list.
# Matters:  a plan or a trajectory that is an array passes in any order, and wrapped as {"steps": [...]} in
#           one alone: a change of the envelope changes the score, and "pay, then check" is "check, then pay".
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from langchain_classic.evaluation import load_evaluator

same = load_evaluator("json_equality")
calls = [{"tool": "check", "args": {"order": 7}}, {"tool": "pay", "args": {"order": 7}}]
for one in ([1, 2], calls):
    other = one[::-1]
    pairs = [(one, other), ({"steps": one}, {"steps": other}), ([one], [other])]
    texts = [{"prediction": json.dumps(left), "reference": json.dumps(right)} for left, right in pairs]
    print(*(same.evaluate_strings(**each)["score"] for each in texts))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-classic==1.0.8" "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "turned round alone, below a key, in a list: $seen"
test "$seen" = "True False False
True False False"
