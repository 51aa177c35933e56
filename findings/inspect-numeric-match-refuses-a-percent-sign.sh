#!/usr/bin/env bash
# Inspect's match(numeric=True) finds 50% wrong where the target is 50, and 50 right where it is
# 50%.
#
# Versions: inspect-ai 0.3.285; Python 3.11.
# Guess:    numbers are compared without their signs of money and percent, on both sides.
# Seen:     correct for "$50", "50 %" (with a space) and "**50**" against 50 and for "50" against
#          "50%"; incorrect for "50%" against "50".
# Matters:  whether a model writes the sign decides, and only in one direction: targets written with
#          the sign hide it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import asyncio

from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Target, match
from inspect_ai.solver import TaskState


def graded(said, target):
    state = TaskState(
        model="none/none", sample_id=1, epoch=1, input="?", messages=[],
        output=ModelOutput.from_content("none", said),
    )
    return asyncio.run(match(numeric=True)(state, Target([target]))).value


pairs = [("It is $50", "50"), ("It is 50 %", "50"), ("It is **50**", "50"), ("50", "50%"), ("It is 50%", "50")]
print(*(graded(*pair) for pair in pairs))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "inspect-ai==0.3.285" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "C C C C I"
