"""Expected steps: a reference trajectory read from any common form into one list of `Expected`.

Each item is a name (`"search"`: with any arguments) or a table with `name` and, where they matter,
`args` (also `arguments`, `kwargs`, `input`, or OpenAI's `function`). Names may be globs: `"get_*"`.
`"..."` stands for any steps, also none. Beside the name may stand `optional = true`, `repeat` (`2`,
`[1, 3]`, `"+"`, `"*"`) and `match`, an argument matcher for this step alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from evalkit.evaluators.matching import Matcher, MatcherSpec, compile_matcher
from evalkit.evaluators.wording import short
from evalkit.model.messages.message import ToolCall, parse_arguments
from evalkit.model.messages.read import read_messages

ANY = object()
GAP = "..."
TURN = "(turn)"
ARGUMENT_NAMES = ("args", "arguments", "kwargs", "input")


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected step; `loops` means that it may happen again and again."""

    name: str
    arguments: Any = ANY
    matcher: Matcher | None = None
    optional: bool = False
    loops: bool = False

    def is_named(self, name: str) -> bool:
        """Say whether a step of this name can be the expected one."""
        return self.name == name or (_is_glob(self.name) and fnmatchcase(name, self.name))

    def accepts(self, step: ToolCall) -> bool:
        """Say whether `step` is what is expected, name and arguments."""
        if not self.is_named(step.name):
            return False
        if self.arguments is ANY or self.matcher is None:
            return True
        return self.matcher(step.arguments, self.arguments)


def _is_glob(name: str) -> bool:
    return "*" in name or "?" in name or "[" in name


class Rules:
    """Argument matchers: one for all tools, and others for the tools that are named."""

    def __init__(
        self, default: MatcherSpec = "exact", tools: Mapping[str, Any] | None = None
    ) -> None:
        self.default = compile_matcher(default)
        self.tools = {name: compile_matcher(spec) for name, spec in (tools or {}).items()}

    def matcher(self, name: str) -> Matcher:
        """Return the matcher for the arguments of the tool `name`."""
        return self.tools.get(name, self.default)


def read_expected(items: Any, rules: Rules) -> list[Expected]:
    """Read a reference trajectory; a list of chat messages gives the tool calls they ask for.

    Raises `ValueError` naming the item that cannot be read.
    """
    if isinstance(items, Mapping):
        items = next((items[k] for k in ("tool_calls", "messages") if k in items), [items])
    if isinstance(items, str):
        items = [items]
    if not isinstance(items, Sequence):
        raise ValueError(f"a reference trajectory is a list, not {type(items).__name__}")
    if is_messages(items):
        items = [call for message in read_messages(list(items)) for call in message.tool_calls]
    steps: list[Expected] = []
    for position, item in enumerate(items, start=1):
        steps.extend(_read(item, position, rules))
    return steps


def is_messages(items: Sequence[Any]) -> bool:
    """Say whether a list holds chat messages rather than steps."""
    return bool(items) and all(
        isinstance(i, Mapping) and ("role" in i or "content" in i or "lc" in i) for i in items
    )


def _read(item: Any, position: int, rules: Rules) -> list[Expected]:
    if isinstance(item, str):
        if item == GAP:
            return [Expected("*", optional=True, loops=True)]
        return [Expected(item)]
    if isinstance(item, ToolCall):
        return [Expected(item.name, item.arguments, rules.matcher(item.name))]
    if type(item) is not dict and not isinstance(item, Mapping):
        raise ValueError(
            f"step {position} of the reference trajectory is {item!r}, not a name or a table"
        )
    name, arguments = _name_and_arguments(item)
    if not isinstance(name, str):
        raise ValueError(
            f"step {position} of the reference trajectory has no name: {short(ascii(item), 80)}"
        )
    matcher = compile_matcher(item["match"]) if "match" in item else rules.matcher(name)
    step = Expected(name, arguments, matcher, optional=bool(item.get("optional", False)))
    return _repeated(step, item["repeat"], position) if "repeat" in item else [step]


def _name_and_arguments(item: Mapping[str, Any]) -> tuple[Any, Any]:
    function = item.get("function")
    if function is not None and isinstance(function, Mapping):
        item = function
    name = item.get("name", item.get("tool", item.get("node")))
    for key in ARGUMENT_NAMES:
        if key in item:
            raw = item[key]
            if type(raw) is dict:
                return name, raw
            return name, ANY if raw is None else parse_arguments(raw)
    return name, ANY


def _repeated(step: Expected, repeat: Any, position: int) -> list[Expected]:
    """Unroll a repetition: required copies, then optional ones, the last of which may loop."""
    words: dict[Any, tuple[int, int | None]] = {"*": (0, None), "+": (1, None)}
    if repeat in ("*", "+"):
        low, high = words[repeat]
    elif isinstance(repeat, int) and not isinstance(repeat, bool):
        low, high = repeat, repeat
    elif isinstance(repeat, Sequence) and len(repeat) == 2:
        low, high = repeat[0], repeat[1]
    else:
        raise ValueError(
            f"step {position} of the reference trajectory: repeat is {repeat!r}. "
            "It is a number, [1, 3], '+' or '*'."
        )
    spare = replace(step, optional=True)
    if high is None:
        return [step] * low + [replace(spare, loops=True)]
    return [step] * low + [spare] * max(0, high - low)
