#!/usr/bin/env bash
# pytrec_eval leaves out queries for which nothing was retrieved; ir-measures counts them as 0.
#
# Versions: pytrec-eval-terrier 0.5.11 (trec_eval), ir-measures 0.4.3, which uses it; Python 3.11.
# Guess:    a query that has a relevant document and no answer has a reciprocal rank of 0.
# Seen:     with two queries of which one was answered, pytrec_eval returns a figure for that one
#          only (mean 1.0), ir-measures 0.5. An empty answer, in place of none, is 0 in both.
# Matters:  an index that was down for half of the queries looks twice as good as one that answered
#          them badly.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import ir_measures
import pytrec_eval

wanted = {"q1": {"d1": 1}, "q2": {"d2": 1}}
found = {"q1": {"d1": 1.0}}


def mean(run):
    each = pytrec_eval.RelevanceEvaluator(wanted, {"recip_rank"}).evaluate(run)
    return sum(query["recip_rank"] for query in each.values()) / len(each)


print(mean(found), mean({**found, "q2": {}}), ir_measures.calc_aggregate([ir_measures.RR], wanted, found)[ir_measures.RR])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "pytrec-eval-terrier==0.5.11" "ir-measures==0.4.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1.0 0.5 0.5"
