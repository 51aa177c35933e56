#!/usr/bin/env bash
# The Levenshtein score of one pair of texts is 0.615 in Opik and 0.571 in autoevals and openevals.
#
# Versions: opik 2.2.122, autoevals 0.4.1, openevals 0.2.2; Python 3.11.
# Guess:    Levenshtein's distance is one thing, and a ratio of it is one minus the distance over the longer
#           length.
# Seen:     kitten and sitting 0.6154, 0.5714 and 0.5714; abcd and bcda 0.75, 0.5 and 0.5. Opik's ratio is
#           over both lengths together and counts a letter that was replaced as two steps, out and in.
# Matters:  a bar that was set with one library is another with the next, and not by a factor: where letters
#           moved, Opik forgives more; where all are wrong, all say 0.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export OPIK_TRACK_DISABLE=true
cat > "$work/look.py" <<'PY'
from autoevals import Levenshtein
from openevals.string.levenshtein import levenshtein_distance
from opik.evaluation.metrics import LevenshteinRatio

for answer, reference in (("kitten", "sitting"), ("abcd", "bcda"), ("yes", "no")):
    scores = (
        LevenshteinRatio(track=False).score(output=answer, reference=reference).value,
        Levenshtein()(output=answer, expected=reference).score,
        levenshtein_distance(outputs=answer, reference_outputs=reference)["score"],
    )
    print(answer, reference, *(round(score, 4) for score in scores))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "opik==2.2.122" "autoevals==0.4.1" "openevals==0.2.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "kitten sitting 0.6154 0.5714 0.5714
abcd bcda 0.75 0.5 0.5
yes no 0.0 0.0 0.0"
