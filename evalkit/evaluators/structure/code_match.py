"""Code match: is the program or query in the answer the reference one, written another way?"""

from __future__ import annotations

import ast
from typing import Any

from evalkit.errors import EvaluatorError
from evalkit.evaluators.answers import answer_of, as_text, is_blank, no_reference, reference_of
from evalkit.evaluators.structure.parsed import FENCE
from evalkit.evaluators.structure.sql_form import normal_form, parsed
from evalkit.evaluators.structure.sql_run import CannotRun, read_schema, same_rows
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
    version="2",
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
    schema: str | dict[str, Any] = "",
    answer_at: str = "",
    reference_at: str = "",
) -> Score:
    """The SQL of the answer and of the reference are the same query, written another way.

    Case of keywords and names, quotes, space, comments, redundant brackets, optional words (INNER,
    OUTER, ASC, AS, OFFSET 0), aliases of tables and the order of operands that may be exchanged do
    not matter. With a `schema` (CREATE TABLE text, or a table of tables with their columns) queries
    of another form are the same when SQLite gives the same rows for both on generated databases; it
    runs nothing but queries that read. Without one, queries that are equal only through the data do
    not count. True or False, higher is better; SQL that does not parse is False. By the library
    sqlglot; needs the extra `code`.
    """
    got, want = _code(outputs, reference_outputs, answer_at, reference_at)
    if want is None or is_blank(want):
        return no_reference()
    if got is None:
        return Score(score=False, comment="the run gave no answer")
    library = _sqlglot()
    tables = read_schema(schema) if schema else None
    failures = (library.errors.SqlglotError, RecursionError)
    try:
        expected = parsed(want, dialect)
        form = normal_form(expected, dialect, tables)
    except failures as error:
        raise ValueError(f"the reference does not parse: {error}") from None
    try:
        given = parsed(got, dialect)
        right = normal_form(given, dialect, tables) == form
    except failures as error:
        first = str(error).partition("\n")[0]
        return Score(score=False, comment=f"does not parse: {ascii(first)[1:-1][:120]}")
    if right or tables is None:
        return Score(score=right)
    try:
        right = same_rows(given, expected, tables)
    except (CannotRun, ValueError) as error:
        return Score(score=False, comment=f"another form, and SQLite cannot tell: {error}"[:160])
    said = "the same rows" if right else "other rows"
    return Score(score=right, comment=f"another form, {said} in SQLite")


def _sqlglot() -> Any:
    try:
        import sqlglot
    except ImportError:
        raise EvaluatorError(
            "sql_match needs the library sqlglot. Install it: pip install 'evalkit-harness[code]'."
        ) from None
    return sqlglot
