#!/usr/bin/env bash
# In Inspect's table of samples two right answers are one text, the same as one right answer with a comma.
#
# Versions: inspect-ai 0.3.285, pandas 3.1.1, pyarrow 26.0.1; Python 3.11.
# Guess:    samples_df keeps a sample's targets apart, as a list or as JSON, as it writes a score that is a
#           dict as JSON.
# Seen:     the target ["Paris", "London"] and the target "Paris,London" both give "Paris,London"; the log has a
#           list for one and a text for the other, and match() gives the answer "Paris" C for the first and I
#           for the second.
# Matters:  who scores again from the table, as one does with a new evaluator over old runs, marks every
#           sample with several right answers wrong, or splits at commas those answers that have some.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from inspect_ai import Task, eval
from inspect_ai.analysis import samples_df
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate


def paris():
    output = ModelOutput.from_content("scripted", "Paris")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


samples = [
    Sample(input="Name one.", target=["Paris", "London"]),
    Sample(input="Name both.", target="Paris,London"),
]
(log,) = eval(
    Task(dataset=MemoryDataset(samples), solver=generate(), scorer=match()),
    model=get_model("mockllm/model", custom_outputs=[paris(), paris()]),
    log_dir="logs",
    display="none",
    max_samples=1,
)
table = samples_df("logs", quiet=True).sort_values("input", ascending=False)
for sample, cell in zip(log.samples, table["target"], strict=True):
    print(sample.input, sample.target, sample.scores["match"].value, repr(cell))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "inspect-ai==0.3.285" "pandas==3.1.1" "pyarrow==26.0.1" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "Name one. ['Paris', 'London'] C 'Paris,London'
Name both. Paris,London I 'Paris,London'"
