"""What a shared page costs and finds: python benchmarks/sharing.py

Recall on the kinds of `tests/planted.py`, tuned on and held out; false alarms on the sample data;
seconds for a megabyte of text without a break; a shared page beside a plain one of the same runs,
in turns: made-up runs with long messages, and the sample data, which is full of ids.
"""

from __future__ import annotations

import gzip
import json
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from command_line import evalkit
from planted import HELD_OUT, KINDS, planted
from planted_later import planted_later
from planted_since import planted_since
from report_world import make_content, stored

from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.report.page.write import write_report
from evalkit.report.sharing.cleaner import ShareOptions
from evalkit.report.sharing.finding import places
from evalkit.report.sharing.share import Redactor
from evalkit.store.results import StoredResults, read_results
from evalkit.store.store import Store

TEXT = "the order was sent on Monday to a new address; token limits, keys and authors fine"
WORDS = TEXT.split()
SAMPLE = Path(__file__).parent.parent / "datasets"
SAMPLE_RUNS = "candidate.runs.jsonl.gz"
MEGABYTE = 1_000_000
UNBROKEN = {"hex": "0123456789abcdef", "base64": string.ascii_letters + string.digits + "-_"}


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> None:
    """Print every figure."""
    redactor = Redactor(ShareOptions(salt="salt", keep_ids=True))
    for held_out in (False, True):
        asked = [each for each in planted(7) if (each[0] in HELD_OUT) is held_out]
        found = sum(core not in redactor.text(text) for _, _, text, core in asked)
        name = "held out" if held_out else "tuned on"
        print(
            f"{name}: {found} of {len(asked)} found ({found / len(asked):.1%}), {len(KINDS)} kinds"
        )
    for name, later in (("later", planted_later), ("since", planted_since)):
        asked = [each for seed in (1, 2, 3) for each in later(seed)]
        found = sum(core not in redactor.text(text) for _, _, text, core in asked)
        print(f"thought of {name}: {found} of {len(asked)} found ({found / len(asked):.1%})")
    texts = list(sample_texts())
    alarms = sum(len(places(text)) for text in texts)
    print(f"false alarms on the sample data: {alarms} in {len(texts)} texts")
    rng = random.Random(3)
    for name, letters in UNBROKEN.items():
        text = "".join(rng.choices(letters, k=MEGABYTE))
        print(f"1 MB of {name}: {cpu(lambda text=text: places(text)):.3f} s")  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        made = [make_run(rng, n) for n in range(400)]
        beside("long messages", stored(Path(folder), "made", made, []))
        beside("sample data", fetched(Path(folder) / "sample"))


def fetched(folder: Path) -> StoredResults:
    """Return the sample data, in a store of its own."""
    folder.mkdir()
    paths = [str(SAMPLE / f"support.{name}") for name in ("examples.jsonl", SAMPLE_RUNS)]
    config = f"[experiments.sample]\nfetcher = 'evalkit'\npath = {json.dumps(paths)}\n"
    (folder / "evalkit.toml").write_text(config)
    assert evalkit("fetch", "sample", cwd=folder).code == 0
    return read_results(Store(folder / ".evalkit").experiment("sample"))


def beside(name: str, results: StoredResults) -> None:
    """Print what a shared page of these runs costs beside a plain one."""
    content = make_content([results])
    page = Path(tempfile.mkdtemp()) / "page.html"
    plain, shared = [], []
    for _ in range(5):
        plain.append(cpu(lambda: write_report(content, page)))
        shared.append(cpu(lambda: write_report(content, page, share=ShareOptions())))
    print(f"shared / plain, {name}: {min(shared) / min(plain):.2f} (CPU, best of 5, in turns)")


def sample_texts() -> Iterator[str]:
    """Yield every text of the sample data."""
    for path in sorted(SAMPLE.glob("*.jsonl*")):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from texts_of(json.loads(line))


def texts_of(value: object) -> Iterator[str]:
    """Yield every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)


def make_run(rng: random.Random, n: int) -> Run:
    """Make a run whose every call holds the messages before it, as agents' do."""
    said: list[dict[str, str]] = []
    steps = []
    for number in range(8):
        words = " ".join(rng.choices(WORDS, k=120))
        said.append({"role": "user", "content": f"{words} id {rng.getrandbits(64):x}"})
        steps.append(
            Step(
                step_id=f"{n}-{number}",
                kind="llm",
                name="model",
                inputs={"messages": list(said)},
                outputs={"text": words, "tokens": {"input": 12, "output": 7}},
                duration_s=0.5,
            )
        )
    outputs = {"answer": said[-1]["content"]}
    return Run(
        run_id=f"r{n}",
        example_id=f"e{n}",
        status="success",
        inputs={"question": f"q{n}"},
        outputs=outputs,
        steps=steps,
        duration_s=4.0,
    )


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main()
