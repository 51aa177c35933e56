"""The parts of the READMEs that say what the code says; `python tests/docs_blocks.py` renews them.

A block stands between `<!-- NAME: ... -->` and `<!-- end -->` and is made from the code, so that a
verb, a key, an error or a column cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evalkit import errors
from evalkit.cli.table.sections import SECTIONS
from evalkit.metrics.summaries.reducer import REDUCERS, forms
from evalkit.model.messages.forms import FORMS
from evalkit.model.schema.columns import TABLES
from evalkit.project import plugins
from evalkit.project.explained import model_of
from evalkit.project.tables import ExperimentTable, ProjectTable
from evalkit.report.runs.fields import FIELDS
from evalkit.scoring.definition.evaluator import as_evaluator

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "evalkit/README.md",
    "evalkit/metrics/README.md",
    "evalkit/fetchers/README.md",
    "evalkit/fetchers/files/README.md",
    "evalkit/fetchers/langgraph/README.md",
    "evaluators/README.md",
    "reports/README.md",
    "datasets/README.md",
    "benchmarks/README.md",
    "evalkit/store/README.md",
    "evalkit/fetchers/langsmith/README.md",
    "evalkit/fetchers/stores/README.md",
)
BLOCK = re.compile(r"(<!-- block: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines
    )


def verbs() -> str:
    parts = []
    for section in SECTIONS:
        rows = [(f"`evalkit {name}`", verb.line) for name, verb in section.verbs.items()]
        parts.append(table((section.heading, ""), rows))
    return "\n".join(parts)


def keys() -> str:
    rows = []
    project = model_of(ProjectTable)
    for place, model in [("", project), *_tables(project)]:
        rows += [(place or "top", *row) for row in _fields(model)]
    rows += [("[experiments.NAME]", *row) for row in _fields(model_of(ExperimentTable))]
    return table(("in", "key", "default", "is"), [(f"`{r[0]}`", *r[1:]) for r in rows])


def _tables(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield f"[{name}]", field.annotation


def _fields(model: type[BaseModel]) -> list[tuple[str, str, str]]:
    inner = {name.strip("[]") for name, _ in _tables(model)}
    said = model.model_json_schema()["properties"]
    rows = []
    for name, field in model.model_fields.items():
        if name in inner or name in {"experiments"}:
            continue
        default = (
            "required"
            if field.is_required()
            else _toml(field.get_default(call_default_factory=True))
        )
        key = field.alias or name
        rows.append((f"`{key}`", default, _line(said[key].get("description"))))
    return rows


def _toml(value: Any) -> str:
    if value is None or value == {}:
        return ""
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    return f"`{text or repr(value).replace(chr(39), chr(34))}`"


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def fetchers() -> str:
    parts = []
    for name in plugins.fetchers():
        kind = plugins.fetcher(name)
        parts.append(f'#### `fetcher = "{name}"`\n\n{_line(kind.__doc__)}\n\n')
        parts.append(table(("key", "default", "is"), _fields(kind.Options)) + "\n")
    return "".join(parts).rstrip() + "\n"


def exit_codes() -> str:
    said = {
        errors.ExitCode.GOOD: "good",
        errors.ExitCode.GATE_MISSED: "a gate was missed",
        errors.ExitCode.USAGE: "usage, configuration, or an evaluator that does not load",
        errors.ExitCode.SOURCE_FAILED: "the source failed, or the fetch is incomplete",
        errors.ExitCode.EVALUATOR_ERRORS: "more evaluator errors than allowed, or a failed case",
        errors.ExitCode.NOTHING_TO_EVALUATE: "nothing to evaluate, which is never a success",
        errors.ExitCode.INTERRUPTED: "stopped by Ctrl-C or SIGTERM; the same command goes on",
    }
    rows = [(f"`{int(code)}`", said[code]) for code in errors.ExitCode]
    rows.append(("`70`", "a mistake of evalkit's own, never to be taken for a missed gate"))
    left = "who read stdout left before the end (`evalkit gate | head -1`); says nothing of gates"
    rows.append(("`141`", left))
    return table(("code", "means"), rows)


def every_error() -> list[type[errors.EvalkitError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, errors.EvalkitError)]


def error_slugs() -> str:
    rows = []
    for kind in every_error():
        code = str(int(kind.exit_code))
        anchor = f'<a id="{kind.slug}"></a>`{kind.slug}`'
        rows.append((anchor, f"`{kind.__name__}`", code, _line(kind.__doc__)))
    return table(("slug", "exception", "exit", "when"), rows)


def columns() -> str:
    parts = []
    for name, fields in TABLES.items():
        rows = [(f"`{column.name}`", column.type, column.doc) for column in fields]
        parts.append(f"#### {name}\n\n{table(('column', 'type', 'is'), rows)}")
    return "\n".join(parts)


def built_ins() -> str:
    rows = []
    for name, point in plugins.evaluators().items():
        if point.value.startswith("evalkit."):
            info = as_evaluator(plugins.load(point)).info()
            low_high = "true or false" if info.range is None else "{:g} to {:g}".format(*info.range)
            if info.kind == "judge":
                low_high = "by its scale"
            better = {"higher": "", "lower": ", lower is better"}[info.direction or "higher"]
            rows.append((f"`{name}`", info.scope, low_high + better, info.doc.partition("\n")[0]))
    return table(("name", "scope", "range", "is"), rows)


def run_fields() -> str:
    """What is known of every run on the page and in its exports."""
    rows = [
        (
            f"`{each.key}`" if each.filterable else "",
            "always" if each.shown is None else "at first" if each.shown else "in Columns",
            each.label,
            f"`{each.column}`",
            each.doc,
        )
        for each in FIELDS
    ]
    return table(("in the filter", "in the table", "heading", "exported as", "is"), rows)


def message_forms() -> str:
    return table(("whose", "a message is known by", "its calls", "their answers"), list(FORMS))


def reducers() -> str:
    """Every reducer as it is written, what it needs and what it does."""
    rows = []
    for form, entry in zip(forms(), REDUCERS.values(), strict=True):
        needs = "passes" if entry.count else "numbers"
        runs = "k runs" if entry.counted else f"{entry.least} runs" if entry.least > 1 else ""
        rows.append(
            (f"`{form.replace('2', 'k')}`", ", ".join(filter(None, (needs, runs))), entry.doc)
        )
    return table(("reducer", "needs", "per example"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "verbs": verbs,
    "config": keys,
    "fetchers": fetchers,
    "exit-codes": exit_codes,
    "errors": error_slugs,
    "columns": columns,
    "run-fields": run_fields,
    "reducers": reducers,
    "built-ins": built_ins,
    "message-forms": message_forms,
}


def renewed(text: str) -> str:
    """Return a document with every block as the code has it now."""
    return BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}{found[3]}", text)


if __name__ == "__main__":
    for name in DOCUMENTS:
        path = ROOT / name
        if path.is_file():
            path.write_text(renewed(path.read_text("utf-8")), "utf-8")
