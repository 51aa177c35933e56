#!/usr/bin/env bash
# DSPy's exact match takes 1.5 for 15 and -5 for 5.
#
# Versions: dspy 3.4.1; Python 3.11.
# Guess:    an exact match forgives case, articles and a full stop at the end, and tells numbers
#          apart.
# Seen:     EM is True for ("1.5", "15"), ("-5", "5") and ("3/4", "34"): every punctuation mark is
#          dropped, wherever it stands. Nothing warns.
# Matters:  a model that loses the sign or the decimal point is marked right; on sheets of sums the
#          figure is too good by just the mistakes one looks for.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from dspy.evaluate.metrics import EM

print(*(EM(said, [right]) for said, right in [("1.5", "15"), ("-5", "5"), ("3/4", "34"), ("16", "15")]))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "dspy==3.4.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "True True True False"
