#!/usr/bin/env bash
# Haystack's DocumentRecallEvaluator gives 1.0 when one of many relevant documents was found.
#
# Versions: haystack-ai 3.4.1; Python 3.11.
# Guess:    recall is the share of the relevant documents that were retrieved.
# Seen:     1.0 for one of four relevant documents: the default mode is "single_hit";
#          mode="multi_hit" gives 0.25.
# Matters:  figures called recall that come from different tools, or from one tool with another
#          mode, are not the same quantity.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HAYSTACK_TELEMETRY_ENABLED=False
cat > "$work/look.py" <<'PY'
from haystack import Document
from haystack.components.evaluators import DocumentRecallEvaluator


def recall(*mode):
    wanted = [[Document(content=name) for name in "abcd"]]
    return DocumentRecallEvaluator(*mode).run(wanted, [[Document(content="a")]])["score"]


print(recall(), recall("multi_hit"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "haystack-ai==3.4.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1.0 0.25"
