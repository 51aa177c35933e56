#!/usr/bin/env bash
# ROUGE of an answer that equals its reference is 0 where the language has no Latin letters.
#
# Versions: rouge-score 0.1.2 from PyPI; Python 3.
# Guess:    a text against itself has an F-measure of 1 in any language.
# Seen:     the default tokenizer keeps the letters a to z and digits and drops the rest. Japanese
#           and Russian texts against themselves get 0.0, without a warning; two Russian sentences
#           that share nothing but the number 42 get 1.0.
# Matters:  a model that answers in such a language scores 0 on everything or, once numbers occur,
#           high for wrong answers. A tokenizer of one's own can be passed.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install "rouge-score==0.1.2" 2>/dev/null
cat > "$work/look.py" <<'PY'
from rouge_score.rouge_scorer import RougeScorer

def f(reference, answer):
    return float(RougeScorer(["rougeL"]).score(reference, answer)["rougeL"].fmeasure)

print(f("天気は晴れ", "天気は晴れ"), f("Поезд ушёл", "Поезд ушёл"), f("Цена 42", "Осталось дней: 42"))
PY
seen=$("$work/v/bin/python" "$work/look.py")
echo "Japanese and Russian with themselves, two Russian texts with one number: $seen"
[ "$seen" = "0.0 0.0 1.0" ]
