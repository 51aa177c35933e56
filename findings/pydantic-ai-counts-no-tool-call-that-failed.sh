#!/usr/bin/env bash
# Pydantic AI counts one tool call where its messages have three, two of which failed.
#
# Versions: pydantic-ai-slim 2.68.0; Python 3.11.
# Guess:    usage.tool_calls is the number of calls that the model made, each of which ran.
# Seen:     a tool that raises ModelRetry twice and then answers ran three times; the messages hold three
#          calls and three returns, usage says 4 requests and 1 tool call. One word in the docstring of the
#          field ("successful") says so.
# Matters:  the figure falls when tools break: an agent that needs three attempts looks as direct as one that
#          needs one, and counts from messages or traces never agree with counts from usage.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.models.test import TestModel

agent = Agent(TestModel())
ran = []


@agent.tool_plain(retries=3)
def look(x: int) -> str:
    ran.append(x)
    if len(ran) < 3:
        raise ModelRetry("not yet")
    return "done"


result = agent.run_sync("?")
kinds = [part.part_kind for message in result.all_messages() for part in message.parts]
print(len(ran), kinds.count("tool-call"), result.usage.requests, result.usage.tool_calls)
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "pydantic-ai-slim==2.68.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "3 3 4 1"
