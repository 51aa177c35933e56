#!/usr/bin/env bash
# litellm prices a Claude model that it does not know at 0, and refuses to price any other unknown
# model.
#
# Versions: litellm 1.110.2 with the price list it carries; Python 3.11.
# Guess:    a model without a price raises, whoever made it.
# Seen:     cost_per_token gives (0.0, 0.0) for a Claude name that is not in model_cost, and raises
#          for unknown models of OpenAI and Gemini.
# Matters:  new and retired models of one vendor cost nothing in every sum made with it; a
#          comparison between vendors prefers them.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export LITELLM_LOCAL_MODEL_COST_MAP=True
cat > "$work/look.py" <<'PY'
import litellm

litellm.suppress_debug_info = True


def price(model):
    assert model not in litellm.model_cost
    try:
        return litellm.cost_per_token(model=model, prompt_tokens=1000, completion_tokens=10)
    except Exception:
        return "raised"


print(price("anthropic/claude-opus-9"), price("openai/gpt-99"), price("gemini/gemini-99"))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "litellm==1.110.2" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "(0.0, 0.0) raised raised"
