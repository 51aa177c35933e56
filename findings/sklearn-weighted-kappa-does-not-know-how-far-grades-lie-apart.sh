#!/usr/bin/env bash
# scikit-learn's weighted kappa takes grades 2 and 5 for neighbours when nobody gave a 3 or a 4.
#
# Versions: scikit-learn 1.9.1; Python 3.11.
# Guess:    `weights="quadratic"` over grades from 1 to 5 weighs a 5 for a 2 with nine, whatever other
#          grades occur: they are numbers.
# Seen:     0.7273 for eight pairs of 1, 2 and 5, and 0.6082 for the same pairs once `labels=` says that
#          3 and 4 exist; grades 1, 2 and 3 in their place get the same 0.7273. What counts is the rank
#          among the grades seen; of grades that are texts it is the alphabet's: "10" comes before "2".
# Matters:  judges avoid the middle of a scale, and then the worst disagreement is the cheapest; kappas of
#          two judges are not of one scale unless both used all of it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from sklearn.metrics import cohen_kappa_score

person = [1, 1, 2, 2, 5, 5, 1, 5]
judge = [1, 2, 2, 5, 5, 5, 1, 2]
near = {1: 1, 2: 2, 5: 3}


def kappa(a, b, **more):
    return round(cohen_kappa_score(a, b, weights="quadratic", **more), 4)


print(
    kappa(person, judge),
    kappa([near[n] for n in person], [near[n] for n in judge]),
    kappa(person, judge, labels=[1, 2, 3, 4, 5]),
)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "scikit-learn==1.9.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.7273 0.7273 0.6082"
