"""Make the starter project's data of the sample: twenty runs of ten examples, without repeats.

What a node hands on stands again in the steps inside it and in the run's own inputs and outputs, so
the states of nodes are left out, as are messages and documents that a step holds already.
"""

import gzip
import json
from pathlib import Path

SAMPLE = Path(__file__).parents[1]
STARTER = SAMPLE.parent / "evalkit" / "project" / "starter" / "datasets"
CHOSEN = ("q01", "q04", "q09", "q23", "q31", "q34", "q36", "q37", "q38", "q40")
REPETITIONS = (1, 2)


def trimmed(run: dict) -> dict:
    """Return a run without what is said twice."""
    outputs = run.get("outputs") or {}
    run["outputs"] = {key: outputs[key] for key in ("answer", "sources") if key in outputs}
    run["metadata"] = {key: run["metadata"][key] for key in ("topic", "difficulty")}
    run.pop("extra", None)
    for step in run["steps"]:
        if step["kind"] == "node":
            step.pop("inputs", None)
            step.pop("outputs", None)
    return run


def write(name: str, rows: list[dict]) -> None:
    """Write JSON Lines."""
    STARTER.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (STARTER / name).write_text(text, "utf-8")


def main() -> None:
    """Write the three files."""
    lines = (SAMPLE / "support.examples.jsonl").read_text("utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    write("examples.jsonl", [row for row in examples if row["example_id"] in CHOSEN])
    for version in ("baseline", "candidate"):
        path = SAMPLE / f"support.{version}.runs.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines_of_runs:
            runs = [json.loads(line) for line in lines_of_runs]
        kept = [
            trimmed(run)
            for run in runs
            if run["example_id"] in CHOSEN and run["repetition"] in REPETITIONS
        ]
        write(f"{version}.jsonl", kept)


if __name__ == "__main__":
    main()
