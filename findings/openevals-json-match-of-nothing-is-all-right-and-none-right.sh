#!/usr/bin/env bash
# Two empty JSON objects match wholly or not at all, as one asks for all keys or for their average.
#
# Versions: openevals 0.2.2 from PyPI; Python 3.
# Guess:    `create_json_match_evaluator` gives {} against {} the score 1, whatever `aggregator` is:
#           for any other pair `average` is 1 exactly when `all` is.
# Seen:     1 with `aggregator="all"`, 0 with "average", and without one no score at all. Where both
#           have a key, the two agree.
# Matters:  an agent that rightly calls a tool without arguments, or rightly extracts nothing, is
#           counted as wrong by the average and as right by the other, in the same data.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from openevals.json import create_json_match_evaluator

def said(aggregator, value):
    judge = create_json_match_evaluator(aggregator=aggregator)
    return [int(each["score"]) for each in judge(outputs=value, reference_outputs=value)]

print(*(said(each, {}) for each in ("all", "average", None)))
print(*(said(each, {"a": 1}) for each in ("all", "average", None)))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install "openevals==0.2.2" 2>/dev/null
seen=$("$work/v/bin/python" -W ignore "$work/look.py")
echo "all, average, no aggregator; of {}, then of one key:"
echo "$seen"
test "$seen" = "$(printf '[1] [0] []\n[1] [1] [1]')"
