#!/usr/bin/env bash
# TruLens takes the lowest number of a judge's answer for its score, whatever it counts.
#
# Versions: trulens-feedback 2.16.0, trulens-core 2.16.0; Python 3.11.
# Guess:    "Score: 3" is the score of an answer that ends with it, and the numbers before it are text.
# Seen:     "Both of the 2 claims hold. Score: 3" is 0.667, "Criteria 1 and 2 are met. Score: 3" is 0.333,
#           and "Score: 3" alone is 1.0, on the scale of 0 to 3 that relevance() asks for. A 2.5 is 0.667, for
#           its fraction is cut off. A line in the log says of several numbers; the score bears no mark.
# Matters:  a judge that explains itself gets lower marks the more it counts, and one that numbers its points
#           the lowest; comparing a chatty judge with a terse one compares their style.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from trulens.core.feedback.endpoint import Endpoint
from trulens.feedback.llm_provider import LLMProvider


class Judge(LLMProvider):
    def __init__(self):
        super().__init__(endpoint=Endpoint(name="local"), model_engine="local")

    def _create_chat_completion(self, *_, **__):
        return answer


for answer in ("Score: 3", "Both of the 2 claims hold. Score: 3", "Criteria 1 and 2 are met. Score: 3", "2.5"):
    print(round(Judge().relevance("where is it?", "here"), 3))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "trulens-feedback==2.16.0" "trulens-core==2.16.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null | xargs)
echo "$seen"
test "$seen" = "1.0 0.667 0.333 0.667"
