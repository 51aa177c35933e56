"""What evalkit brings is registered the way strangers register theirs, and nothing is forgotten."""

import importlib
import pkgutil

import evalkit.evaluators
from evalkit.project import plugins
from evalkit.scoring.definition.evaluator import marked


def marked_in_evalkit() -> dict[str, str]:
    found = {}
    path, prefix = evalkit.evaluators.__path__, "evalkit.evaluators."
    for info in pkgutil.walk_packages(path, prefix):
        module = importlib.import_module(info.name)
        for attribute, value in vars(module).items():
            each = marked(value)
            if each is not None and value.__module__ == info.name:
                found[each.name] = f"{info.name}:{attribute}"
    return found


def test_every_built_in_evaluator_has_its_entry_point() -> None:
    ours = {
        name: point.value
        for name, point in plugins.evaluators().items()
        if point.value.startswith("evalkit.")
    }
    assert ours == marked_in_evalkit()


def test_every_fetcher_loads_and_documents_each_of_its_keys() -> None:
    for name in plugins.fetchers():
        kind = plugins.fetcher(name)
        assert kind.__doc__, name
        keys = kind.Options.model_json_schema()["properties"]
        assert len(keys) == len(kind.Options.model_fields), name
        silent = [key for key, said in keys.items() if not said.get("description")]
        assert (name, silent) == (name, [])
