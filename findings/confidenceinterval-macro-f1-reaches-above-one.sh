#!/usr/bin/env bash
# The interval of a macro F1 reaches from 0.56 to 1.44 for ten right answers of ten, and that of F1 has no width.
#
# Versions: confidenceinterval 1.0.5, scikit-learn 1.9.1; Python 3.11.
# Guess:    three figures that are all 1.0 over the same ten answers have intervals alike, below 1 at one end
#           and at most 1 at the other.
# Seen:     accuracy 0.72 to 1, binary F1 1 to 1, macro F1 0.56 to 1.44, each from the function that the package
#           has for it, as it comes. Nothing warns.
# Matters:  the width of an interval is what says whether ten answers are enough: the same ten are beyond all
#           doubt, worth a guess, or better than perfect, as one average or the other was asked for.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import warnings

from confidenceinterval import accuracy_score, f1_score

truth = [1, 0] * 5
with warnings.catch_warnings():
    warnings.simplefilter("error")
    found = {
        "accuracy": accuracy_score(truth, truth),
        "binary": f1_score(truth, truth, average="binary"),
        "macro": f1_score(truth, truth, average="macro"),
    }
for name, (figure, (low, high)) in found.items():
    print(name, round(float(figure), 2), round(float(low), 2), round(float(high), 2))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "confidenceinterval==1.0.5" "scikit-learn==1.9.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "accuracy 1.0 0.72 1.0
binary 1.0 1.0 1.0
macro 1.0 0.56 1.44"
