#!/usr/bin/env bash
# A tool of the Python MCP server that is sent the text null gets None, where its parameter may be left out.
#
# Versions: mcp 2.3.0; Python 3.11.
# Guess:    a text that the client sends for a parameter of type text is handed to the tool letter by letter,
#          whether the parameter may be left out or not.
# Seen:     with `text: str` the tool gets null, [] and {"a": 1} as they were sent. With `text: str | None = None`
#          null comes as None, as if nothing had been sent, and the other two are refused: "should be a valid
#          string", for they were parsed before the types were looked at. 12 and true stay texts in both.
# Matters:  a tool that writes files or notes cannot be given JSON, once somebody made its parameter optional; the
#          trace of the client says "null", the tool's own says nothing, and a refusal counts as the model's
#          mistake although its arguments keep to the schema.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import asyncio

from mcp import Client
from mcp.server import MCPServer

server = MCPServer("notes")


@server.tool()
def must(text: str) -> str:
    return f"got {text!r}"


@server.tool()
def may(text: str | None = None) -> str:
    return f"got {text!r}"


async def look():
    async with Client(server) as client:
        for tool in ("must", "may"):
            for text in ("null", "[]", '{"a": 1}', "12", "true"):
                told = await client.call_tool(tool, {"text": text})
                print(tool, "refused" if told.is_error else told.content[0].text)


asyncio.run(look())
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "mcp==2.3.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "must got 'null'
must got '[]'
must got '{\"a\": 1}'
must got '12'
must got 'true'
may got None
may refused
may refused
may got '12'
may got 'true'"
