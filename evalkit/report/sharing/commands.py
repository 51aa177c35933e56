"""Commands: secrets in command lines, and in the calls of programs that log in somewhere.

`curl -u name:...`, `redis-cli -a ...`, `echo ... | sudo -S`, `db.auth("name", "...")`: no name of a
secret stands there, the program and its option say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from evalkit.report.sharing.gate import Gate, widened
from evalkit.report.sharing.vendors import looks_random

BETWEEN = r"\b[^\r\n]{0,80}?[ \t]"
"""What stands between a program and its option."""
ARGUMENT = r"[ \t]{1,3}[\"']?(?P<value>[^\s\"'\\$<{-][^\s\"'\\]{3,199})"
MIXED = (
    r"(?=[^\s\"'@/]{0,128}[A-Za-z])(?=[^\s\"'@/]{0,128}[\d!#$%^&*])(?P<value>[^\s\"'@/:,]{6,128})"
)
"""A password beside the name of its user: letters, and a digit or a sign."""
QUOTED = r"[ \t]{0,3}(?P<q>\\{0,3}[\"'])(?P<value>[^\s\"'\\]{4,128})\\{0,3}[\"']"
SURE = (
    r"(?<=[ \t])-(?:u|-user[ =\t])[ \t]{0,3}[\"']?(?P<value>[^\s:\"']{1,64}:[^\s\"']{3,128})",
    r"(?<=[ \t])-p[\"']?(?P<value>(?=[^\s\"'-]*[\d!@#$%^&*])[^\s\"'-][^\s\"']{5,64})",
    rf"\b(?:redis-cli|ldap\w{{1,12}}|security){BETWEEN}-[aw]{ARGUMENT}",
    rf"\b(?:openssl|7z|zip|unzip|mosquitto_(?:pub|sub)|rar|unrar){BETWEEN}-[kP]{ARGUMENT}",
    rf"\b(?:sshpass|login|sqlcmd|bcp|cqlsh|mongo\w{{0,8}}|mssql-cli|ipmitool|isql|mqtt|useradd"
    rf"|usermod|twine|evil-winrm|crackmapexec|netexec){BETWEEN}-[pP]{ARGUMENT}",
    rf"\b(?:auth|login|authtoken|ngrok|doctl|influx){BETWEEN}-t{ARGUMENT}",
    rf"\bsnmp\w{{1,12}}{BETWEEN}-[cAX]{ARGUMENT}",
    r"\b(?:rabbitmqctl[ \t]+(?:add_user|change_password)|htpasswd[ \t]+-\w*b\w*[ \t]+[^\s]{1,128}"
    rf"|http-basic\.[\w.-]{{1,128}})[ \t]+[\w@.-]{{1,64}}{ARGUMENT}",
    rf"\b(?:auth-pass|requirepass|masterauth|sshpass)(?:[ \t]+[\w-]{{1,64}})?{ARGUMENT}",
    r"\bnet[ \t]+use\b[^\r\n/]{0,100}[ \t](?P<value>[^\s\\/:*]{4,128})[ \t]+/user:",
    rf"[ \t]-(?:u|U|-user|-username)[ \t]+[^\s]{{1,64}}[ \t]+-(?:p|P|-pass){ARGUMENT}",
    r"(?i)[ \t]/(?:ru|user|u)[ :][^\s]{1,64}[ \t]+/rp[ \t]+(?P<value>\S{3,128})",
    rf"(?i)\bsecurestring\b[^\r\n]{{0,60}}?--value{ARGUMENT}",
    r"\b(?:bundle|composer|npm|yarn|pip|poetry|gem)[ \t]+config\b[^\r\n]{0,80}[ \t][\w.-]{1,64}:"
    + MIXED,
    r"(?i)[ /](?:user|u):[^\s]{1,64}[ \t]+/(?:p|pass|password):(?P<value>\S{3,128})",
    r"\bsqlplus[ \t]+(?:-\w+[ \t]+)*[\w.-]{1,64}/[\"']?(?P<value>[^\s@\"'/]{3,128})(?=[\"']?@)",
    r"\b(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?[\"']?(?P<value>[^\s\"'"
    r"|$]{4,200})[\"']?[ \t]*\|[ \t]*[^\r\n|]{0,80}?"
    r"(?:sudo[ \t]+-S|-stdin\b|--with-token|--stdin\b|secrets?[ \t]|chpasswd|cryptsetup|kinit"
    r"|gpg\b)",
    r"(?i)\bsecurestring[ \t]+(?:-string[ \t]+)?[\"'](?P<value>[^\"'\r\n$]{4,128})[\"']",
    r"(?i)\bidentified(?:[ \t]+with[ \t]+\S{1,40})?[ \t]+(?:by|as)[ \t]+(?:password[ \t]+)?"
    r"\\{0,3}[\"'](?P<value>[^\"'\r\n\\{]{3,128})\\{0,3}[\"']",
    r"(?i)(?:auth|log_?in|log_?on|sign_?in|credentials?|authenticate)\w{0,8}[ \t]{0,3}"
    rf"[(=:][ \t]{{0,3}}[(\[{{]?[ \t]{{0,3}}\\{{0,3}}[\"'][^\s\"'\\,]{{1,64}}\\{{0,3}}[\"']"
    rf",{QUOTED}[ \t]{{0,3}}[)\]}},]",
)
"""Where the program or the call says what it is."""
LIKELY = (
    r"(?<=[ \t])-(?:U|a|E|-cert|-auth|-proxy-user|-credentials?)[ =\t][ \t]{0,3}[\"']?[\w.@\\-]{1"
    r",64}:" + MIXED,
    r"(?<=[ \t])-(?:u|U|-user)[ =\t][ \t]{0,3}[\"']?[\w.@\\/-]{1,64}[,%]" + MIXED,
)
"""Options that other programs have for something else: the value has to be mixed."""
RANDOM = (
    r"\b(?:login|auth|authenticate|add-authtoken|authtoken|set-token|AUTH)"
    rf"(?:[ \t]+(?:add|set|init|default|token))?{ARGUMENT}",
    r"\b(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?[\"']?(?P<value>[^\s\"'"
    r"|$]{4,200})[\"']?[ \t]*\|[ \t]*base64\b",
)
"""What is a secret where it looks random."""
FORMS = tuple((re.compile(each), each in RANDOM) for each in (*SURE, *LIKELY, *RANDOM))
BEFORE_ANY = (
    r"[ \t]-[aupwkPtcAXUE]|[ \t]--(?:user|cert|auth|proxy|cred)|(?i:securestring|identified|/user:|"
    r"[ /]u:|sqlplus|rabbitmqctl|htpasswd|http-basic|\b(?:echo|printf)[ \t]|/ru |[ \t]config[ \t]"
    r"|log_?in|log_?on|sign_?in|auth|credential)"
)
"""What a text must have, one of these, before a command is looked for."""


@cache
def _gate() -> Gate:
    return Gate(widened(form.pattern) for form, _ in FORMS)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand in command lines and calls."""
    for number in _gate().matching(text):
        form, random = FORMS[number]
        for match in form.finditer(text):
            if not random or looks_random(match["value"]) or _is_hex(match["value"]):
                yield match.span("value")


def _is_hex(value: str) -> bool:
    return len(value) >= 32 and all(char in "0123456789abcdef" for char in value)
