"""Seventy-nine kinds more, thought of after `planted_later.py`: what agents of 2026 leave in runs.

Tools that talk to databases, queues and clouds, settings in the files of other languages, command
lines, addresses with keys in them, and telephones, banks and home folders of other countries. When
they were first asked for, 90.7% of 237 were found (71 kinds always); since then the rules know the
rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from planted import AL, B64, HEX, LOW, NUM, UP, kinds_of, planted_in

TEMPLATES = {
    # vendors
    "openrouter": ("sk-or-v1-{v}", HEX, 64),
    "firecrawl": ("fc-{v}", HEX, 32),
    "e2b": ("e2b_{v}", HEX, 40),
    "fireworks": ("fw_{v}", AL, 24),
    "cerebras": ("csk-{v}", LOW + NUM, 48),
    "jina": ("jina_{v}", AL, 60),
    "voyage": ("pa-{v}", AL, 43),
    "nvidia": ("nvapi-{v}", AL, 64),
    "pinecone": ("pcsk_{v}", AL, 70),
    "langfuse": ("sk-lf-{v}", HEX, 32),
    "helicone": ("sk-helicone-{v}", LOW + NUM, 28),
    "runpod": ("rpa_{v}", UP + NUM, 44),
    "modal": ("as-{v}", AL, 22),
    "supabase": ("sbp_{v}", HEX, 40),
    "resend": ("re_{v}", AL, 24),
    "posthog": ("phx_{v}", AL, 43),
    "railway": ("rw_Fe26.2**{v}", AL + "*-_", 60),
    "cloudflare origin": ("v1.0-{v}", HEX, 146),
    # settings
    "toml table": ('[tool.qdrant]\napi_key = "{v}"', AL, 36),
    "toml dotted": ('auth.weaviate.api-key = "{v}"', AL, 32),
    "yaml env list": ("- name: MCP_TOKEN\n  value: {v}", AL, 36),
    "yaml anchor": ("password: &pw {v}", AL, 14),
    "compose": ("      - KAFKA_SASL_PASSWORD={v}", AL, 18),
    "k8s secret data": ("data:\n  password: {v}", B64, 24),
    "helm set": ("helm install x . --set auth.rootPassword={v}", AL, 14),
    "npmrc": ("//registry.npmjs.org/:_authToken={v}", AL, 36),
    "pip.conf": ("index-url = https://bot:{v}@pypi.example.org/simple", AL, 20),
    "netrc": ("machine api.example.org login bob password {v}", AL, 16),
    "pgpass": ("db.example.org:5432:app:svc:{v}", AL, 18),
    "my.cnf": ("[client]\nuser=svc\npassword={v}", AL, 12),
    "properties": ("spring.datasource.password={v}", AL, 14),
    "gradle": ("signing.keyPassword={v}", AL, 14),
    "appsettings": ('"ConnectionStrings": {{"Db": "Server=d;User Id=sa;Password={v};"}}', AL, 16),
    "xml attribute": ('<add key="ApiSecret" value="{v}" />', AL, 32),
    "plist": ("<key>APIToken</key><string>{v}</string>", AL, 32),
    "env json": ('{{"env": {{"BRAVE_API_KEY": "{v}"}}}}', AL, 31),
    "rust": ('let api_token = "{v}";', AL, 32),
    "php": ("define('DB_PASSWORD', '{v}');", AL, 16),
    "ruby": ('config.secret_key_base = "{v}"', HEX, 64),
    "kotlin": ('val clientSecret: String = "{v}"', AL, 32),
    "lua": ('set_header("X-Vault-Token", "{v}")', AL, 26),
    # command lines
    "mysql": ("mysql -h db -u root -p{v} app", AL, 12),
    "psql": ("PGPASSWORD={v} psql -h db -U svc", AL, 14),
    "mongosh": ("mongosh db --username svc --password {v}", AL, 14),
    "gh secret": ("gh secret set NPM_TOKEN --body {v}", AL, 36),
    "openssl": ("openssl enc -aes-256-cbc -k {v} -in a", AL, 20),
    "zip": ("zip -P {v} out.zip a.txt", AL, 14),
    "7z": ("7z x a.7z -p{v}", AL, 14),
    "az login": ("az login --service-principal -u app -p {v} --tenant t", AL, 40),
    "wget": ("wget --http-password={v} https://example.org/a", AL, 14),
    "aws configure": ("aws configure set aws_secret_access_key {v}", AL, 40),
    "mosquitto": ("mosquitto_pub -h mq -u dev -P {v} -t a", AL, 14),
    # addresses
    "sas": ("https://a.blob.core.windows.net/c/f?sv=2024-11-04&sig={v}%3D", AL, 43),
    "s3 presigned": (
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={v}", HEX, 64),
    "gcs presigned": ("https://storage.googleapis.com/b/o?X-Goog-Signature={v}", HEX, 128),
    "amqp": ("amqps://svc:{v}@mq.example.org/vhost", AL, 20),
    "sentry dsn": ("https://{v}@o123.ingest.sentry.io/456", HEX, 32),
    "mongodb": ("mongodb+srv://svc:{v}@c0.abcde.mongodb.net/x", AL, 16),
    "jdbc": ("jdbc:mysql://db:3306/app?user=svc&password={v}", AL, 14),
    "mcp url": ("https://mcp.example.org/sse?api_key={v}", AL, 32),
    "git remote": ("git clone https://oauth2:{v}@gitlab.example.org/a/b.git", AL, 26),
    "telegram deep": ("https://t.me/bot?start=token_{v}", AL, 32),
}  # fmt: skip
PHONES = ("+81 90-####-####", "+971 50 ### ####", "+27 82 ### ####", "+351 91# ### ###",
          "+36 30 ### ####", "Tel. 0664/#######", "+234 803 ### ####")  # fmt: skip
BANKS = ("IT =X 22", "PT 21", "JO =CBJO 22", "BR 23 =C1", "KZ 16")
PATHS = ("/home/{user}/.cache/huggingface/hub", "file:///Users/{user}/notes.md",
         "C:/Users/{user}/AppData/Local/Temp", "/mnt/c/Users/{user}/repo",
         "OSError: [Errno 2] '/export/home/{user}/a'")  # fmt: skip


KINDS = kinds_of(TEMPLATES, PHONES, BANKS, PATHS)
PLACES = {
    "tool result": lambda text: json.dumps({"stdout": text, "exit": 0}),
    "thought": lambda text: f"The user pasted `{text}`, so I will use that in the next call.",
    "trace": lambda text: f"RuntimeError: request failed\n  context: {text}\n  retries: 3",
}


def planted_since(seed: int = 1) -> Iterator[tuple[str, str, str, str]]:
    """Return kind, place, text and the part that must not survive."""
    return planted_in(KINDS, PLACES, seed)
