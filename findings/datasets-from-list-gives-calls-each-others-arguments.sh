#!/usr/bin/env bash
# Dataset.from_list gives every tool call the arguments of all others, empty; the JSON loader does
# not.
#
# Versions: datasets 5.2.0; Python 3.11.
# Guess:    the same rows are the same dataset, whether they come from a list or from a JSON Lines
#          file.
# Seen:     search(q="x") comes back from from_list as search(q="x", amount=None), since the
#          arguments of all calls are merged into one struct; load_dataset("json") keeps them as
#          they were.
# Matters:  a trajectory that went through from_list (or through Parquet made of it) never equals
#          its reference again: None is an argument the model did not give.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

import datasets

datasets.disable_progress_bars()
rows = [
    {"calls": [{"name": "search", "args": {"q": "x"}}]},
    {"calls": [{"name": "pay", "args": {"amount": 3}}]},
]
with open("rows.jsonl", "w") as file:
    file.writelines(json.dumps(row) + "\n" for row in rows)
listed = datasets.Dataset.from_list(rows)
loaded = datasets.load_dataset("json", data_files="rows.jsonl", split="train", cache_dir="cache")
print(listed[0]["calls"][0]["args"], loaded[0]["calls"][0]["args"])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "datasets==5.2.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{'q': 'x', 'amount': None} {'q': 'x'}"
