#!/usr/bin/env bash
# Opik's Equals finds "NO" equal to "no".
#
# Versions: opik 2.2.103; Python 3.11.
# Guess:    a metric called Equals compares texts as they are.
# Seen:     1.0 for "NO" against "no" unless case_sensitive=True is given; RegexMatch beside it does
#          heed case.
# Matters:  codes, identifiers and file names that differ in case alone pass.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export OPIK_TRACK_DISABLE=true
cat > "$work/look.py" <<'PY'
from opik.evaluation.metrics import Equals, RegexMatch

print(
    Equals(track=False).score(output="NO", reference="no").value,
    Equals(case_sensitive=True, track=False).score(output="NO", reference="no").value,
    RegexMatch(regex="^no$", track=False).score(output="NO").value,
)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "opik==2.2.103" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1.0 0.0 0.0"
