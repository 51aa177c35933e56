"""Renew `evalkit/report/sharing/gitleaks.json` from gitleaks' rule set (MIT).

    python tests/renew_gitleaks.py path/to/gitleaks.toml COMMIT

What a rule is stays as gitleaks has it; its regular expression is written for Python.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

TARGET = Path(__file__).parent.parent / "evalkit" / "report" / "sharing" / "gitleaks.json"
OWN = {"generic-api-key", "jwt", "jwt-base64", "private-key", "curl-auth-user", "curl-auth-header"}
"""Rules that `patterns.py` and `named.py` have wider ones for."""
CLASSES = {"alnum": "A-Za-z0-9", "alpha": "A-Za-z", "digit": "0-9"}


def for_python(regex: str) -> str:
    """Write Go's syntax as Python's: flags in the middle, POSIX classes, the end of the text."""
    regex = re.sub(r"\[:(\w+):\]", lambda m: CLASSES[m[1]], regex).replace(r"\z", r"\Z")
    out, opened, at = [], [[]], 0
    while at < len(regex):
        flag = re.match(r"\(\?([ims]+)\)", regex[at:])
        if regex[at] == "\\":
            out.append(regex[at : at + 2])
            at += 2
        elif regex[at] == "[":
            end = re.match(r"\[\^?\]?(?:\\.|[^\]\\])*\]", regex[at:]).end()
            out.append(regex[at : at + end])
            at += end
        elif flag:
            out.append(f"(?{flag[1]}:")
            opened[-1].append(")")
            at += flag.end()
        elif regex[at] == "|" and opened[-1]:
            out += [*opened[-1], "|", *(["(?i:"] * len(opened[-1]))]
            at += 1
        else:
            if regex[at] == "(":
                opened.append([])
            if regex[at] == ")":
                out += opened.pop()
            out.append(regex[at])
            at += 1
    return "".join([*out, *opened[0]])


def main(source: str, commit: str) -> None:
    """Write the rules that can be searched in a text, each with its keywords."""
    found = []
    for rule in tomllib.loads(Path(source).read_text("utf-8"))["rules"]:
        if not rule.get("regex") or rule["id"] in OWN or not rule.get("keywords"):
            continue
        regex = for_python(rule["regex"])
        re.compile(regex)
        found.append([rule["id"], sorted(rule["keywords"]), rule.get("entropy", 0), regex])
    about = {
        "source": "https://github.com/gitleaks/gitleaks, config/gitleaks.toml",
        "commit": commit,
        "license": "MIT License, Copyright (c) 2019 Zachary Rice",
        "fields": ["id", "keywords", "least entropy", "regular expression for Python"],
    }
    lines = ",\n".join(json.dumps(rule) for rule in found)
    head = json.dumps(about, indent=1)[:-2]
    TARGET.write_text(f'{head},\n "rules": [\n{lines}\n]}}\n', "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
