"""Secrets and personal data of many kinds, made up at random, to be planted in runs.

Half of the kinds (`HELD_OUT`, chosen by a hash of their names) were not looked at while the rules
were made. The forms are those the vendors describe.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

LOW, UP, NUM = string.ascii_lowercase, string.ascii_uppercase, string.digits
AL, HEX = LOW + UP + NUM, NUM + "abcdef"
B64 = AL + "+/"
Kind = Callable[[random.Random], tuple[str, str]]
"""Makes a text with a secret in it, and the part that must not survive."""


def word(rng: random.Random, letters: str, n: int) -> str:
    """Return random characters, with a digit among them."""
    text = "".join(rng.choices(letters, k=n))
    return (
        text
        if any(c.isdigit() for c in text) or not set(letters) & set(NUM)
        else word(rng, letters, n)
    )


ENV = [
    "COHERE_API_KEY",
    "MY_SERVICE_TOKEN",
    "SECRET_KEY",
    "PGPASSWORD",
    "OPENAI_KEY",
    "DB_PASS",
    "MYSQL_PWD",
    "REDIS_PASSWORD",
    "DJANGO_SECRET",
    "FLASK_SECRET_KEY",
    "JWT_SECRET",
    "SESSION_SECRET",
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "SLACK_BOT_TOKEN",
    "TWILIO_AUTH_TOKEN",
    "SENDGRID_KEY",
    "STRIPE_SECRET",
    "MAILGUN_API_KEY",
    "ALGOLIA_ADMIN_KEY",
    "AZURE_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HF_TOKEN",
    "MISTRAL_API_KEY",
    "GROQ_API_KEY",
    "TAVILY_API_KEY",
    "SERPAPI_API_KEY",
    "PINECONE_API_KEY",
    "WEAVIATE_APIKEY",
    "LANGFUSE_SECRET_KEY",
    "WANDB_API_KEY",
    "DD_API_KEY",
    "NEW_RELIC_LICENSE_KEY",
    "SENTRY_AUTH_TOKEN",
    "VAULT_TOKEN",
    "CONSUL_HTTP_TOKEN",
    "KUBE_TOKEN",
    "DOCKER_PASSWORD",
    "SMTP_PASSWORD",
    "FTP_PASS",
    "LDAP_BIND_PW",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "WEBHOOK_SECRET",
    "COOKIE_SECRET",
    "GOOGLE_CLIENT_SECRET",
    "FACEBOOK_APP_SECRET",
    "TWITTER_API_SECRET",
    "TELEGRAM_TOKEN",
    "DISCORD_TOKEN",
]
FIELDS = [
    "refresh_token",
    "db_password",
    "accessToken",
    "clientSecret",
    "apiKey",
    "x-api-key",
    "privateKey",
    "authToken",
    "userPassword",
    "sessionToken",
    "idToken",
    "secretAccessKey",
    "connectionString",
    "accountKey",
    "primaryKey",
    "bearer_token",
    "csrfToken",
    "webhookSecret",
    "encryptionKey",
    "passphrase",
    "oauth_token",
    "app_secret",
    "masterKey",
    "deploy_key",
    "subscription-key",
    "signing_secret",
    "personal_access_token",
    "bot_token",
    "service_key",
    "otpSecret",
]
NOTATIONS = {
    "yaml": "{name}: {value}",
    "toml": '{name} = "{value}"',
    "export": "export {name}='{value}'",
    "python": 'os.environ["{name}"] = "{value}"',
    "query": "https://api.example.org/v1/items?{name}={value}&page=2",
    "flag": "tool run --{name} {value} --verbose",
    "flag-equals": "tool run --{name}={value}",
    "xml": "<{name}>{value}</{name}>",
    "escaped": '{{\\"{name}\\": \\"{value}\\"}}',
    "ruby": ":{name} => '{value}'",
    "sentence": "the {name} is {value}",
    "form": "{name}={value}&grant_type=code",
    "properties": "app.{name}={value}",
    "header": "X-{name}: {value}",
}
FORMS = {
    "openai-proj": ("sk-proj-", AL, 48),
    "openai-svc": ("sk-svcacct-", AL, 48),
    "anthropic": ("sk-ant-api03-", AL, 90),
    "openrouter": ("sk-or-v1-", HEX, 64),
    "stripe-live": ("sk_live_", AL, 24),
    "stripe-restricted": ("rk_live_", AL, 24),
    "stripe-hook": ("whsec_", AL, 32),
    "github": ("ghp_", AL, 36),
    "github-oauth": ("gho_", AL, 36),
    "github-app": ("ghs_", AL, 36),
    "gitlab": ("glpat-", AL, 20),
    "gitlab-runner": ("glrt-", AL, 20),
    "gitlab-deploy": ("gldt-", AL, 20),
    "langsmith": ("lsv2_pt_", HEX, 32),
    "langsmith-service": ("lsv2_sk_", HEX, 32),
    "langfuse": ("sk-lf-", HEX, 32),
    "google": ("AIza", AL, 35),
    "google-oauth": ("ya29.", AL, 60),
    "google-secret": ("GOCSPX-", AL, 28),
    "hugging-face": ("hf_", AL, 34),
    "groq": ("gsk_", AL, 52),
    "xai": ("xai-", AL, 80),
    "replicate": ("r8_", AL, 37),
    "perplexity": ("pplx-", AL, 48),
    "nvidia": ("nvapi-", AL, 64),
    "tavily": ("tvly-", AL, 32),
    "firecrawl": ("fc-", HEX, 32),
    "together": ("tgp_v1_", AL, 43),
    "voyage": ("pa-", AL, 43),
    "jina": ("jina_", AL, 60),
    "cerebras": ("csk-", AL, 48),
    "databricks": ("dapi", HEX, 32),
    "digitalocean": ("dop_v1_", HEX, 64),
    "npm": ("npm_", AL, 36),
    "pypi": ("pypi-AgEIcHlwaS5vcmc", AL, 60),
    "rubygems": ("rubygems_", HEX, 48),
    "nuget": ("oy2", LOW + NUM, 43),
    "docker": ("dckr_pat_", AL, 27),
    "clojars": ("CLOJARS_", HEX, 60),
    "slack-bot": ("xoxb-2845-", NUM, 24),
    "slack-user": ("xoxp-9283-", NUM, 24),
    "slack-app": ("xapp-1-A029KQ-2847-", HEX, 64),
    "shopify": ("shpat_", HEX, 32),
    "square": ("sq0atp-", AL, 22),
    "square-secret": ("sq0csp-", AL, 43),
    "sendgrid": ("SG." + "aB3dE6gH9jK2mN5pQ8sT1v" + ".", AL, 43),
    "mailchimp": ("", HEX, 32),
    "mailgun": ("key-", HEX, 32),
    "brevo": ("xkeysib-", HEX, 64),
    "postman": ("PMAK-", HEX, 48),
    "newrelic": ("NRAK-", UP + NUM, 27),
    "grafana": ("glsa_", AL, 32),
    "grafana-cloud": ("glc_", AL, 60),
    "sentry": ("sntrys_", AL, 60),
    "linear": ("lin_api_", AL, 40),
    "notion": ("ntn_", AL, 46),
    "airtable": ("patAb3", AL, 11),
    "figma": ("figd_", AL, 40),
    "doppler": ("dp.pt.", AL, 43),
    "vault": ("hvs.", AL, 90),
    "pulumi": ("pul-", HEX, 40),
    "terraform": ("aB3dE6gH9jK2mN.atlasv1.", AL, 67),
    "planetscale": ("pscale_tkn_", AL, 43),
    "supabase": ("sbp_", HEX, 40),
    "netlify": ("nfp_", AL, 40),
    "render": ("rnd_", AL, 28),
    "atlassian": ("ATATT3xFfGF0", AL, 60),
    "aws-id": ("AKIA", UP + "234567", 16),
    "aws-temporary": ("ASIA", UP + "234567", 16),
    "alibaba": ("LTAI", AL, 20),
    "tencent": ("AKID", AL, 32),
    "telegram": ("847362910:AA", AL, 33),
    "age": ("AGE-SECRET-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "wandb": ("wandb_v1_", AL, 40),
    "e2b": ("e2b_", HEX, 40),
    "resend": ("re_", AL, 32),
    "posthog": ("phx_", AL, 43),
    "razorpay": ("rzp_live_", AL, 14),
    "flutterwave": ("FLWSECK-", HEX, 32),
    "duffel": ("duffel_live_", AL, 43),
    "typeform": ("tfp_", AL, 59),
    "dynatrace": ("dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.", UP + NUM, 64),
    "buildkite": ("bkua_", HEX, 40),
    "readme": ("rdme_", LOW + NUM, 70),
    "easypost": ("EZAK", AL, 54),
    "contentful": ("CFPAT-", AL, 43),
    "prefect": ("pnu_", LOW + NUM, 36),
    "harness": ("pat.aB3dE6gH9jK2mN5pQ8sT1v.aB3dE6gH9jK2mN5pQ8sT1vwx.", AL, 20),
    "infracost": ("ico-", AL, 32),
    "beamer": ("b_", AL, 44),
    "1password": ("A3-ABC123-DEF456GHI78-", UP + NUM, 5),
    "openshift": ("sha256~", AL, 43),
}
PHONES = """+49 30 # # #
+49 (0)171 ########
0171 #######
+33 6 ## ## ## ##
06 ## ## ## ##
+44 20 #### ####
020 7### ####
07### ######
+1 415 555 ####
+1-212-555-####
(650) 555-####
415.555.####
+39 06 #### ####
+34 612 ### ###
612 ### ###
+31 6 ########
+41 79 ### ## ##
+43 664 #######
+46 70-### ## ##
+48 601 ### ###
+55 11 9####-####
(11) 9####-####
+91 98### #####
98### #####
+81 3-####-####
090-####-####
+82 10-####-####
010-####-####
+86 138 #### ####
138########
+61 4## ### ###
04## ### ###
+27 82 ### ####
+52 55 #### ####
+90 532 ### ## ##
+7 916 ###-##-##
8 (916) ###-##-##
+972 50-###-####
+65 9### ####
+353 86 ### ####
0041 44 ### ## ##
+351 912 ### ###
+420 601 ### ###
+30 210 #######
tel: 030/#######
Phone: ### ####
+234 803 ### ####
+20 100 ### ####"""
BANKS = """DE 18
FR 10 11 2
GB =NWBK 14
ES 20
IT =X 22
NL =ABNA 10
BE 12
AT 16
CH 17
PL 24
SE 20
NO 11
DK 14
FI 14
IE =AIBK 14
PT 21
CZ 20
HU 24
GR 23
RO =BTRL 16
TR 22
SA 20
AE 19
IL 19
BR 23 =P1
MT =MALT 23
LU 16
HR 17
SK 20
LT 16
SA 20
CY 24"""
HOMES = """/home/{user}/project/app.py
/Users/{user}/Documents/notes.txt
C:\\Users\\{user}\\AppData\\Local
C:/Users/{user}/code/main.py
  File "/home/{user}/venv/lib/python3.11/site.py", line 3, in run
file:///Users/{user}/x.html
/mnt/c/Users/{user}/Desktop
D:\\\\Users\\\\{user}\\\\repo
/export/home/{user}/bin
\\\\fileserver\\users\\{user}\\docs
at run (/Users/{user}/app/index.js:10:5)
/var/home/{user}/.ssh/id_rsa
C:\\Documents and Settings\\{user}\\Desktop|path=/home/{user}:/usr/bin"""
LINES = {
    "cookie": ("Cookie: sid={v}; theme=dark", AL, 32),
    "set-cookie": ("Set-Cookie: session={v}; HttpOnly; Path=/", AL, 32),
    "basic": ("Authorization: Basic {v}", B64, 40),
    "bearer": ("Authorization: Bearer {v}", AL, 40),
    "token-header": ("Authorization: Token {v}", HEX, 40),
    "proxy": ("Proxy-Authorization: Basic {v}", B64, 32),
    "curl-user": ("curl -u admin:{v} https://host.example.org", AL, 14),
    "mysql": ("mysql -uroot -p{v} shop", AL, 12),
    "url-login": ("https://bob:{v}@git.example.org/repo.git", AL, 20),
    "redis": ("redis://:{v}@cache:6379/0", AL, 20),
    "mongo": ("mongodb+srv://svc:{v}@cluster0.example.net/db", AL, 18),
    "amqp": ("amqp://guest:{v}@mq:5672", AL, 18),
    "azure-storage": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={v};EndpointSuffix=core",
        B64,
        86,
    ),
    "sql-server": ("Server=db;Database=x;User Id=sa;Password={v};", AL, 14),
    "jdbc": ("jdbc:postgresql://h/db?user=a&password={v}", AL, 14),
    "sas": ("https://acc.blob.example.net/c?sv=2022&sp=r&sig={v}", AL, 44),
    "aws-sign": ("https://b.example.com/k?X-Amz-Signature={v}", HEX, 64),
    "shared-access": ("Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={v}", B64, 43),
    "netrc": ("machine host login bob password {v}", AL, 16),
    "npmrc": ("//registry.example.org/:_authToken={v}", AL, 36),
    "slack-hook": ("https://hooks.slack.com/services/T02AB/B03CD/{v}", AL, 24),
    "discord-hook": ("https://discord.com/api/webhooks/83746251/{v}", AL, 68),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{v}", AL, 43),
    "german": ("Passwort: {v}", AL, 12),
    "spanish": ("contraseña: {v}", AL, 12),
    "kubernetes": ("  password: {v}\n  username: admin", B64, 20),
    "pem": ("-----BEGIN RSA PRIVATE KEY-----\n{v}\n-----END RSA PRIVATE KEY-----", B64, 64),
    "pgp": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{v}\n-----END PGP PRIVATE KEY BLOCK-----",
        B64,
        64,
    ),
    "openssh": (
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{v}\n-----END OPENSSH PRIVATE KEY-----",
        B64,
        70,
    ),
    "mail": ("write to {v}@mail.example.org please", LOW + NUM, 9),
    "mail-plus": ("{v}+news@sub.example.co.uk", LOW + NUM, 9),
    "mail-unicode": ("jörg.{v}@exämple.de", LOW + NUM, 7),
    "mail-upper": ("{v}@EXAMPLE.COM", UP + NUM, 9),
    "ssn": ("SSN 219-09-{v}", "123456789", 4),
    "mac": ("3c:22:fb:1a:{v}:9f", "abcdef", 2),
    "ipv4": ("from 203.0.113.{v} at noon", "12", 3),
    "ipv6": ("2001:db8:85a3::8a2e:370:{v}", HEX, 4),
    "otp": ("your one-time code is {v}", NUM, 6),
    "cvv": ("cvv: {v}", NUM, 4),
}


