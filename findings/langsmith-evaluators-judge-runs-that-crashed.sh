#!/usr/bin/env bash
# LangSmith's evaluate calls evaluators on runs that crashed, with outputs that look like an
# answer.
#
# Versions: langsmith 0.15.1, evaluate(upload_results=False); Python 3.11.
# Guess:    a run that raised has no outputs, and evaluators are not asked about it (or are given
#          None).
# Seen:     outputs of the crashed run is {'output': None}, and evaluators that do not look into it
#          give it their score: "polite" is 1 for an application that said nothing.
# Matters:  the mean of such an evaluator rises with an outage, and one that looks for its key fails
#          with KeyError: the crash is counted as a mistake of the evaluator.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export LANGSMITH_TRACING=false LANGSMITH_API_KEY=none LANGSMITH_ENDPOINT=http://127.0.0.1:9
cat > "$work/look.py" <<'PY'
import contextlib
import sys
import uuid
from datetime import datetime, timezone

from langsmith import evaluate, schemas

examples = [
    schemas.Example(id=uuid.uuid4(), dataset_id=uuid.uuid4(), inputs={"q": q}, created_at=datetime.now(timezone.utc))
    for q in (1, 2)
]


def application(inputs):
    if inputs["q"] == 2:
        raise RuntimeError("down")
    return {"answer": "hello"}


def polite(outputs):
    return "rude" not in str(outputs)


with contextlib.redirect_stdout(sys.stderr):  # it greets on stdout
    rows = list(evaluate(application, data=examples, evaluators=[polite], upload_results=False))
for row in rows:
    print(row["run"].outputs, bool(row["run"].error), row["evaluation_results"]["results"][0].score)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langsmith==0.15.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{'answer': 'hello'} False True
{'output': None} True True"
