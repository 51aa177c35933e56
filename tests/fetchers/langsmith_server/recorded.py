"""Worlds made of traces that the real SDK had posted (the recorded samples)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .shape import to_time, zoned
from .world import World


def recorded_world(path: Path, name: str = "rag-f8666afe") -> World:
    """Return a world with the runs of one recorded ingest file, and examples for those it names."""
    records = json.loads(path.read_text("utf-8"))
    records = [record for record in records if record.get("session_name") != "evaluators"]
    world = World()
    dataset = world.add_dataset("recorded")
    roots = [record for record in records if "." not in record["dotted_order"]]
    start = min(to_time(record["start_time"]) for record in roots)
    for index, example_id in enumerate(
        sorted({r.get("reference_example_id") for r in roots} - {None})
    ):
        world.put_example(
            {
                "id": example_id,
                "dataset_id": dataset["id"],
                "inputs": {"q": index},
                "outputs": {"answer": "It is a framework" if index else "42", "n": index},
            },
            datetime(2025, 12, 1, tzinfo=UTC),
        )
    if not any(root.get("reference_example_id") for root in roots):
        example = world.put_example(
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
                "dataset_id": dataset["id"],
                "inputs": {"q": "weather in sf?"},
                "outputs": {"answer": "It is foggy today"},
            },
            datetime(2025, 12, 1, tzinfo=UTC),
        )
        for root in roots:
            root["reference_example_id"] = example["id"]
    session = world.add_session(
        {
            "name": name,
            "start_time": zoned(start - timedelta(seconds=1)),
            "reference_dataset_id": dataset["id"],
            "_expected": len(roots),
            "extra": {
                "metadata": {
                    "dataset_version": "2025-12-01T00:00:00",
                    "num_repetitions": max(1, len(roots) // max(1, len(world.history))),
                }
            },
        }
    )
    for record in records:
        record.pop("session_name", None)
    world.add_runs(records, session["id"])
    return world
