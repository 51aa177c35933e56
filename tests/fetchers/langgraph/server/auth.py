"""Lets two keys in, and shows each its own threads."""

from langgraph_sdk import Auth

auth = Auth()
KEYS = {"key-of-ann-1234": "ann", "key-of-bob-5678": "bob"}


@auth.authenticate
async def authenticate(headers: dict) -> Auth.types.MinimalUserDict:
    key = headers.get(b"x-api-key", b"").decode()
    if key not in KEYS:
        raise Auth.exceptions.HTTPException(status_code=401, detail=f"no such key: {key}")
    return {"identity": KEYS[key], "permissions": []}


@auth.on.threads
async def own(ctx: Auth.types.AuthContext, value: dict):
    value.setdefault("metadata", {})["owner"] = ctx.user.identity
    return {"owner": ctx.user.identity}
