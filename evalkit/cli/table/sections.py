"""All verbs under the headings of the help, and the module that does what each one says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.cli.table.authoring import AUTHORING
from evalkit.cli.table.everyday import EVERYDAY
from evalkit.cli.table.further import FURTHER
from evalkit.cli.table.machines import MACHINES
from evalkit.cli.table.project import PROJECT
from evalkit.cli.table.verb import Verb


@dataclass(frozen=True)
class Section:
    """Verbs that stand together in the help, and live in one room of `evalkit.cli.verbs`."""

    heading: str
    room: str
    verbs: Mapping[str, Verb]


SECTIONS = (
    Section("Every day", "everyday", EVERYDAY),
    Section("A project", "project", PROJECT),
    Section("Writing evaluators", "authoring", AUTHORING),
    Section("Looking further", "further", FURTHER),
    Section("Machines", "machines", MACHINES),
)
VERBS = {name: verb for section in SECTIONS for name, verb in section.verbs.items()}
ROOMS = {name: f"evalkit.cli.verbs.{each.room}" for each in SECTIONS for name in each.verbs}
"""Where each verb lives: in the module of its name, verbs inside a verb in the room of its name."""


def module_of(*words: str) -> str:
    """Return the module that holds `perform` of the verb `words`, such as `store`, `verify`."""
    return ".".join([ROOMS[words[0]], *words[:-1], _importable(words[-1])])


def _importable(word: str) -> str:
    return f"{word}_" if word in ("try", "import") else word.replace("-", "_")
