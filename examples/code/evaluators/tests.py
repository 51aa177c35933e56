"""Does the code do what its test says? It runs in a process of its own that can be killed.

That is a limit on time, not a sandbox: run code you do not trust inside a container.
"""

import ast
import subprocess
import sys
from subprocess import TimeoutExpired

from evalkit import Score, case, evaluator


@evaluator(
    cases=[
        case(outputs={"code": "x = 1"}, reference_outputs={"test": "assert x == 1"}, expect=True),
        case(outputs={"code": "x = 2"}, reference_outputs={"test": "assert x == 1"}, expect=False),
    ]
)
def passes(outputs, reference_outputs, seconds: float = 2.0) -> Score:
    """The test holds within `seconds`."""
    program = f"{outputs['code']}\n{reference_outputs['test']}\n"
    command = [sys.executable, "-I", "-c", program]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except TimeoutExpired:
        return Score(score=False, comment=f"still running after {seconds:g} s")
    last = ended.stderr.strip().splitlines()[-1:] or [None]
    return Score(score=ended.returncode == 0, comment=last[0])


@evaluator
def parses(outputs) -> bool:
    """The code is Python at all."""
    try:
        ast.parse(outputs["code"])
    except SyntaxError:
        return False
    return True
