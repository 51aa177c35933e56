"""The structs the floor parses runs into: nothing but what the five evaluators need."""

import msgspec


class Meta(msgspec.Struct, gc=False):
    """Of a document."""

    id: str


class Document(msgspec.Struct, gc=False):
    """What a retriever found."""

    metadata: Meta


class Outputs(msgspec.Struct, gc=False):
    """Of a run or of a retriever."""

    answer: str | None = None
    value: float | None = None
    documents: list[Document] | None = None


class Span(msgspec.Struct, gc=False):
    """A run, or a step of it."""

    id: str
    name: str
    run_type: str
    start_time: str
    end_time: str | None = None
    status: str | None = None
    outputs: Outputs | None = None
    reference_example_id: str | None = None
    total_tokens: int | None = None
    total_cost: float | None = None
    child_runs: list["Span"] = []
