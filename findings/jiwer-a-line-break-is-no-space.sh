#!/usr/bin/env bash
# JiWER counts words that a line break or a tab divides as one word.
#
# Versions: jiwer 4.0.0; Python 3.11.
# Guess:    a word ends at any white space: the same words in the same order have an error rate of 0,
#          on one line or on three.
# Seen:     0.0 for two spaces in place of one, 1.0 for "one\ntwo\nthree" against "one two three", and
#          3.0 the other way round: the three lines are one word. Nothing warns.
# Matters:  transcripts come with line breaks between speakers, from one system and not from another;
#          the figure is then of the layout, and can lie above 100 % for an answer without a fault.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import jiwer

words, lines = "one two three", "one\ntwo\nthree"
print(jiwer.wer(words, "one  two three"), jiwer.wer(words, lines), jiwer.wer(lines, words), jiwer.wer("a\tb", "a b"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "jiwer==4.0.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "0.0 1.0 3.0 2.0"
