#!/usr/bin/env bash
# Which arguments agentevals lets a call lack or add is turned round by the mode of the trajectory.
#
# Versions: agentevals 0.0.9; Python 3.11.
# Guess:    tool_args_match_mode="subset" says how the arguments of a call are held against those of the
#          reference, in the same way whether calls are compared strictly, in any order or as a subset.
# Seen:     for a call that lacks an argument of the reference: true with trajectory_match_mode strict and
#          superset, false with subset and unordered. For a call with an argument more: true with subset
#          alone. "superset" is the mirror image, and unordered takes neither under either name.
# Matters:  a suite that loosens the order of calls ("strict" to "unordered") also loses its leave for
#          optional arguments, and one moved to "subset" begins to pass calls with a flag nobody asked for
#          and to fail those it passed.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from agentevals.trajectory.match import create_trajectory_match_evaluator


def calling(**arguments):
    call = {"function": {"name": "search", "arguments": json.dumps(arguments)}}
    return [{"role": "user", "content": "?"}, {"role": "assistant", "content": "", "tool_calls": [call]}]


plain, more = calling(q="x"), calling(q="x", deep=True)
for arguments in ("subset", "superset"):
    for mode in ("strict", "superset", "subset", "unordered"):
        judge = create_trajectory_match_evaluator(trajectory_match_mode=mode, tool_args_match_mode=arguments)
        lacks = judge(outputs=plain, reference_outputs=more)["score"]
        adds = judge(outputs=more, reference_outputs=plain)["score"]
        print(arguments, mode, lacks, adds)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "agentevals==0.0.9" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "subset strict True False
subset superset True False
subset subset False True
subset unordered False False
superset strict False True
superset superset False True
superset subset True False
superset unordered False False"
