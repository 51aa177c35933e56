#!/usr/bin/env bash
# autoevals' JSONDiff gives 0.99995 to the wrong order number, and 0 to the wrong yes.
#
# Versions: autoevals 0.4.1; Python 3.11.
# Guess:    a leaf of a JSON object is equal or it is not; what is near is asked for.
# Seen:     {"order": 10001} against {"order": 10002} is 0.99995, against {"order": 20001} 0.6667, and an
#          amount of 100 for 110 is 0.952: numbers are compared by their size. True against False is 0,
#          and a key that is missing equals one that is null: 1.
# Matters:  numbers that name things (orders, customers, years, status codes) are right by their digits or
#          not at all; the mean over a suite of refunds to the wrong order says 1.00.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from autoevals.json import JSONDiff

pairs = [
    ({"order": 10001}, {"order": 10002}),
    ({"order": 10001}, {"order": 20001}),
    ({"amount": 100}, {"amount": 110}),
    ({"paid": True}, {"paid": False}),
    ({}, {"paid": None}),
]
print(*(round(JSONDiff()(output=said, expected=true).score, 5) for said, true in pairs))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "autoevals==0.4.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.99995 0.66669 0.95238 0.0 1.0"
