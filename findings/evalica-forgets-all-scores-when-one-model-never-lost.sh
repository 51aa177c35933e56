#!/usr/bin/env bash
# Evalica's Bradley-Terry scores of all models are equal when one of them never lost.
#
# Versions: evalica 0.4.2; Python 3.11.
# Guess:    a model that won every comparison has the highest score, huge or infinite, and the others are
#           ranked by what they won of each other.
# Seen:     A beats B and C three times each, B beats C two times of three: 0.000001 for A, B and C alike,
#           after 2 iterations of 100, without a warning. One win of B over A more, and the scores are 3.70,
#           0.88 and 0.31.
# Matters:  the clearest result that a comparison can have is shown as none at all; a ranking sorted by it
#           is the order in which the names came. Elo, from the same pairs, puts A first.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import warnings

import evalica
from evalica import Winner

warnings.simplefilter("error")
pairs = [("A", "B", Winner.X)] * 3 + [("A", "C", Winner.X)] * 3
pairs += [("B", "C", Winner.X)] * 2 + [("B", "C", Winner.Y)]


def told(method, pairs, digits):
    result = method(*map(list, zip(*pairs)))
    return [round(float(result.scores[name]), digits) for name in "ABC"], getattr(result, "iterations", None)


print(*told(evalica.bradley_terry, pairs, 6))
print(*told(evalica.bradley_terry, [*pairs, ("A", "B", Winner.Y)], 2)[:1])
elo, _ = told(evalica.elo, pairs, 1)
print(elo[0] > elo[1] and elo[0] > elo[2])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "evalica==0.4.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py)
echo "$seen"
test "$seen" = "[1e-06, 1e-06, 1e-06] 2
[3.7, 0.88, 0.31]
True"
