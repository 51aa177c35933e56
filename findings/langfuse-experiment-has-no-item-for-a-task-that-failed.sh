#!/usr/bin/env bash
# A Langfuse experiment over three questions of which one failed says that it had two.
#
# Versions: langfuse 5.0.4 (Python SDK), with no server behind it; Python 3.11.
# Guess:    a task that raises leaves an item with an error in item_results, and its report says "3 items"
#           or "1 failed".
# Seen:     item_results has the two others, format() says "2 items" and an average of 1.000, and run
#           evaluators are called with two. The error is a line in the log, and stands nowhere in the result.
# Matters:  an outage is a smaller experiment with a better average; how many questions there were has to be
#           known from elsewhere.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langfuse import Evaluation, Langfuse


def task(*, item, **_):
    if item["input"] == 2:
        raise RuntimeError("the model is down")
    return item["input"]


def right(*, output, expected_output, **_):
    return Evaluation(name="right", value=float(output == expected_output))


def counted(*, item_results, **_):
    return Evaluation(name="items", value=float(len(item_results)))


client = Langfuse(public_key="none", secret_key="none", base_url="http://127.0.0.1:9", tracing_enabled=False)
result = client.run_experiment(
    name="three",
    data=[{"input": number, "expected_output": number} for number in (1, 2, 3)],
    task=task,
    evaluators=[right],
    run_evaluators=[counted],
)
print([each.output for each in result.item_results], result.run_evaluations[0].value)
lines = [line.strip(" •") for line in result.format().splitlines()]
print(*(line for line in lines if line.endswith(" items") or line.startswith("right:")))
print("down" in str(vars(result)))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langfuse==5.0.4" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "[1, 3] 2.0
2 items right: 1.000
False"
