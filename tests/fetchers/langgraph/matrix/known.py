"""What the graphs of the matrix are known to have done: they are simple enough to say."""

from dataclasses import dataclass, field
from typing import Any

NO_LOG: dict[str, Any] = {"n": 0, "log": []}


@dataclass(frozen=True)
class Known:
    """One run: its end, its state, its nodes (`-` for each level down), its calls, its tokens."""

    outcome: str
    outputs: Any
    nodes: list[str]
    messages: list[tuple[str, str]] = field(default_factory=list)
    calls: list[tuple[str, Any, str]] = field(default_factory=list)
    tokens: int | None = None
    asked: list[Any] = field(default_factory=list)
    error: str | None = None


HUMAN = {"messages": [{"role": "user", "content": "weather?"}]}
INPUTS: dict[str, Any] = {
    "answer": HUMAN, "tools": HUMAN, "fan": {"n": 0, "log": []}, "loop": {"n": 1, "log": []},
    "boom": {"n": 0, "log": []}, "ask": {"n": 1, "log": []}, "twice": {"n": 1, "log": []},
    "asks": {"n": 1, "log": []}, "nested": {"n": 3, "log": []}, "caller": {"n": 3, "log": []},
    "joined": {"n": 0, "log": []}, "commands": {"n": 0, "log": []}, "parent": {"n": 0, "log": []},
    "functional": {"words": ["a", "b"]},
}  # fmt: skip
ANSWERS = {"ask": ["yes"], "twice": ["x", "y"], "asks": ["x", "y"]}
"""What the pauses are answered, one run each."""
CALLS = [
    ("weather", {"city": "Oslo"}, "3 degrees"),
    ("weather", {"city": "Nowhere"}, "no such city"),
]
KNOWN: dict[str, list[Known]] = {
    "answer": [
        Known("success", None, ["model"], [("user", "weather?"), ("assistant", "hello")], tokens=7)
    ],
    "tools": [
        Known(
            "success",
            None,
            ["agent", "tools", "agent"],
            [
                ("user", "weather?"),
                ("assistant", ""),
                ("tool", "3 degrees"),
                ("tool", "no such city"),
                ("assistant", "cold"),
            ],
            CALLS,
            53,
        )
    ],
    "fan": [
        Known(
            "success",
            {"n": 4, "log": ["plan", "w0", "w1", "w2"]},
            ["plan", "work", "work", "work", "total"],
        )
    ],
    "loop": [
        Known("success", {"n": 3, "log": ["tick2", "tock", "tick3"]}, ["tick", "tock", "tick"])
    ],
    "boom": [Known("error", {"n": 0, "log": ["fine"]}, ["fine", "burst!"], error="boom")],
    "ask": [
        Known("paused", {"n": 1, "log": ["draft"]}, ["draft", "ask"], asked=[{"q": "ok?"}]),
        Known("success", {"n": 1, "log": ["draft", "said yes", "done"]}, ["ask", "done"]),
    ],
    "twice": [
        Known("paused", {"n": 1, "log": []}, ["both"], asked=[None]),  # its words are gone
        Known("paused", {"n": 1, "log": []}, ["both"], asked=[{"q": "two"}]),
        Known("success", {"n": 1, "log": ["x/y"]}, ["both"]),
    ],
    "asks": [
        Known("paused", {"n": 1, "log": []}, ["inner", "-first"], asked=[{"q": "first"}]),
        Known(
            "paused", {"n": 1, "log": []}, ["inner", "-first", "-second"], asked=[{"q": "second"}]
        ),
        Known(
            "success",
            {"n": 1, "log": ["first x", "second y", "end"]},
            ["inner", "-second", "end"],
        ),
    ],
    "nested": [
        Known("success", {"n": 8, "log": ["n=8"]}, ["middle", "-pre", "-deep", "--leaf", "last"])
    ],
    "caller": [Known("success", {"n": 12, "log": []}, ["calls", "-leaf", "-leaf"])],
    "joined": [Known("success", {"n": 0, "log": ["a", "b", "late"]}, ["a", "b", "late"])],
    "commands": [Known("success", {"n": 0, "log": ["m1", "m2"]}, ["multi"])],
    "parent": [Known("success", {"n": 0, "log": ["up", "after"]}, ["below", "-up", "after"])],
    "functional": [Known("success", ["A", "B"], ["functional"])],
}

WHOLE = {
    "ask": ["draft", "ask", "done"],
    "asks": ["inner", "-first", "-second", "end"],
    "functional": ["functional", "-upper", "-upper"],
}
"""Nodes in a database: a resumed run is one run there, and tasks of an entrypoint are kept."""
