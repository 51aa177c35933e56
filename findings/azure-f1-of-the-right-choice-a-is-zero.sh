#!/usr/bin/env bash
# Azure's F1 evaluator gives the right choice "A" no point, and the right choice "B" all.
#
# Versions: azure-ai-evaluation 1.18.10; Python 3.11.
# Guess:    an answer that equals the reference to the letter has an F1 of 1.
# Seen:     f1_score 0.0 for response "A" and ground truth "A", 1.0 for "B" and "B": articles are
#          dropped first, "a" is one, and nothing compared with nothing is 0 here.
# Matters:  on multiple choice a quarter of the right answers counts as wrong, and a model that
#          prefers another letter looks better.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from azure.ai.evaluation import F1ScoreEvaluator

f1 = F1ScoreEvaluator()
print(*(f1(response=choice, ground_truth=choice)["f1_score"] for choice in "ABCD"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "azure-ai-evaluation==1.18.10" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.0 1.0 1.0 1.0"
