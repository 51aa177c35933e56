#!/usr/bin/env bash
# In ir-measures the reciprocal rank within the first five is 1.0 where that of the whole list is 0.5.
#
# Versions: ir-measures 0.4.3 with pytrec-eval-terrier 0.5.11; Python 3.11.
# Guess:    RR@5 is RR or, where the first hit comes later than fifth, 0: never more than RR.
# Seen:     for two documents with one score RR is 0.5 and RR@5 is 1.0, in one call over one run. The
#          measure with a cutoff is computed by another of the libraries inside, which breaks ties the
#          other way round.
# Matters:  results of retrievers that score many documents alike look better under RR@10 than under RR,
#          and a table that has both contradicts itself; with distinct scores the two agree.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import ir_measures
from ir_measures import RR

wanted = {"q": {"d1": 1}}


def both(found):
    figures = ir_measures.calc_aggregate([RR, RR @ 5], wanted, {"q": found})
    return figures[RR], figures[RR @ 5]


print(both({"d9": 1.0, "d1": 1.0}), both({"d1": 1.0, "d9": 1.0}), both({"d9": 2.0, "d1": 1.0}))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "ir-measures==0.4.3" "pytrec-eval-terrier==0.5.11" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "(0.5, 1.0) (0.5, 1.0) (0.5, 0.5)"
