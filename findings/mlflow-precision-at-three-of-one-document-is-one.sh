#!/usr/bin/env bash
# MLflow's precision at 3 is 1.0 for a retriever that found one document.
#
# Versions: mlflow-skinny 3.17.2, scikit-learn 1.9.1, pytrec-eval-terrier 0.5.11 (trec_eval); Python 3.11.
# Guess:    precision at k is the number of relevant documents among the first k, divided by k: 0.33 for one
#           right document of three places, as trec_eval says.
# Seen:     divided by how many came back, three at most: one right document alone is 1.0, with two wrong ones
#           behind it 0.33. The right document three times over is 1.0 as well. trec_eval says 0.33 to the
#           first two; it cannot be given the third.
# Matters:  returning less is the surest way up: a retriever with a high bar for what it returns beats one that
#           fills its places, and precision_at_k says nothing about k.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export MLFLOW_DISABLE_TELEMETRY=true
cat > "$work/look.py" <<'PY'
import pandas
import pytrec_eval
from mlflow.metrics import precision_at_k

trec_eval = pytrec_eval.RelevanceEvaluator({"q": {"right": 1}}, {"P.3"})
for found in (["right"], ["right", "wrong", "worse"], ["right", "right", "right"]):
    here = precision_at_k(3)(predictions=pandas.Series([found]), targets=pandas.Series([["right"]])).scores[0]
    run = {"q": {name: 1.0 / place for place, name in enumerate(found, 1)}}
    there = trec_eval.evaluate(run)["q"]["P_3"] if len(set(found)) == len(found) else None
    print(len(found), round(here, 2), there and round(there, 2))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "mlflow-skinny==3.17.2" "scikit-learn==1.9.1" "pandas==3.1.1" \
  "pytrec-eval-terrier==0.5.11" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 1.0 0.33
3 0.33 0.33
3 1.0 None"
