"""Gates: each rule is a test of the session, with the verdict that `evalkit gate` gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalkit.pytest_plugin.options import KEY

if TYPE_CHECKING:
    from evalkit.metrics.documents.gate import GateResult

PLACE = "_evalkit_place"
"""The fixture that every test over runs or figures has."""
BRACKETS = str.maketrans("[]", "()")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say of which projects no rule is checked, where tests over their runs go on without."""
    return [lack for saved in config.stash.get(KEY, []) if (lack := saved.lacks_gates())]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test per gate, before `-k` chooses; nothing to check is a mistake, as for `gate`."""
    opened = config.stash.get(KEY, [])
    if not opened:
        return
    from evalkit.errors import EvalkitError

    try:
        found = [(saved.label, result) for saved in opened for result in saved.gates()]
    except EvalkitError as error:
        raise pytest.UsageError(str(error)) from None
    lacks = [lack for saved in opened if (lack := saved.lacks_gates())]
    if lacks and not found and not any(PLACE in getattr(i, "fixturenames", ()) for i in items):
        raise pytest.UsageError(" ".join(lacks))
    for label, result in found:
        # pytest forgets the last failures (--lf) of items of the session whose names hold brackets.
        name = f"gate {label}{result.experiment}: {result.rule}".translate(BRACKETS)
        items.append(GateItem.from_parent(session, name=name, result=result))


class GateItem(pytest.Item):
    """A gate: passes, fails with what was seen, or is skipped for want of a baseline."""

    def __init__(self, *, result: GateResult, **more: Any) -> None:
        super().__init__(**more)
        self.result = result

    def runtest(self) -> None:
        """Report the verdict that was reached."""
        if self.result.passed is None:
            pytest.skip(self.result.why)
        if not self.result.passed:
            raise GateMissed(self.result.why)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show the sentence, not our stack."""
        if isinstance(excinfo.value, GateMissed):
            return f"{self.result.rule}\n  {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the rule is written."""
        file = self.result.file
        line = None if self.result.line is None else self.result.line - 1
        return (Path(file) if file else self.path), line, self.name


class GateMissed(Exception):
    """A rule does not hold."""
