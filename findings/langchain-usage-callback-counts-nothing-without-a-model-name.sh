#!/usr/bin/env bash
# LangChain's usage callback counts no token of a model that does not say its name.
#
# Versions: langchain-core 1.8.3; Python 3.11.
# Guess:    tokens that the message itself carries are counted, under a name like "unknown" where
#          there is none.
# Seen:     with usage_metadata on the message and no response_metadata["model_name"] the callback
#          is empty; "model" in its place does not help. Nothing warns.
# Matters:  local servers and custom chat models often give no name; an empty dict reads as an
#          application that costs nothing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage


def counted(**about):
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    answer = AIMessage("hello", usage_metadata=usage, response_metadata=about)
    with get_usage_metadata_callback() as callback:
        assert GenericFakeChatModel(messages=iter([answer])).invoke("?").usage_metadata == usage
    return {name: each["total_tokens"] for name, each in callback.usage_metadata.items()}


print(counted(), counted(model="m"), counted(model_name="m"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "langchain-core==1.8.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "{} {} {'m': 7}"
