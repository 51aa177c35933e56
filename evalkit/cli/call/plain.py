"""Plain: what is said, in lines that steer no terminal and begin no command of a CI's runner."""

from __future__ import annotations

import re

STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
COMMAND = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
"""GitHub's runner takes a line that begins with two colons, after any blanks, for a command."""
OLD_COMMAND = re.compile(r"##(?=\[|vso\[)")
"""Its older form, and that of Azure, counts anywhere in a line."""
LINE_OF_ITS_OWN = re.compile(r"\n(?!  )")


def inert_text(text: str) -> str:
    """Return text with escapes for what steers a terminal, and gaps in what would be a command."""
    shown = STEERS.sub(_escaped, text)
    return OLD_COMMAND.sub("## ", COMMAND.sub(r"\1: ", shown))


def one_message(text: str) -> str:
    """Return an error as people read it: a name with a line end in it begins no line.

    What belongs below the first line is indented.
    """
    return inert_text(LINE_OF_ITS_OWN.sub(r"\\n", text))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
