"""Findings: what differs, what could not be checked, and how two documents are held together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MOST = 200
"""Differences that are named; of the others the number is said."""
NEAR = 1e-9
"""Relative room between two numbers: another release of a library rounds otherwise."""
NAMES = ("metric", "key", "rule", "name", "experiment", "score", "value")
"""Keys by which an entry of a list is called."""
LONGEST = 120
OF_THE_PLACE = ("file", "line")
"""Where a rule stands, as seen from where a command was called: no figure."""
COUNTED = {"figure": "figures", "gate": "values of rules"}
"""How compared values are called together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that differs."""

    what: str
    """bytes, signature, data, store, evaluator, configuration, version, seed, figure, score, run,
    trace, gate, program or words."""
    text: str
    experiment: str | None = None
    run: str | None = None
    metric: str | None = None
    page: Any = None
    right: Any = None


@dataclass(slots=True)
class Verified:
    """What the check of one file came to."""

    file: Path
    against: str = "itself"
    """store, or itself."""
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    """Differences beyond those named."""
    open: list[str] = field(default_factory=list)
    """What could not be checked, a sentence each."""
    checked: dict[str, int] = field(default_factory=dict)
    """How much was compared, by what it is."""
    signer: str = ""
    """The public key whose signature is right, in hex."""

    @property
    def good(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def count(self, what: str, n: int = 1) -> None:
        """Note how much was compared."""
        self.checked[what] = self.checked.get(what, 0) + n

    def differs(self, what: str, text: str, **of: Any) -> None:
        """Note what differs."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(what, text, **of))
        else:
            self.more += 1

    def compared(self, what: str, page: Any, right: Any, path: Sequence[str], **of: Any) -> None:
        """Hold two documents together and note each value that differs."""
        self.count(COUNTED.get(what, what), leaves(right))
        for at, one, other in differences(page, right, tuple(path)):
            if at[-1] in OF_THE_PLACE:
                continue
            said = f"{' '.join(at)}: the page says {shown(one)}, right is {shown(other)}"
            values = [None if each is MISSING else each for each in (one, other)]
            kind = "gate" if "gates" in at else what
            self.differs(kind, said, page=values[0], right=values[1], **of)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "type": "evalkit.verified",
            "version": 1,
            "file": str(self.file),
            "good": self.good,
            "against": self.against,
            "findings": [asdict(each) for each in self.findings],
            "more": self.more,
            "not_checked": self.open,
            "checked": self.checked,
            "signer": self.signer or None,
        }


MISSING = type("Missing", (), {"__repr__": lambda self: "nothing"})()


def differences(
    page: Any, right: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield where two JSON values differ, with both values there."""
    if isinstance(right, Mapping) and isinstance(page, Mapping):
        for key in [*right, *(key for key in page if key not in right)]:
            one, other = page.get(key, MISSING), right.get(key, MISSING)
            yield from differences(one, other, (*path, str(key)))
    elif isinstance(right, list | tuple) and isinstance(page, list | tuple):
        for at in range(max(len(page), len(right))):
            one = page[at] if at < len(page) else MISSING
            other = right[at] if at < len(right) else MISSING
            yield from differences(one, other, (*path, called(other, one, at)))
    elif not same(page, right):
        yield path, page, right


def called(right: Any, page: Any, at: int) -> str:
    """Return the name of an entry of a list."""
    for each in (right, page):
        if isinstance(each, Mapping):
            for name in NAMES:
                if isinstance(each.get(name), str):
                    return str(each[name])
    return f"[{at}]"


def same(page: Any, right: Any, near: float = NEAR) -> bool:
    """Tell whether two plain values are the same; numbers may differ by a rounding."""
    if isinstance(page, bool) or isinstance(right, bool):
        return page is right
    if isinstance(page, int | float) and isinstance(right, int | float):
        return page == right or math.isclose(page, right, rel_tol=near, abs_tol=1e-12)
    return type(page) is type(right) and bool(page == right)


def leaves(value: Any) -> int:
    """Count the plain values of a document."""
    if isinstance(value, Mapping):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list | tuple) else 1


def shown(value: Any) -> str:
    """Write a value on one line, cut where it is long."""
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