def _named(name: str, template: str) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        value = word(rng, AL if rng.random() < 0.7 else LOW + NUM, rng.choice((16, 24, 32)))
        return template.format(name=name, value=value), value

    return make


def _formed(prefix: str, letters: str, n: int) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        value = word(rng, letters, n)
        suffix = "-us14" if not prefix else ""
        return f"{prefix}{value}{suffix}", value

    return make


def _line(template: str, letters: str, n: int) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        value = "".join(rng.choices(letters, k=n))
        return template.format(v=value), value if n > 4 else template.format(v=value).strip(" \n")[
            -n - 4 :
        ]

    return make


def _phone(pattern: str) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        text = "".join(rng.choice("23456789") if c == "#" else c for c in pattern)
        text = text.replace(" # # #", " 4829 1736") if "# # #" in pattern else text
        return text, "".join(c for c in text if c.isdigit())[-5:]

    return make


def _bank(spec: str) -> Kind:
    country, *parts = spec.split()

    def make(rng: random.Random) -> tuple[str, str]:
        body = "".join(p[1:] if p[0] == "=" else "".join(rng.choices(NUM, k=int(p))) for p in parts)
        plain = body + country + "00"
        number = int("".join(str(int(c, 36)) for c in plain))
        text = f"{country}{98 - number % 97:02d}{body}"
        form = rng.randrange(3)
        if form == 1:
            text = " ".join(text[i : i + 4] for i in range(0, len(text), 4))
        return text.lower() if form == 2 else text, text[-5:].lower() if form == 2 else text[-5:]

    return make


