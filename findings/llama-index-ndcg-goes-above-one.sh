#!/usr/bin/env bash
# LlamaIndex's NDCG and average precision go above one when a document comes twice.
#
# Versions: llama-index-core 0.14.25; Python 3.11.
# Guess:    NDCG and AP lie between 0 and 1, whatever is retrieved; a repeated document counts once.
# Seen:     for expected ["d1"] and retrieved ["d1", "d1", "d1"]: NDCG 2.1309, average precision
#          3.0, recall 1.0.
# Matters:  an index of chunks returns one document several times in the plain course of things, and
#          the worse the repetition the better the figure.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from llama_index.core.evaluation.retrieval.metrics import NDCG, AveragePrecision, Recall

for metric in (NDCG(), AveragePrecision(), Recall()):
    print(round(metric.compute(expected_ids=["d1"], retrieved_ids=["d1"] * 3).score, 4), end=" ")
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "llama-index-core==0.14.25" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "2.1309 3.0 1.0 "
