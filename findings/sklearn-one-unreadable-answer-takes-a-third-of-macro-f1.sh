#!/usr/bin/env bash
# One answer of a thousand that could not be parsed takes a third of scikit-learn's macro F1.
#
# Versions: scikit-learn 1.9.1; Python 3.11.
# Guess:    the macro average is over the classes that the references have; a prediction that is none of
#          them is one mistake, and costs about a thousandth.
# Seen:     500 yes and 500 no, all right but one no that came as "?": accuracy 0.999, balanced accuracy
#          0.999, macro F1 0.6663. What was predicted is a class too, with an F1 of 0, and weighs as much
#          as the others. The warnings speak of recall, not of a class more.
# Matters:  on labels that a model writes, macro F1 tells how many different misspellings there were; the
#          second unreadable answer of the same wording is free. `labels=` has to name the true ones.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

true = ["yes"] * 500 + ["no"] * 500
said = ["yes"] * 500 + ["no"] * 499 + ["?"]
print(
    accuracy_score(true, said),
    round(balanced_accuracy_score(true, said), 3),
    round(f1_score(true, said, average="macro"), 4),
    round(f1_score(true, [*said[:-2], "?", "?"], average="macro"), 4),
    round(f1_score(true, [*said[:-2], "?", "-"], average="macro"), 4),
    round(f1_score(true, said, average="macro", labels=["yes", "no"]), 4),
)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "scikit-learn==1.9.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.999 0.999 0.6663 0.666 0.4995 0.9995"