def _home(template: str) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        user = word(rng, LOW, 7)
        return template.format(user=user), user

    return make


def _card(start: str, n: int) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        digits = start + "".join(rng.choices(NUM, k=n - len(start) - 1))
        for last in NUM:
            total = sum(
                sum(divmod(int(c) * (1 + i % 2), 10)) for i, c in enumerate(reversed(digits + last))
            )
            if total % 10 == 0:
                digits += last
                break
        text = " ".join(digits[i : i + 4] for i in range(0, n, 4)) if rng.random() < 0.5 else digits
        return text, text[-6:]

    return make


def _kinds() -> Iterator[tuple[str, Kind]]:
    for name in ENV:
        yield f"env {name}", _named(name, "{name}={value}")
    for name in FIELDS:
        yield f"json {name}", _named(name, '{{"{name}": "{value}"}}')
    names = ("password", "api_key", "secret", "access_token", "client_secret")
    for notation, template in NOTATIONS.items():
        for name in names:
            yield f"{notation} {name}", _named(name, template)
    for name, (prefix, letters, n) in FORMS.items():
        yield f"form {name}", _formed(prefix, letters, n)
    for at, pattern in enumerate(PHONES.replace("\n", "|").split("|")):
        yield f"phone {at} {pattern}", _phone(pattern)
    for at, spec in enumerate(BANKS.replace("\n", "|").split("|")):
        yield f"iban {at} {spec}", _bank(spec)
    for at, template in enumerate(HOMES.replace("\n", "|").split("|")):
        yield f"home {at}", _home(template)
    for name, (template, letters, n) in LINES.items():
        yield f"line {name}", _line(template, letters, n)
    for name, start, n in (
        ("visa", "4", 16),
        ("master", "52", 16),
        ("amex", "37", 15),
        ("jcb", "3530", 16),
    ):
        yield f"card {name}", _card(start, n)


