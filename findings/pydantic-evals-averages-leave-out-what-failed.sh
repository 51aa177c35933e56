#!/usr/bin/env bash
# A task that crashed and an evaluator that crashed leave pydantic_evals' averages at 100 %.
#
# Versions: pydantic-evals 2.62.0; Python 3.11.
# Guess:    a case whose task raised counts against the share of passed assertions, or the average
#          says of how many it is.
# Seen:     three cases, one crashed task, one crashed evaluator: averages().assertions is 1.0, as
#          if there had been one case. The crash is in report.failures only.
# Matters:  the less an application answers the better its average; a gate on averages() passes an
#          outage.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator


class Fine(Evaluator):
    def evaluate(self, ctx):
        if ctx.output == 2:
            raise ValueError("the evaluator broke")
        return {"fine": True}


def task(x):
    if x == 3:
        raise RuntimeError("the application broke")
    return x


cases = [Case(name=str(x), inputs=x) for x in (1, 2, 3)]
report = Dataset(name="three", cases=cases, evaluators=[Fine()]).evaluate_sync(task, progress=False)
print(report.averages().assertions, len(report.cases), len(report.failures))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "pydantic-evals==2.62.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1.0 2 1"
