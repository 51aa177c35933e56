"""Spreadsheet: text of strangers in a CSV, so that no program takes it for a formula."""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that a spreadsheet would run, full-width letters among them."""


def inert(value: Any) -> Any:
    """Return a cell's value; a text that begins as a formula, even after blanks, gets a quote.

    Each text of a list does too: where a list is separated by semicolons, so may be the columns.
    """
    if isinstance(value, list | tuple):
        return inert(";".join(str(inert(each)) for each in value))
    return (
        f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value
    )