KINDS: dict[str, Kind] = dict(_kinds())
HELD_OUT = frozenset(name for name in KINDS if sha256(name.encode()).digest()[0] % 2)
PLACES: dict[str, Callable[[str], str]] = {
    "sentence": lambda text: f"Please note {text} for later.",
    "json": lambda text: json.dumps({"log": ["start", text, "end"]}),
    "error": lambda text: f"RuntimeError: call failed\n  {text}\nduring handling of the above",
}


def planted(seed: int = 1) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, place, text and the part that must not survive."""
    for name, make in KINDS.items():
        for place, put in PLACES.items():
            text, core = make(random.Random(f"{seed} {name} {place}"))
            yield name, place, put(text), core


def kinds_of(
    templates: Mapping[str, tuple[str, str, int]],
    phones: Iterable[str],
    banks: Iterable[str],
    paths: Iterable[str],
) -> dict[str, Kind]:
    """Return kinds by name: texts around a random word, telephones, accounts and home folders."""
    found = {name: _around(*template) for name, template in templates.items()}
    found |= {f"phone {pattern}": _phone(pattern) for pattern in phones}
    found |= {f"iban {spec}": _bank(spec) for spec in banks}
    return found | {f"path {template}": _home(template) for template in paths}


def _around(template: str, letters: str, n: int) -> Kind:
    def make(rng: random.Random) -> tuple[str, str]:
        value = word(rng, letters, n)
        return template.format(v=value), value

    return make


def planted_in(
    kinds: Mapping[str, Kind], places: Mapping[str, Callable[[str], str]], seed: int
) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, place, text and the part that must not survive, of every kind in every place."""
    for name, make in kinds.items():
        for place, put in places.items():
            text, core = make(random.Random(f"{seed} {name} {place}"))
            yield name, place, put(text), core
