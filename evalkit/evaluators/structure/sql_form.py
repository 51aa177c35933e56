"""The normal form of a query: one text for all the ways in which the grammar lets it be written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

COMMUTATIVE = ("And", "Or", "Add", "Mul", "EQ", "NEQ", "BitwiseAnd", "BitwiseOr")
TURNED = {"GT": "LT", "GTE": "LTE"}


def parsed(text: str, dialect: str) -> Any:
    """Parse one statement; raises sqlglot's error when it is none, or several."""
    import sqlglot

    statements = [s for s in sqlglot.parse(text, read=dialect or None) if s is not None]
    if len(statements) != 1:
        raise sqlglot.errors.ParseError(f"{len(statements)} statements, not one")
    return statements[0]


def normal_form(tree: Any, dialect: str = "", schema: Mapping[str, Any] | None = None) -> str:
    """Return the query's normal form: optional words left out, names qualified, order of operands.

    Names of columns that stand in one table only, and aliases of tables, are made the same by
    sqlglot's optimiser; where it cannot tell (columns of several tables without a schema) they stay
    as they were written.
    """
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
    from sqlglot.optimizer.simplify import simplify

    tree = normalize_identifiers(tree.copy(), dialect=dialect or None)
    tree = _qualified(tree, dialect, schema)
    tree = _short_names(tree)
    tree = _without_optional(simplify(tree, dialect=dialect or None))
    tree = _sorted(tree)
    return str(tree.sql(comments=False, normalize=True, identify=False))


def _qualified(tree: Any, dialect: str, schema: Mapping[str, Any] | None) -> Any:
    import sqlglot
    from sqlglot.optimizer.qualify import qualify

    wanted: dict[str, Any] = {
        "dialect": dialect or None,
        "schema": dict(schema) if schema else None,
        "validate_qualify_columns": False,
        "quote_identifiers": False,
        "identify": False,
        "expand_stars": bool(schema),
        "canonicalize_table_aliases": True,
    }
    known = inspect.signature(qualify).parameters
    try:
        return qualify(tree.copy(), **{k: v for k, v in wanted.items() if k in known})
    except (sqlglot.errors.SqlglotError, KeyError, ValueError, AttributeError, TypeError):
        return tree  # no query, or one whose names cannot be resolved


def _short_names(tree: Any) -> Any:
    """Leave the table out of a column's name where a select has but one table."""
    import sqlglot
    from sqlglot.optimizer.scope import traverse_scope

    try:
        scopes = traverse_scope(tree)
    except (sqlglot.errors.SqlglotError, ValueError, AttributeError):
        return tree
    for scope in scopes:
        names = list(scope.selected_sources)
        if len(names) == 1:
            for column in scope.columns:
                if column.table == names[0]:
                    column.set("table", None)
    return tree


def _without_optional(tree: Any) -> Any:
    """Leave out words that change nothing: INNER, OUTER, ASC, OFFSET 0, ALL, quotes of names."""
    from sqlglot import exp

    for name in tree.find_all(exp.Identifier):
        name.set("quoted", False)
    for join in tree.find_all(exp.Join):
        _plain_join(join)
    for ordered in tree.find_all(exp.Ordered):
        if not ordered.args.get("desc"):
            ordered.set("desc", None)
    for offset in list(tree.find_all(exp.Offset)):
        if str(offset.expression) == "0":
            offset.pop()
    for bracket in list(tree.find_all(exp.Paren)):
        if isinstance(bracket.this, exp.Column | exp.Literal | exp.Func | exp.Paren):
            bracket.replace(bracket.this)
    for alias in list(tree.find_all(exp.Alias)):
        if isinstance(alias.this, exp.Column) and alias.this.name == alias.alias:
            alias.replace(alias.this)  # `x AS x`
    return tree


def _plain_join(join: Any) -> None:
    kind, side = join.args.get("kind"), join.args.get("side")
    conditions = join.args.get("on") or join.args.get("using")
    if kind in ("INNER", "OUTER") or (kind == "CROSS" and not conditions):
        join.set("kind", None)
    if not side and not join.args.get("kind") and not conditions and not join.args.get("method"):
        join.set("kind", "CROSS")  # a comma between tables


def _sorted(tree: Any) -> Any:
    """Put operands whose order changes nothing, and values of a list, in order of their text."""
    from sqlglot import exp

    turned = {getattr(exp, a): getattr(exp, b) for a, b in TURNED.items()}
    kinds = tuple(getattr(exp, name) for name in COMMUTATIVE)
    for node in reversed(list(tree.walk())):
        kind = type(node)
        if kind in turned:
            node.replace(turned[kind](this=node.expression.copy(), expression=node.this.copy()))
        elif kind is exp.In and node.expressions and not node.args.get("query"):
            node.set("expressions", sorted(node.expressions, key=_text))
        elif kind in kinds:
            _order(node)
    return tree


def _order(node: Any) -> None:
    """Sort the operands of one chain of the same operator, once at its top."""
    if type(node.parent) is type(node):
        return
    if type(node).__name__ in ("EQ", "NEQ"):
        left, right = sorted((node.this, node.expression), key=_text)
        node.set("this", left.copy())
        node.set("expression", right.copy())
        return
    parts = sorted((part.copy() for part in node.flatten(unnest=True)), key=_text)
    joined = parts[0]
    for part in parts[1:]:
        joined = type(node)(this=joined, expression=part)
    node.set("this", joined.this)
    node.set("expression", joined.expression)


def _text(node: Any) -> str:
    return str(node.sql(comments=False, normalize=True))
