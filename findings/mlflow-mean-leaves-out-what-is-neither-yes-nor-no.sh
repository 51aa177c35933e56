#!/usr/bin/env bash
# MLflow's mean over "yes", "maybe" and "maybe" is 1.0.
#
# Versions: mlflow 3.17.2, mlflow.genai.evaluate on SQLite; Python 3.11.
# Guess:    a scorer that also says other words has no mean, or its other words count as not yes.
# Seen:     "yes" once and "maybe" twice: mean 1.0. "yes" once and "no" twice: 0.333. "pass" and
#          "fail" have no mean at all.
# Matters:  an undecided judge looks like one that is content, and no count stands beside the mean
#          that would show it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export MLFLOW_DISABLE_TELEMETRY=true
cat > "$work/look.py" <<'PY'
import contextlib
import sys

import mlflow
from mlflow.genai.scorers import scorer

mlflow.set_tracking_uri("sqlite:///runs.db")


@scorer
def decided(outputs):
    return "yes" if outputs == "1" else "no"


@scorer
def undecided(outputs):
    return "yes" if outputs == "1" else "maybe"


@scorer
def passing(outputs):
    return "pass" if outputs == "1" else "fail"


rows = [{"inputs": {"q": q}, "outputs": str(q)} for q in (1, 2, 3)]
with contextlib.redirect_stdout(sys.stderr):  # it says how well it went
    means = mlflow.genai.evaluate(data=rows, scorers=[decided, undecided, passing]).metrics
print({name: round(float(mean), 3) for name, mean in sorted(means.items())})
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "mlflow==3.17.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{'decided/mean': 0.333, 'undecided/mean': 1.0}"
