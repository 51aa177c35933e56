#!/usr/bin/env bash
# Polars reads a log whose first failure is in line 101 as a log without failures.
#
# Versions: polars 2.1.0; Python 3.11.
# Guess:    a key that most lines lack is a column with gaps, wherever its first line stands; or reading
#          stops with an error, as it does where a number has a fraction after a hundred that had none.
# Seen:     read_ndjson and scan_ndjson give columns id and ok for 150 lines of which the last 50 have
#          "error" as well; of 150 lines the other way round they give all three. A key that an object
#          gains after line 100 is gone too. Nothing raises, nothing warns: what infer_schema_length did not
#          see is not said to be left out.
# Matters:  errors, tool calls and costs are just what most runs lack; whether a count of them is right goes
#          by the order of the lines, and a small sample of the same log shows the column.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json
from pathlib import Path

import polars

log = Path("runs.jsonl")
good = [{"id": i, "ok": True, "usage": {"input": 1}} for i in range(100)]
bad = [{"id": i, "ok": False, "usage": {"input": 1, "cached": 1}, "error": "timeout"} for i in range(100, 150)]
for rows in (good + bad, bad + good):
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for read in (polars.read_ndjson(log), polars.scan_ndjson(log).collect()):
        worst = read.filter(polars.col("id") == 149).to_dicts()[0]
        print(len(read), read.columns, worst["usage"])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "polars==2.1.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" -W error look.py)
echo "$seen"
test "$seen" = "150 ['id', 'ok', 'usage'] {'input': 1}
150 ['id', 'ok', 'usage'] {'input': 1}
150 ['id', 'ok', 'usage', 'error'] {'input': 1, 'cached': 1}
150 ['id', 'ok', 'usage', 'error'] {'input': 1, 'cached': 1}"
