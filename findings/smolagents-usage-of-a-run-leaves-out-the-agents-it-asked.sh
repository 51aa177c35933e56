#!/usr/bin/env bash
# The token usage of a smolagents run has none of the tokens of the agents that it asked.
#
# Versions: smolagents 1.26.0; Python 3.11.
# Guess:    RunResult.token_usage is what the run used, managed agents included: they ran for it, in it.
# Seen:     a manager whose two model calls read 1 and 2 tokens asks an agent whose call reads 100: the
#           result says 3. The agent's monitor has its 100; nothing in the result hints at them.
# Matters:  the more an application leaves to its sub-agents the cheaper it looks; one agent that does all
#           itself and a team that does the same cannot be compared by what their results say.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from smolagents import ChatMessage, MessageRole, Model, TokenUsage, ToolCallingAgent
from smolagents.models import ChatMessageToolCall, ChatMessageToolCallFunction


class Scripted(Model):
    def __init__(self, *turns):
        super().__init__(model_id="scripted")
        self.turns = list(turns)

    def generate(self, messages, **_):
        name, arguments, read = self.turns.pop(0)
        function = ChatMessageToolCallFunction(name=name, arguments=arguments)
        call = ChatMessageToolCall(id="c", type="function", function=function)
        usage = TokenUsage(input_tokens=read, output_tokens=0)
        return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call], token_usage=usage)


helper = ToolCallingAgent(
    tools=[],
    model=Scripted(("final_answer", {"answer": "42"}, 100)),
    name="helper",
    description="Knows.",
    verbosity_level=0,
)
manager = ToolCallingAgent(
    tools=[],
    model=Scripted(("helper", {"task": "find out"}, 1), ("final_answer", {"answer": "42"}, 2)),
    managed_agents=[helper],
    verbosity_level=0,
)
result = manager.run("?", return_full_result=True)
helpers = helper.monitor.get_total_token_counts().input_tokens
print(result.output, result.token_usage.input_tokens, helpers, "100" in repr(result))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "smolagents==1.26.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "42 3 100 False"
