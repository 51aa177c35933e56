"""The table of verbs and the modules that do the work fit each other, word by word."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from evalkit.cli.table.sections import SECTIONS, VERBS, module_of
from evalkit.cli.table.verb import Verb
from evalkit.cli.text.lists import LISTS
from evalkit.project.scaffold import TEMPLATES
from evalkit.project.schemas import SCHEMAS
from evalkit.store.upkeep.export import FORMATS

TEMPLATED = [path.name.partition(".")[0] for path in TEMPLATES.iterdir()]
PACKAGE = Path(__file__).parents[2] / "evalkit" / "cli" / "verbs"


def every(verbs: Mapping[str, Verb] = VERBS, *above: str) -> Iterator[tuple[tuple[str, ...], Verb]]:
    for name, verb in verbs.items():
        if verb.inside:
            yield from every(verb.inside, *above, name)
        else:
            yield (*above, name), verb


@pytest.mark.parametrize(("words", "verb"), list(every()), ids=lambda each: str(each)[:40])
def test_a_verb_takes_what_its_module_asks_for(words: tuple[str, ...], verb: Verb) -> None:
    perform = importlib.import_module(module_of(*words)).perform
    taken = {str(param.name) for param in verb.takes if param.expose_value}
    session, *asked = inspect.signature(perform).parameters.values()
    named = {each.name for each in asked if each.kind is not each.VAR_KEYWORD}
    assert session.kind is session.POSITIONAL_ONLY
    assert named <= taken
    assert taken == named or any(each.kind is each.VAR_KEYWORD for each in asked)


def test_every_module_of_a_verb_is_in_the_table() -> None:
    there = {
        ".".join(["evalkit.cli.verbs", *path.relative_to(PACKAGE).with_suffix("").parts])
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert there == {module_of(*words) for words, _ in every()}


def test_no_verb_stands_under_two_headings() -> None:
    assert len(VERBS) == sum(len(section.verbs) for section in SECTIONS)


@pytest.mark.parametrize(
    ("words", "name", "known"),
    [
        (("list",), "what", list(LISTS)),
        (("schema",), "document", list(SCHEMAS)),
        (
            ("new", "evaluator"),
            "scope",
            TEMPLATED,
        ),
        (("store", "export"), "kind", list(FORMATS)),
    ],
)
def test_choices_are_those_there_are(words: tuple[str, ...], name: str, known: list[str]) -> None:
    (verb,) = (verb for each, verb in every() if each == words)
    (param,) = (param for param in verb.takes if param.name == name)
    assert isinstance(param.type, click.Choice)
    assert sorted(param.type.choices) == sorted(known)
