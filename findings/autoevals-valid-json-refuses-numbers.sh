#!/usr/bin/env bash
# autoevals' ValidJSON finds 1, true, null and "text" invalid.
#
# Versions: autoevals 0.4.1; Python 3.11.
# Guess:    what a JSON parser reads is valid: RFC 8259 allows any value at the top.
# Seen:     score 1 for objects and arrays, 0 for the numbers, strings, booleans and null that
#          json.loads reads.
# Matters:  an application whose answers are single values scores 0 although each parses; other
#          libraries' IsJson says 1.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from autoevals import ValidJSON

texts = ['{"a": 1}', "[1]", "1", "true", "null", '"text"']
for text in texts:
    json.loads(text)
print(*(ValidJSON()(text).score for text in texts))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "autoevals==0.4.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 1 0 0 0 0"
