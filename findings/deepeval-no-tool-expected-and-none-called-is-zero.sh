#!/usr/bin/env bash
# DeepEval's tool correctness is 0 where no tool was expected and none was called.
#
# Versions: deepeval 2.9.3; Python 3.11.
# Guess:    doing nothing where nothing was to be done is right: 1, or no score.
# Seen:     0.0 for no calls against none; an extra call beside an expected one scores 1.0.
# Matters:  cases that check that an agent leaves its tools alone can only fail, and cases with
#          superfluous calls only pass.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export OPENAI_API_KEY=none DEEPEVAL_TELEMETRY_OPT_OUT=YES # asked for, not used
cat > "$work/look.py" <<'PY'
from deepeval.metrics import ToolCorrectnessMetric
from deepeval.test_case import LLMTestCase, ToolCall


def score(called, expected):
    case = LLMTestCase(
        input="?", actual_output="!",
        tools_called=[ToolCall(name=name) for name in called],
        expected_tools=[ToolCall(name=name) for name in expected],
    )
    return ToolCorrectnessMetric().measure(case, _show_indicator=False)


print(score("", ""), score("a", "a"), score("ab", "a"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "deepeval==2.9.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.0 1.0 1.0"
