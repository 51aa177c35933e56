#!/usr/bin/env bash
# Math-Verify takes the set {1, 2} for the point (1, 2), and the same set, written {2, 1}, not.
#
# Versions: math-verify 0.9.0; Python 3.11.
# Guess:    a point and a set are never equal, or always where the numbers are the same; {1, 2} and {2, 1}
#           are one set, and are marked alike.
# Seen:     where the reference is (1,2), the answers \{1,2\} and "1,2" are right and \{2,1\} and "2,1" wrong;
#           for (2,1) it is the other way round. Where the reference is \{1,2\}, both points are right, and
#           both sets.
# Matters:  a data set that wrote its points as sets, or without brackets, lets swapped coordinates pass; one
#           that wrote a solution set as a pair wants it in its own order. Which answers are right goes by the
#           brackets of the reference, and the marks of two such data sets are not of one task.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from math_verify import parse, verify

FORMS = ("$(1,2)$", "$(2,1)$", r"$\{1,2\}$", r"$\{2,1\}$", "$1,2$", "$2,1$")
for reference in FORMS[:3]:
    print(reference, *(int(verify(parse(reference), parse(answer))) for answer in FORMS))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "math-verify==0.9.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = '$(1,2)$ 1 0 1 0 1 0
$(2,1)$ 0 1 0 1 0 1
$\{1,2\}$ 1 1 1 1 1 1'
