"""The kinds of `planted_widely.txt`, 545 more: each in a text, a payload and a note."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from planted import AL, B64, HEX, LOW, NUM, UP

LETTERS = {
    "A": AL,
    "h": HEX,
    "l": LOW,
    "L": LOW,
    "u": UP,
    "x": UP + NUM,
    "y": LOW + NUM,
    "b": B64,
    "w": AL + "-_",
    "P": AL + "!#%*?.",
}
MARK = re.compile(
    r"<(?P<core>!?)(?P<of>[AhnluxybwPUL])(?P<n>\d*)>|<(?P<formed>!?)f\((?P<form>[^)]*)\)>"
    r"|<@(?P<kind>iban|luhn):(?P<spec>[^>]*)>"
)
SHORTEST = 5
"""Shorter parts stand elsewhere by chance."""
PLACES = ("text", "payload", "note")


class Planted(NamedTuple):
    """Of one kind in one place: what stands there, and the parts that must not survive."""

    kind: str
    place: str
    value: object
    cores: list[str]


def planted_widely(seed: int = 1) -> Iterator[Planted]:
    """Yield every kind in every place."""
    lines = (Path(__file__).parent / "planted_widely.txt").read_text("utf-8").splitlines()
    for line in lines:
        if line and line[0] != "#":
            kind, _, rest = line.partition(" :: ")
            key, _, template = rest.rpartition(" :: ") if kind.startswith("kv ") else ("", "", rest)
            for place in PLACES:
                rng = random.Random(f"{seed} {kind} {place}")
                text, cores = filled(template, rng)
                yield Planted(kind, place, _placed(place, key, text, rng), cores)


def _placed(place: str, key: str, text: str, rng: random.Random) -> object:
    if place == "payload":
        return {key or "cmd": text, "timeout": 3}
    said = f"{key}{rng.choice(('=', ': '))}{text}" if key else text
    return f"Here it is:\n{said}\nWhat now?" if place == "text" else said


def filled(template: str, rng: random.Random) -> tuple[str, list[str]]:
    """Return a template with random parts, and those of them that must not survive."""
    cores: list[str] = []

    def put(mark: re.Match[str]) -> str:
        if mark["kind"]:
            text = _checked(mark["kind"], mark["spec"], rng)
            cores.append(text[-7:])
        elif mark["form"]:
            text = "".join(rng.choice("23456789") if c == "#" else c for c in mark["form"])
            cores.extend([text[-8:]] if mark["formed"] else [])
        else:
            text = some(mark["of"], int(mark["n"] or 0), rng)
            cores.extend([text] if mark["core"] and len(text) >= SHORTEST else [])
        return text

    text = MARK.sub(put, template).replace("⏎", "\n")
    return text, cores or [text]


def some(of: str, n: int, rng: random.Random) -> str:
    """Return random characters; among letters and digits there are both."""
    if of == "U":
        return str(UUID(int=rng.getrandbits(128), version=4))
    if of == "n":
        return rng.choice("23456789") + "".join(rng.choices(NUM, k=n - 1))
    letters = LETTERS[of]
    if of in "lLu":
        text = "".join(rng.choices(letters, k=n))
        return text.title() if of == "L" else text
    plain = [c for c in letters if c.isalnum()]
    while True:
        text = rng.choice(plain) + "".join(rng.choices(letters, k=n - 2)) + rng.choice(plain)
        if n <= 3 or (any(map(str.isdigit, text)) and any(map(str.isalpha, text))):
            return text


def _checked(kind: str, spec: str, rng: random.Random) -> str:
    if kind == "iban":
        country, *parts = spec.split(":")
        body = "".join(some(part[0], int(part[1:]), rng) for part in parts)
        number = int("".join(str(int(c, 36)) for c in f"{body}{country}00"))
        text = f"{country}{98 - number % 97:02d}{body}"
        return _grouped(text, " ") if rng.random() < 0.5 else text
    start, length, sign = spec.split(":")
    digits = start + "".join(rng.choices(NUM, k=int(length) - len(start) - 1))
    digits += next(last for last in string.digits if _luhn(digits + last))
    return _grouped(digits, sign) if sign else digits


def _luhn(digits: str) -> bool:
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return sum(sum(divmod(each, 10)) for each in doubled) % 10 == 0


def _grouped(text: str, sign: str) -> str:
    return sign.join(text[at : at + 4] for at in range(0, len(text), 4))
