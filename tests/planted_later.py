"""Seventy-seven more kinds of secrets and personal data, thought of after the rules were made.

They stand where runs hold such things: keys of JSON, arguments of tools, addresses, headers,
tracebacks, shell history, configuration. When the first 74 were first asked for, 86.3% of 666
were found (63 kinds always), of another 74 92.8% of 222 (68 always); since then the rules know
most of what was missed, and the last three stand here: logins by the options of a program.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from planted import AL, B64, HEX, LOW, NUM, UP, kinds_of, planted_in

TEMPLATES = {
    # named, in notations of their own
    "env deepseek": ("DEEPSEEK_API_KEY={v}", AL, 32),
    "env snowflake": ("SNOWFLAKE_PASSWORD='{v}'", AL, 18),
    "env neo4j": ("NEO4J_AUTH=neo4j/{v}", AL, 16),
    "env minio": ("MINIO_ROOT_PASSWORD={v}", AL, 20),
    "env argo": ("ARGOCD_AUTH_TOKEN: {v}", AL, 60),
    "env sops": ("SOPS_AGE_KEY={v}", AL, 40),
    "env rails": ("RAILS_MASTER_KEY={v}", HEX, 32),
    "env next": ("NEXTAUTH_SECRET={v}", B64, 44),
    "env langgraph": ("LANGGRAPH_AES_KEY={v}", AL, 32),
    "env restic": ("export RESTIC_PASSWORD={v}", AL, 20),
    "env powershell": ('$env:COHERE_API_KEY = "{v}"', AL, 40),
    "env cmd": ("set MISTRAL_API_KEY={v}", AL, 32),
    "env fish": ("set -x GROQ_KEY {v}", AL, 40),
    "json nested": ('{{"auth": {{"type": "apiKey", "value": "{v}"}}}}', AL, 32),
    "json header list": ('[["authorization", "Bearer {v}"], ["accept", "*/*"]]', AL, 40),
    "json camel": ('{{"openaiApiKey": "{v}"}}', AL, 40),
    "json kebab": ('{{"x-auth-token": "{v}"}}', AL, 36),
    "json name value": ('{{"name": "DB_PASSWORD", "value": "{v}"}}', AL, 20),
    "json jwk": ('{{"kty": "oct", "k": "{v}"}}', AL, 43),
    "json gcp": ('{{"type": "service_account", "private_key_id": "{v}"}}', HEX, 40),
    "python dict": ("{{'api_key': '{v}', 'model': 'm'}}", AL, 32),
    "python call": ('Client(api_key="{v}", timeout=3)', AL, 32),
    "python repr": ("Settings(token=SecretStr('{v}'), n=3)", AL, 32),
    "go struct": ("Config{{Token:{v} Host:x}}", AL, 32),
    "java": ('private static final String API_SECRET = "{v}";', AL, 32),
    "yaml block": ("secret: |\n  {v}", AL, 40),
    "ini": ("[db]\npasswd = {v}", AL, 14),
    "hcl": ('access_key = "{v}"', UP + NUM, 20),
    "docker": ("docker login -u bot -p {v}", AL, 20),
    "sshpass": ("sshpass -p {v} ssh root@host", AL, 12),
    "curl user": ("curl --user bob:{v} https://api.example.org", AL, 12),
    "ldap": ("ldapsearch -x -D cn=admin,dc=example -w {v}", AL, 14),
    "redis": ("redis-cli -h cache -a {v} ping", AL, 16),
    "curl header": ("curl -H 'X-API-KEY: {v}' https://api.example.org", AL, 32),
    "curl oauth": ("curl --oauth2-bearer {v} https://api.example.org", AL, 40),
    "http digest": ('Authorization: Digest username="a", response="{v}"', HEX, 32),
    "aws sigv4": (
        "Authorization: AWS4-HMAC-SHA256 Credential=A/2026/us/s3, Signature={v}", HEX, 64),
    "url key": ("GET /maps/api?center=1,2&key={v} HTTP/1.1", AL, 39),
    "url fragment": ("https://app.example.org/cb#access_token={v}&token_type=b", AL, 60),
    "url reset": ("https://example.org/reset-password/{v}", AL, 40),
    "url magic": ("https://example.org/login?magic={v}", AL, 40),
    "url code": ("https://app.example.org/callback?code={v}&state=x", AL, 40),
    "telegram url": ("https://api.telegram.org/bot83746251:{v}/getMe", AL, 35),
    "postgres": ("postgresql+asyncpg://svc:{v}@db.example.org:5432/x", AL, 18),
    "odbc": ("Driver=x;Server=db;UID=sa;PWD={v}", AL, 14),
    "traceback": (
        '  File "a.py", line 3, in f\n    login("bob", password="{v}")\nValueError', AL, 16),
    "traceback env": ("KeyError: 'x' in {{'OPENAI_API_KEY': '{v}'}}", AL, 48),
    "wifi": ("network={{ ssid=\"x\" psk=\"{v}\" }}", AL, 16),
    "french": ("Mot de passe : {v}", AL, 12),
    "portuguese": ("senha: {v}", AL, 12),
    "italian": ("la password è {v}", AL, 12),
    "2fa": ("Your verification code: {v}", NUM, 6),
    "recovery": ("recovery code: {v}-KQ7Z2", LOW + NUM, 5),
    # forms of vendors
    "form mistral agent": ("sk-mistral-{v}", AL, 40),
    "form elevenlabs": ("sk_{v}", HEX, 48),
    "form langgraph": ("lsv2_pt_{v}_0f1e2d3c4b", HEX, 32),
    "form zapier": ("https://hooks.zapier.com/hooks/catch/1234567/{v}/", LOW + NUM, 7),
    "form exa": ("exa_{v}", AL, 36),
    "form clerk": ("sk_test_{v}", AL, 40),
    "form neon": ("napi_{v}", LOW + NUM, 64),
    "form stytch": ("secret-live-{v}=", AL, 48),
}  # fmt: skip
PHONES = ("+64 21 ### ####", "+66 8# ### ####", "+380 67 ### ## ##", "tel:+1-604-555-####",
          "+54 9 11 ####-####", "+62 812-####-####")  # fmt: skip
BANKS = ("EE 16", "LV =HABA 13", "GE =NB 16", "MU =BOMM 19 =MUR")
PATHS = ("cd ~{user}/src && make", "scp {user}@host.example.org:/srv/x .", "/home/{user}",
         "C:\\\\Users\\\\{user}\\\\x.json", "PermissionError: '/Users/{user}'",
         "drwxr-xr-x 2 {user} staff 64 Jan 1 /srv")  # fmt: skip


KINDS = kinds_of(TEMPLATES, PHONES, BANKS, PATHS)
PLACES = {
    "tool arguments": lambda text: json.dumps({"cmd": text, "cwd": "/tmp"}),
    "message": lambda text: f"I ran this and it failed:\n{text}\nWhat now?",
    "log": lambda text: f"2026-01-01 10:00:00 ERROR worker: {text}",
}


def planted_later(seed: int = 1) -> Iterator[tuple[str, str, str, str]]:
    """Return kind, place, text and the part that must not survive."""
    return planted_in(KINDS, PLACES, seed)
