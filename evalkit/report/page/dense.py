"""Dense: scripts and styles as written, without what only their writers need: comments, layout."""

from __future__ import annotations

import re

INNER = r"`(?:[^`\\]|\\.)*`"
"""A template inside a template's expression; deeper ones are not written here."""
BEFORE = r"(?:(?<=[(,=:\[!&|?{;>])|(?<=[(,=:\[!&|?{;>]\s)|(?<=\n)|(?<=return\s))"
"""What stands before a pattern; after anything else a slash divides."""
PATTERN = BEFORE + r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*"
"""A regular expression."""
PIECE = re.compile(
    r"(?=[/\"'`])(?:(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"|`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|" + INNER + r"|\{[^{}`]*\})*\})*`"
    r"|" + PATTERN + ")",
    re.DOTALL,
)
"""What is no code in a script: comments, and strings, templates and patterns, which stay."""
SIGNS = re.compile(r"(?<=[+\-])\s+(?=[+\-])")
PUNCTUATION = re.compile(r"\s*([{}()\[\];,<>=+\-*/%&|^!?:~.])\s*")
LAST = re.compile(r",(?=[}\])])|;(?=})")
ALONE = re.compile(r"(?<!\w)\((\w+)\)=>")
CONST = re.compile(r"\bconst ")
GAPS = re.compile(r"\s+")
MARK, APART = "\x01", "\x02"


def script(text: str) -> str:
    """Return a script without comments and layout; every statement of ours ends in `;` or `}`.

    `const` helps who writes; `let` does the same in fewer bytes.
    """
    kept: list[str] = []

    def aside(found: re.Match[str]) -> str:
        if found["comment"]:
            return " "
        kept.append(found[0])
        return MARK

    # What is kept stands as a mark meanwhile, so that nothing inside it is taken for layout.
    code = PIECE.sub(aside, text)
    code = GAPS.sub(" ", SIGNS.sub(APART, code))
    code = CONST.sub("let ", code)
    code = (
        ALONE.sub(r"\1=>", LAST.sub("", PUNCTUATION.sub(r"\1", code))).replace(APART, " ").strip()
    )
    parts = code.split(MARK)
    return "".join(part + piece for part, piece in zip(parts, [*kept, ""], strict=True))


COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULES = re.compile(r"\s*([{};,>])\s*")
VALUE = re.compile(r"(?<=[a-z]):\s+")


def style(text: str) -> str:
    """Return a style sheet without comments and layout."""
    text = GAPS.sub(" ", COMMENT.sub("", text))
    return VALUE.sub(":", RULES.sub(r"\1", text)).replace(";}", "}").strip()
