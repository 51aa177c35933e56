#!/usr/bin/env bash
# SWE-bench reads two cases of a parametrised test as one that failed, where their parameters have spaces.
#
# Versions: swebench 5.0.2, pytest 9.2.0; Python 3.11.
# Guess:    a pytest log with a case that passed and one that failed is read as two results.
# Seen:     test_words[one word] passed and test_words[one letter] failed: parse_log_pytest says
#           {"...test_words[one": "FAILED"} and nothing else. Names end at their first space, and the later
#           line counts, which in pytest's summary is the one of the failure. parse_log_pytest_v2, of the same
#           module, has both.
# Matters:  a repair is judged by named tests: the case that it mended is not in the result, and stands as
#           failed by the name that is left as long as any case beside it fails. Counts of tests are smaller
#           than the log's wherever parameters are sentences.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
cat > test_text.py <<'PY'
import pytest


@pytest.mark.parametrize("text", ["one word", "one letter"])
def test_words(text):
    assert text.endswith("word")
PY
cat > look.py <<'PY'
import sys

from swebench.harness.log_parsers import python

log = sys.stdin.read()
for parse in (python.parse_log_pytest, python.parse_log_pytest_v2):
    print(parse(log, None))
PY
python3 -m venv v
v/bin/pip -q install --no-compile "swebench==5.0.2" "pytest==9.2.0" 2>/dev/null
v/bin/python -m pytest -rA -q -p no:cacheprovider test_text.py > log && exit 1
seen=$(v/bin/python look.py < log 2>/dev/null)
echo "$seen"
test "$seen" = "{'test_text.py::test_words[one': 'FAILED'}
{'test_text.py::test_words[one word]': 'PASSED', 'test_text.py::test_words[one letter]': 'FAILED'}"
