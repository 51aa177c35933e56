#!/usr/bin/env bash
# LangChain's usage callback counts the tokens of a call again each time that the cache answers it.
#
# Versions: langchain-core 1.8.3; Python 3.11.
# Guess:    an answer from the cache used no tokens, so the callback has nothing for it, or marks it.
# Seen:     a model that was called once, and asked three times, adds up to 21 tokens of 7. The answers
#           from the cache bear a "total_cost" of 0 in their usage, and the callback adds that up as if it
#           were tokens of one more kind.
# Matters:  a second run over the same data set, which called no model at all, reports the tokens of the
#           first, and prices made of them are as high; the bill says otherwise.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

calls = []


class Scripted(BaseChatModel):
    @property
    def _llm_type(self):
        return "scripted"

    def _generate(self, messages, *_, **__):
        calls.append(messages)
        usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
        answer = AIMessage("yes", usage_metadata=usage, response_metadata={"model_name": "m"})
        return ChatResult(generations=[ChatGeneration(message=answer)])


model, heard = Scripted(cache=InMemoryCache()), UsageMetadataCallbackHandler()
for _ in range(3):
    model.invoke("?", config={"callbacks": [heard]})
print(len(calls), sorted(heard.usage_metadata["m"].items()))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "1 [('input_tokens', 15), ('output_tokens', 6), ('total_cost', 0), ('total_tokens', 21)]"
