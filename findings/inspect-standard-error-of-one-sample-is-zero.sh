#!/usr/bin/env bash
# Inspect's standard error of a single sample is 0, as if the figure were certain.
#
# Versions: inspect-ai 0.3.285; Python 3.11.
# Guess:    with one sample a spread cannot be told: NaN, or no figure.
# Seen:     stderr() and std() of one score are 0, and so is accuracy() of no sample at all.
# Matters:  a log read by its metrics alone shows an accuracy of 1.0 with an error of 0.0 for one
#          lucky sample.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from inspect_ai.scorer import SampleScore, Score, accuracy, std, stderr

one = [SampleScore(score=Score(value=1.0))]
print(accuracy()(one), stderr()(one), std()(one), accuracy()([]))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "inspect-ai==0.3.285" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1.0 0 0 0.0"
