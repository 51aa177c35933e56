#!/usr/bin/env bash
# json_repair reads two JSON objects as the last of them or as a list of both, by what their keys are.
#
# Versions: json-repair 0.64.6; Python 3.11.
# Guess:    a text with two objects gives a list of two, or the first, or the last; always the same.
# Seen:     {"score": 2} and {"score": 5} on two lines give {"score": 5}. With a comma between them, or with
#           "5" for 5, or with a key more in the second, they give a list of both. Of three lines with the
#           keys a, b, b the list has two: the first b is gone.
# Matters:  a judge that drafts and then decides is read as its decision until it adds a reason to the
#           second object, and then as a list, in which nobody finds a score; a JSON Lines answer loses
#           lines, and what is left looks whole.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json_repair

for text in (
    '{"score": 2}\n{"score": 5}',
    '{"score": 2},\n{"score": 5}',
    '{"score": 2}\n{"score": "5"}',
    '{"score": 2}\n{"score": 5, "why": "x"}',
    '{"a": 1}\n{"b": 2}\n{"b": 3}',
):
    print(json_repair.loads(text))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "json-repair==0.64.6" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{'score': 5}
[{'score': 2}, {'score': 5}]
[{'score': 2}, {'score': '5'}]
[{'score': 2}, {'score': 5, 'why': 'x'}]
[{'a': 1}, {'b': 3}]"
