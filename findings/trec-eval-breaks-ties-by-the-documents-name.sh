#!/usr/bin/env bash
# Two documents with the same score are ranked by their names, the last letter of the alphabet first.
#
# Versions: pytrec-eval-terrier 0.5.10 from PyPI (trec_eval); Python 3.
# Guess:    of documents with equal scores the one that was put into the run first comes first; at
#           least their names, which are arbitrary, do not matter.
# Seen:     reciprocal rank 0.5 for {"d1": 1.0, "d9": 1.0} where d1 is the relevant one, in either
#           order of the run, and 1.0 once the irrelevant one is called "d0". Nothing warns.
# Matters:  retrievers that return no scores are often given one score for all documents, and then
#           what is measured is the alphabet; a change of how ids are made moves every figure.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import pytrec_eval

def rank(*others):
    run = {name: 1.0 for name in others}
    measured = pytrec_eval.RelevanceEvaluator({"q": {"d1": 1}}, {"recip_rank"})
    return measured.evaluate({"q": run})["q"]["recip_rank"]

print(rank("d1", "d9"), rank("d9", "d1"), rank("d1", "d0"), rank("d0", "d1"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install "pytrec-eval-terrier==0.5.10" 2>/dev/null
seen=$("$work/v/bin/python" "$work/look.py")
echo "relevant d1 beside d9, d9 beside d1, d1 beside d0, d0 beside d1: $seen"
test "$seen" = "0.5 0.5 1.0 1.0"
