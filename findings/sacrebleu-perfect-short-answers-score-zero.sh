#!/usr/bin/env bash
# A corpus of short answers that all equal their references has a BLEU of 0.
#
# Versions: sacrebleu 2.6.0 from PyPI; Python 3.
# Guess:    answers equal to their references are 100 for `corpus_bleu`, as they are one by one for
#           `sentence_bleu`.
# Seen:     where no answer has four tokens there is no 4-gram to count, and `corpus_bleu` is 0.0;
#           `sentence_bleu` leaves such orders out and says 100 for each of the same answers. One
#           answer of four tokens more, and the corpus is at 100 as well.
# Matters:  a figure "BLEU 0" over yes, no and names may stand for a perfect system; means of
#           sentence scores and the corpus score are not two views of one thing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install "sacrebleu==2.6.0" 2>/dev/null
cat > "$work/look.py" <<'PY'
from sacrebleu import corpus_bleu, sentence_bleu

short = ["yes", "in March", "the second one"]
print(
    round(corpus_bleu(short, [short]).score),
    *(round(sentence_bleu(each, [each]).score) for each in short),
    round(corpus_bleu([*short, "it was never delivered"], [[*short, "it was never delivered"]]).score),
)
PY
seen=$("$work/v/bin/python" "$work/look.py")
echo "corpus of three, each alone, corpus with one of four words: $seen"
[ "$seen" = "0 100 100 100 100" ]
