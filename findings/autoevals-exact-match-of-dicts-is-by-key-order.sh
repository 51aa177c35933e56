#!/usr/bin/env bash
# autoevals' ExactMatch finds two equal dicts unequal when their keys stand in another order.
#
# Versions: autoevals 0.4.1; Python 3.11.
# Guess:    two dicts that Python calls equal match exactly; a dict and its JSON text do not.
# Seen:     score 0 for {"a": 1, "b": 2} and {"b": 2, "a": 1}, and 1 for a dict and the text
#          json.dumps makes of it: both sides are turned into text first, in the order they came.
# Matters:  the order of keys is the model's whim; structured answers lose points for it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from autoevals import ExactMatch

right, turned = {"a": 1, "b": 2}, {"b": 2, "a": 1}
assert right == turned
print(ExactMatch()(right, right).score, ExactMatch()(turned, right).score, ExactMatch()(json.dumps(right), right).score)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "autoevals==0.4.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 0 1"
