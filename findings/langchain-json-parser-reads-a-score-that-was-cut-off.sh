#!/usr/bin/env bash
# LangChain's JSON parsers read the score 1 from a judge whose answer ended in the middle of a 10.
#
# Versions: langchain-core 1.8.3; Python 3.11.
# Guess:    an answer that is no JSON raises OutputParserException; what is half is read by those alone
#          who ask for streams of halves.
# Seen:     JsonOutputParser and PydanticOutputParser return score 1 for '{"reason": "all of it", "score":
#          1'; '{"score": 0.' is 0, and '{"passed": tru' is {}. Nothing raises, nothing warns.
# Matters:  a judge that ran into its token limit is counted as one that was strict: 10 becomes 1, 0.9
#          becomes 0, and a schema that demands the field is content.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from pydantic import BaseModel


class Verdict(BaseModel):
    reason: str
    score: int


WHOLE = '{"reason": "all of it", "score": 10}'
whole, half = PydanticOutputParser(pydantic_object=Verdict), JsonOutputParser()
print(whole.invoke(WHOLE).score, whole.invoke(WHOLE[:-2]).score)
print(half.invoke(WHOLE[:-2])["score"], half.invoke('{"score": 0.'), half.invoke('{"passed": tru'))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "10 1
1 {'score': 0} {}"
