#!/usr/bin/env bash
# A column of ISO times is text with fractions of a second, and without them a time without its
# zone.
#
# Versions: datasets 5.2.0; Python 3.11.
# Guess:    one notation, one type: either all of them stay text, or all become times that know
#          their zone.
# Seen:     "2024-01-01T02:00:00+02:00" becomes datetime(2024, 1, 1, 0, 0) without a zone,
#          "2024-01-01T02:00:00.123456Z" stays a string.
# Matters:  two exports of one recorder load with different types, and a naive time read as local
#          one moves every latency between services by the offset.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

import datasets

datasets.disable_progress_bars()
for name, time in [("offset", "2024-01-01T02:00:00+02:00"), ("fraction", "2024-01-01T02:00:00.123456Z")]:
    with open(f"{name}.jsonl", "w") as file:
        file.write(json.dumps({"at": time}) + "\n")
    rows = datasets.load_dataset("json", data_files=f"{name}.jsonl", split="train", cache_dir="cache")
    print(rows[0]["at"], type(rows[0]["at"]).__name__, getattr(rows[0]["at"], "tzinfo", None))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "datasets==5.2.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "2024-01-01 00:00:00 datetime None
2024-01-01T02:00:00.123456Z str None"
