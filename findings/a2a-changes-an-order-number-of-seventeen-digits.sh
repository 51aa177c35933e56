#!/usr/bin/env bash
# An order number of seventeen digits in an A2A message arrives as another one, and 3 arrives as 3.0.
#
# Versions: a2a-sdk 1.3.0 from PyPI; Python 3.11.
# Guess:    the data of a part is JSON, and what was sent is what is there: integers have any length in JSON
#           text, and Python reads and writes them exactly.
# Seen:     {"order": 12345678901234567, "copies": 3} is {"order": 1.2345678901234568e+16, "copies": 3.0} once
#           it is a Part: data is a protobuf value, whose numbers are doubles, whole ones too.
# Matters:  an argument that was handed over right is compared as wrong, and where both sides went through A2A
#           a wrong one passes: ...567 equals ...568. Digests of such data, and its text in a judge's prompt,
#           are others than before. Identifiers have to be sent as text.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import json

from a2a.types import Part
from google.protobuf.json_format import MessageToDict, ParseDict


def through(data):
    part = ParseDict({"data": data}, Part())
    again = Part()
    again.ParseFromString(part.SerializeToString())
    return MessageToDict(again)["data"]


got = through({"order": 12345678901234567, "copies": 3})
print(json.dumps(got, sort_keys=True), through({"n": 12345678901234567}) == through({"n": 12345678901234568}))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "a2a-sdk==1.3.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = '{"copies": 3.0, "order": 1.2345678901234568e+16} True'
