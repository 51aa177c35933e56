"""Cleaner: what a report passes its texts through; the one of reports that stay in the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """What to take out beside secrets and personal data."""

    salt: str = ""
    """Ids are hashed with it; the same salt gives the same ids. Empty: a new one every time."""
    drop: tuple[str, ...] = ()
    """Names of fields whose values are dropped wherever they occur, in runs and examples."""
    keep_ids: bool = False


class Cleaner:
    """Takes nothing out: for reports that stay in the house."""

    plain = True
    """Whether nothing is taken out."""

    def text(self, text: str) -> str:
        """Return the text as it may be shown."""
        return text

    def ident(self, identifier: str) -> str:
        """Return the id as it may be shown."""
        return identifier

    def tree(self, value: Any) -> Any:
        """Return a value of a run as it may be shown."""
        return value

    def parts(self, value: T) -> T:
        """Return plain values of the report (dataclasses, tuples, texts) as they may be shown."""
        return value

    def removed(self) -> list[str]:
        """Say what was taken out."""
        return []
