#!/usr/bin/env bash
# autoevals finds true equal to the text "true" in JavaScript, and to the text "True" in Python.
#
# Versions: autoevals 0.4.1 from PyPI with Python 3.11, autoevals 0.3.0 from npm with Node 20.
# Guess:    one library in two languages gives one score to one row of a data set: JSON's true and "true" are
#           equal in both or in neither.
# Seen:     ExactMatch, (output, expected) in JavaScript and Python: (true, "true") 1 and 0; (true, "True") 0
#           and 1; (null, "null") 1 and 0; (null, "None") 0 and 1. JSONDiff gives 0 and 1 for (true, 1).
# Matters:  references that come from a CSV file or a form are text, and a checker's yes is a boolean: moving
#           an evaluation from one language to the other turns all of its marks round.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
cat > rows.json <<'JSON'
[[true, "true"], [true, "True"], [null, "null"], [null, "None"]]
JSON
cat > look.py <<'PY'
import json

from autoevals import ExactMatch, JSONDiff

with open("rows.json") as file:
    rows = json.load(file)
exact = [ExactMatch()(output=output, expected=expected).score for output, expected in rows]
print(*map(int, exact), "/", int(JSONDiff()(output=True, expected=1).score))
PY
cat > look.mjs <<'JS'
import { readFileSync } from "node:fs";
import { ExactMatch, JSONDiff } from "autoevals";

const scores = [];
for (const [output, expected] of JSON.parse(readFileSync("rows.json")))
  scores.push((await ExactMatch({ output, expected })).score);
console.log(...scores, "/", (await JSONDiff({ output: true, expected: 1 })).score);
JS
python3 -m venv v
v/bin/pip -q install --no-compile "autoevals==0.4.1" 2>/dev/null
npm init -y > /dev/null
npm install --silent --no-audit --no-fund autoevals@0.3.0
seen=$(node look.mjs 2>/dev/null; v/bin/python look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 0 1 0 / 0
0 1 0 1 / 1"
