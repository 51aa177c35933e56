"""What a server can do, found out once: servers that speak this protocol differ in four places.

Measured: langgraph-api (Python) takes everything, with a `before` of a history that holds a
`configurable`; the JavaScript server takes `before` as a text only; aegra refuses `select`, cannot
count threads, fails on a metadata filter of a history and does not say which task is a subgraph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.fetchers.http.answers import HttpError
from evalkit.fetchers.http.attempts import StillFailing
from evalkit.fetchers.http.source import HttpSource

REFUSED = frozenset({400, 404, 405, 422, 501})
FIRST_ID = "00000000-0000-6000-8000-000000000000"
"""A checkpoint id before all others, and a run id that nobody has."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """How to ask this server; what it cannot do is done here."""

    name: str = "LangGraph server (Python)"
    version: str = "not stated"
    library: str | None = None
    """Version of the graph library it runs, with its name."""
    select: bool = True
    """Whether a search of threads takes the fields to send."""
    count: bool = True
    """Whether it counts threads."""
    filters: bool = True
    """Whether a history can be asked for by metadata."""
    before: str = "configurable"
    """How the next page of a history is asked for: `configurable`, or `text`."""

    names_subgraphs: bool = True
    """Whether a task says where the history of its subgraph is; else every task is asked for it."""

    def lacks(self) -> list[str]:
        """Say what the server cannot do, and what is done instead."""
        said = []
        if not self.select:
            said.append("sends whole threads in a search")
        if not self.count:
            said.append("cannot count threads: its list of them is believed")
        if not self.filters:
            said.append("cannot filter a history: that of a thread is read whole, once")
        if not self.names_subgraphs:
            said.append("does not tell which nodes are subgraphs: each task is asked for")
        return said


@dataclass(slots=True)
class Negotiation:
    """Asks a server for what its kind leaves open."""

    http: HttpSource
    found: Abilities = field(default_factory=Abilities)

    def identify(self, info: Mapping[str, Any]) -> Abilities:
        """Take the server's own word for its name and version."""
        version = str(info.get("version") or "not stated")
        if info.get("langgraph_js_version") or info.get("context") == "js":
            name, library = "LangGraph server (JavaScript)", info.get("langgraph_js_version")
        elif info.get("name"):
            name, library = str(info["name"]), None
        else:
            name = "LangGraph server (Python)" if info else "server that does not say what it is"
            library = info.get("langgraph_py_version")
        self.found = Abilities(
            name,
            version,
            f"langgraph {library}" if library else None,
            names_subgraphs=not info.get("name"),
        )
        return self.found

    def ask_of_histories(self, thread_id: str) -> Abilities:
        """Find out how pages of a history are asked for, on a thread that exists."""
        path = f"/threads/{thread_id}/history"
        if not self._takes(path, {"limit": 1}):
            return self.found  # that one thread cannot be read
        held = {"configurable": {"checkpoint_id": FIRST_ID}}
        # Refused is refused; a failure may be this request's fault, or the server's bad minute.
        text = self._takes(path, {"limit": 1, "before": held}) is False
        filters = self._takes(path, {"limit": 1, "metadata": {"run_id": FIRST_ID}}) is True
        self.found = replace(self.found, before="text" if text else "configurable", filters=filters)
        return self.found

    def _takes(self, path: str, body: Mapping[str, Any]) -> bool | None:
        """Whether the server answers this request; None where it fails over it (HTTP 500)."""
        try:
            self.http.request("POST", path, json=body, attempts=2)
        except HttpError as error:
            if error.status in REFUSED:
                return False
            raise
        except StillFailing as error:
            if error.status == 500:
                return None
            raise
        return True
