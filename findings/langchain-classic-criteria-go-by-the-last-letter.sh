#!/usr/bin/env bash
# LangChain's criteria evaluator gives a point to a judge's answer that ends with a y, and none to one that
# ends with an n.
#
# Versions: langchain-classic 1.0.8, langchain-core 1.8.3; Python 3.11.
# Guess:    the judge is asked for Y or N on a line of its own; an answer without one has no score, or raises.
# Seen:     "... it does so only partially" is Y with score 1 and the reasoning "... only partiall"; "It keeps to
#           every point of the question" is N with 0. With a full stop behind them there is no score, and none
#           for "Verdict: Y." either. Nothing warns.
# Matters:  judges that were cut off or that write sentences are scored by their spelling: the mean looks like
#           that of a judge who decided, and tells how many answers ended in -ly and how many in -ion.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langchain_classic.evaluation import CriteriaEvalChain
from langchain_core.language_models import FakeListLLM

answers = [
    "The answer is polite.\n\nY",
    "It fails the criterion, or meets it only partially",
    "It keeps to every point of the question",
    "It keeps to every point of the question.",
    "Verdict: Y.",
]
judge = CriteriaEvalChain.from_llm(llm=FakeListLLM(responses=answers), criteria="helpfulness")
for answer in answers:
    verdict = judge.evaluate_strings(input="where is it?", prediction="here")
    print(verdict["score"], verdict["reasoning"].split()[-1])
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-classic==1.0.8" "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 polite.
1 partiall
0 questio
None question.
None Y."
