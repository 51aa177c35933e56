"""What one call of the command line knows: where the project is and how to talk."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.call.plain import inert_text
from evalkit.cli.call.progress import Progress, progress

if TYPE_CHECKING:
    from evalkit.project.config import Project


class Session:
    """The options every verb takes, and the three ways out: words, documents, progress."""

    def __init__(self) -> None:
        self.project: str | None = None
        self.quiet = False
        self.verbose = False
        self.debug = False
        self._document: int | None = None

    def load(self, *, deep: bool = True, look: bool = False) -> Project:
        """Return the checked project around here, or around `--project`.

        `look` asks servers which experiments a pattern stands for; else the stored ones count.
        """
        from evalkit.project.config import load

        project = load(Path(self.project or "."), deep=deep)
        options = [each.options for each in project.experiments.values()]
        if any("*" in str(o.get("experiment")) or o.get("experiments") for o in options):
            from evalkit.pipeline.servers.families import with_families

            project = with_families(project, look=look)
        _work_begins()
        return project

    def say(self, text: str) -> None:
        """Tell people something on stderr, unless they asked for quiet."""
        if not self.quiet:
            click.echo(inert_text(text), err=True)

    def detail(self, text: str) -> None:
        """Tell people who asked for more."""
        if self.verbose:
            click.echo(inert_text(text), err=True)

    def print(self, text: str) -> None:
        """Print a result for people on stdout."""
        click.echo(inert_text(text))

    def address(self, url: str, *, as_json: bool) -> None:
        """Print where something is served."""
        if as_json:
            self.document({"url": url})
        else:
            self.print(url)

    def progress(self) -> Progress:
        """Return a context manager that shows how far the stages are."""
        return progress(quiet=self.quiet)

    def reserve_stdout(self) -> None:
        """Keep stdout for one JSON document: whatever else prints there goes to stderr."""
        if self._document is None:
            sys.stdout.flush()
            try:
                self._document = os.dup(1)
                os.dup2(2, 1)
            except OSError:  # stdout or stderr is closed
                self._document = None

    def document(self, value: Any) -> None:
        """Print the one JSON document of this call."""
        text = json.dumps(value, indent=2, allow_nan=False, default=str) + "\n"
        if self._document is None:
            click.echo(text, nl=False)
            return
        with os.fdopen(self._document, "w", encoding="ascii") as out:
            self._document = None
            out.write(text)

    def alone(self, text: str) -> None:
        """Print the one text of this call, on the stdout that was kept for it."""
        os.write(1 if self._document is None else self._document, text.encode("utf-8", "replace"))

    def line(self, value: Any) -> None:
        """Print one of many JSON documents, a line each."""
        text = json.dumps(value, allow_nan=False, default=str) + "\n"
        os.write(1 if self._document is None else self._document, text.encode("ascii"))


def _work_begins() -> None:
    """Collect garbage from here on, where `main.entry` had put it off.

    The modules loaded so far live as long as the process: the collector leaves them alone, at exit
    too, where going through them costs a tenth of a short command.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
