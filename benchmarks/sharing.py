"""What a shared page costs and finds: python benchmarks/sharing.py

Recall on the kinds of `tests/planted.py`, tuned on and held out; seconds for a megabyte of text
without a break; a shared page beside a plain one of the same runs, in turns.
"""

from __future__ import annotations

import random
import string
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from planted import HELD_OUT, KINDS, planted
from report_world import make_content, stored

from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.report.page.write import write_report
from evalkit.report.sharing.finding import places
from evalkit.report.sharing.share import Redactor, ShareOptions

TEXT = "the order was sent on Monday to a new address; token limits, keys and authors fine"
WORDS = TEXT.split()
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
    rng = random.Random(3)
    for name, letters in UNBROKEN.items():
        text = "".join(rng.choices(letters, k=MEGABYTE))
        print(f"1 MB of {name}: {cpu(lambda text=text: places(text)):.3f} s")  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        runs = [make_run(rng, n) for n in range(400)]
        content = make_content([stored(Path(folder), "a", runs, [])])
        page = Path(folder) / "page.html"
        plain, shared = [], []
        for _ in range(5):
            plain.append(cpu(lambda: write_report(content, page)))
            shared.append(cpu(lambda: write_report(content, page, share=ShareOptions())))
        print(f"shared / plain: {min(shared) / min(plain):.2f} (CPU, best of 5 each, in turns)")


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
    main()
