"""Is the answer a way to make 24 of exactly the four numbers?"""

import ast
import re
from collections import Counter
from fractions import Fraction

from evalkit import case, evaluator

OPERATIONS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def value_of(node: ast.expr) -> Fraction:
    """Compute an expression of whole numbers exactly."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return Fraction(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](value_of(node.left), value_of(node.right))
    raise ValueError("no arithmetic")


PUZZLE = {"puzzle": "4 5 6 10"}
WRONG = {"text": "Answer: (10 - 4) * (6 - 5) = 24"}
RIGHT = {"text": "Answer: (5 * (10 - 4)) - 6 = 24"}


@evaluator(
    cases=[
        case(inputs=PUZZLE, outputs=WRONG, expect=False),
        case(inputs=PUZZLE, outputs=RIGHT, expect=True),
    ]
)
def makes_24(inputs, outputs) -> bool:
    """The last line is an expression of exactly the puzzle's numbers that makes 24."""
    line = outputs["text"].strip().split("\n")[-1].lower()
    expression = line.replace("answer: ", "").split("=")[0]
    if Counter(re.findall(r"\d+", expression)) != Counter(inputs["puzzle"].split()):
        return False
    try:
        return value_of(ast.parse(expression.strip(), mode="eval").body) == 24
    except (SyntaxError, ValueError, ZeroDivisionError):
        return False
