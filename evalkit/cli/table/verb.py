"""One entry of the table of verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc

import click


@dataclass(frozen=True)
class Verb:
    """A verb of the command line: what is said of it and what it takes, without what it does.

    What it does is `perform` in the module of `evalkit.cli.verbs` that bears its name; it is called
    with the session and every value that `takes` names, and loaded only then.
    """

    line: str
    """What the verb does, in the list of verbs."""
    help: str = ""
    """What its own help says, when that is more than the line."""
    takes: Sequence[click.Parameter] = ()
    inside: Mapping[str, Verb] = field(default_factory=dict)
    """Verbs of its own, as in `store verify`; it then does nothing itself."""

    @property
    def text(self) -> str:
        """The text of its own help."""
        return cleandoc(self.help) or self.line
