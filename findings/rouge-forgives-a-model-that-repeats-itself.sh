#!/usr/bin/env bash
# The package rouge gives full marks to an answer that says the right word four times.
#
# Versions: rouge 1.0.1, rouge-score 0.1.2 from PyPI; Python 3.11.
# Guess:    words are counted: of four times "Paris" for one "Paris" one is right, and precision is a quarter,
#           as in rouge-score.
# Seen:     ROUGE-1 and ROUGE-L have a precision of 1 and an F-measure of 1 (0.999999995) for "Paris Paris
#           Paris Paris"; rouge-score says 0.25 and 0.4. Words and pairs of words are sets here, so "Paris
#           Paris" has one word.
# Matters:  the fault that models fall into most visibly, to go round in circles, costs nothing; and two
#           tables of "ROUGE-1" made with two packages are not of one metric.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

answer, reference = "Paris Paris Paris Paris", "Paris"
sets = Rouge().get_scores(answer, reference)[0]
counts = RougeScorer(["rouge1", "rougeL"]).score(reference, answer)
for here, there in (("rouge-1", "rouge1"), ("rouge-l", "rougeL")):
    figures = sets[here]["p"], sets[here]["f"], counts[there].precision, counts[there].fmeasure
    print(here, *(round(figure, 4) for figure in figures))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "rouge==1.0.1" "rouge-score==0.1.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "rouge-1 1.0 1.0 0.25 0.4
rouge-l 1.0 1.0 0.25 0.4"
