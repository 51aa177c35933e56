"""Code match: is the program or query in the answer the reference one, written another way?"""

from __future__ import annotations

import ast
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.evaluators.answers import answer_of, as_text, no_reference, reference_of
from evalkit.evaluators.structure.parsed import FENCE
from evalkit.model.score import Score
from evalkit.scoring.definition.cases import case
from evalkit.scoring.definition.evaluator import evaluator

UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)


@evaluator(
    version="1",
    cases=[
        case(outputs={"answer": "x = (1+2)  # sum"}, reference_outputs="x = 1 + 2", expect=True),
        case(
            outputs={"answer": "```python\nf(a, b)\n```"}, reference_outputs="f(a,b)", expect=True
        ),
        case(outputs={"answer": "x = 2 + 1"}, reference_outputs="x = 1 + 2", expect=False),
        case(outputs={"answer": "x = ("}, reference_outputs="x = 1", expect=False),
        case(outputs=None, reference_outputs="x = 1", expect=False),
        case(outputs={"answer": "x"}, expect=None),
    ],
)
def python_match(
    outputs: Any, reference_outputs: Any, *, answer_at: str = "", reference_at: str = ""
) -> Score:
    """The Python code of the answer and of the reference are the same syntax tree.

    Space, comments, brackets, quotes and docstrings do not matter; names and order do. Nothing is
    executed. True or False, higher is better; code that does not parse is False.
    """
    got, want = _code(outputs, reference_outputs, answer_at, reference_at)
    if want is None:
        return no_reference()
    if got is None:
        return Score(score=False, comment="the run gave no answer")
    try:
        expected = _tree(want)
    except UNPARSED as error:
        raise ValueError(f"the reference does not parse: {error}") from None
    try:
        return Score(score=_tree(got) == expected)
    except UNPARSED as error:
        return Score(score=False, comment=f"does not parse: {ascii(str(error))[1:-1][:120]}")


def _code(outputs: Any, reference: Any, answer_at: str, reference_at: str) -> tuple[Any, Any]:
    got = as_text(answer_of(outputs, answer_at))
    want = as_text(reference_of(reference, reference_at))
    return _unfenced(got), _unfenced(want)


def _unfenced(text: str | None) -> str | None:
    blocks = FENCE.findall(text) if text else []
    return blocks[-1] if blocks else text


def _tree(code: str) -> str:
    tree = ast.parse(code.strip())
    for item in ast.walk(tree):
        body = getattr(item, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_docstring(item, body[0]):
            del body[0]
    return ast.dump(tree)


def _is_docstring(owner: ast.AST, first: Any) -> bool:
    holds = isinstance(owner, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    constant = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return holds and constant and isinstance(first.value.value, str)


@evaluator(
    version="1",
    cases=[
        case(outputs=None, reference_outputs="select 1", expect=False),
        case(outputs="select 1", expect=None),
    ],
)
def sql_match(
    outputs: Any,
    reference_outputs: Any,
    *,
    dialect: str = "",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The SQL of the answer and of the reference are the same query after normalising.

    Case of keywords and names, quotes, space, order of ANDed conditions and redundant brackets do
    not matter; queries that are equal only through the data do not count. Nothing is executed. True
    or False, higher is better; SQL that does not parse is False. By the library sqlglot; needs the
    extra `code`.
    """
    got, want = _code(outputs, reference_outputs, answer_at, reference_at)
    if want is None:
        return no_reference()
    if got is None:
        return Score(score=False, comment="the run gave no answer")
    library = _sqlglot()
    try:
        expected = _query(library, want, dialect)
    except (library.errors.SqlglotError, RecursionError) as error:
        raise ValueError(f"the reference does not parse: {error}") from None
    try:
        right = _query(library, got, dialect) == expected
    except (library.errors.SqlglotError, RecursionError) as error:
        first = str(error).partition("\n")[0]
        return Score(score=False, comment=f"does not parse: {ascii(first)[1:-1][:120]}")
    return Score(score=right)


def _sqlglot() -> Any:
    try:
        import sqlglot
    except ImportError:
        raise EvaluatorError(
            "sql_match needs the library sqlglot. Install it: pip install 'evalkit-harness[code]'."
        ) from None
    return sqlglot


def _query(library: Any, text: str, dialect: str) -> str:
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
    from sqlglot.optimizer.simplify import simplify

    tree = library.parse_one(text.strip().rstrip(";"), read=dialect or None)
    tree = simplify(normalize_identifiers(tree))
    for column in tree.find_all(library.exp.Identifier):
        column.set("quoted", False)
    for junction in list(tree.find_all(library.exp.And)):
        if not isinstance(junction.parent, library.exp.And):
            parts = sorted(junction.flatten(), key=lambda part: str(part.sql()))
            joined = library.exp.and_(*[p.copy() for p in parts], copy=False)
            junction.replace(joined)
    return str(tree.sql(comments=False, normalize=True))
