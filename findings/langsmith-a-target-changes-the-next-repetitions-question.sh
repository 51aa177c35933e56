#!/usr/bin/env bash
# In LangSmith's evaluate a target that changes its inputs changes the question of the next repetition,
# and an evaluator the reference of the next evaluator.
#
# Versions: langsmith 0.15.1, evaluate(upload_results=False); Python 3.11.
# Guess:    every repetition gets the example as the dataset has it, and every evaluator the run as it
#          ended; what one of them does to its dict is its own affair.
# Seen:     a target that takes the first of three items off its list is asked with 3, 2 and 1 items in
#          three repetitions of one example. An evaluator that lowers the reference's text in place makes
#          the next one compare with the lowered text: exact is False, and True without the other.
# Matters:  repetitions that should tell the spread are of different questions, and a score depends on
#          which other evaluators run, and on their order; no warning, and the recorded inputs look right.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export LANGSMITH_TRACING=false
cat > "$work/look.py" <<'PY'
import uuid
from datetime import datetime, timezone

from langsmith.evaluation import evaluate
from langsmith.schemas import Example


def example():
    now = datetime.now(timezone.utc)
    inputs, outputs = {"items": ["a", "b", "c"]}, {"answer": "A"}
    return Example(id=uuid.uuid4(), dataset_id=uuid.uuid4(), created_at=now, inputs=inputs, outputs=outputs)


asked = []


def takes(inputs):
    asked.append(len(inputs["items"]))
    inputs["items"].pop(0)
    return {"answer": "A"}


def lowered(reference_outputs):
    reference_outputs["answer"] = reference_outputs["answer"].lower()
    return True


def exact(outputs, reference_outputs):
    return outputs["answer"] == reference_outputs["answer"]


def scores(evaluators):
    (row,) = evaluate(lambda inputs: {"answer": "A"}, data=[example()], evaluators=evaluators, upload_results=False)
    return {each.key: each.score for each in row["evaluation_results"]["results"]}["exact"]


list(evaluate(takes, data=[example()], num_repetitions=3, max_concurrency=1, upload_results=False))
print("SEEN", asked, scores([exact]), scores([lowered, exact]))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langsmith==0.15.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null | grep SEEN)
echo "$seen"
test "$seen" = "SEEN [3, 2, 1] True False"
