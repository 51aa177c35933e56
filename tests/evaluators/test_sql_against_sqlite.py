"""SQL: equal forms are equal, and what SQLite answers on rows of its own is the judge."""

import random
import sqlite3

import pytest

from evalkit.evaluators.structure.code_match import sql_match

pytest.importorskip("sqlglot")
SCHEMA = "CREATE TABLE t (a INT, b INT, x TEXT); CREATE TABLE u (a INT, c INT NOT NULL, y TEXT);"
PAIRS = 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT x FROM t JOIN u ON t.a = u.a", "select x from t inner join u on (u.a = t.a);"),
        (
            "SELECT x FROM t LEFT JOIN u ON t.a = u.a",
            "SELECT x FROM t LEFT OUTER JOIN u ON t.a = u.a",
        ),
        ("SELECT x FROM t ORDER BY x", "SELECT x FROM t ORDER BY x ASC"),
        ("SELECT x FROM t LIMIT 5", "SELECT x FROM t LIMIT 5 OFFSET 0"),
        ("SELECT x FROM t q WHERE q.a = 1", "SELECT x FROM t AS r WHERE 1 = r.a"),
        ("SELECT x FROM t WHERE a <> 1", "SELECT t.x FROM t WHERE a != 1"),
        ("SELECT x FROM t, u", "SELECT x FROM t CROSS JOIN u"),
        ("SELECT x FROM t WHERE a IN (1, 2)", "SELECT x FROM t WHERE a IN (2, 1)"),
        ("SELECT x FROM t WHERE a > 1 OR b < 2", "SELECT x FROM t WHERE 2 > b OR 1 < a"),
        ("SELECT x FROM t UNION SELECT y FROM u", "SELECT x FROM t UNION DISTINCT SELECT y FROM u"),
        ("SELECT count(*) FROM t -- all", 'SELECT COUNT(*) FROM "t"'),
        ("SELECT a + b FROM t", "SELECT b + a FROM t"),
    ],
)
def test_words_that_may_be_left_out_change_nothing(one: str, other: str) -> None:
    assert sql_match({"answer": one}, other).score is True
    assert sql_match({"answer": other}, one).score is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT x FROM t LEFT JOIN u ON t.a = u.a", "SELECT x FROM t JOIN u ON t.a = u.a"),
        ("SELECT x FROM t ORDER BY x", "SELECT x FROM t ORDER BY x DESC"),
        ("SELECT x FROM t ORDER BY x", "SELECT x FROM t"),
        ("SELECT x FROM t LIMIT 5", "SELECT x FROM t LIMIT 5 OFFSET 1"),
        ("SELECT DISTINCT x FROM t", "SELECT x FROM t"),
        ("SELECT a - b FROM t", "SELECT b - a FROM t"),
        ("SELECT x FROM t WHERE x = 'A'", "SELECT x FROM t WHERE x = 'a'"),
        ("SELECT x FROM t UNION SELECT y FROM u", "SELECT x FROM t UNION ALL SELECT y FROM u"),
        ("SELECT max(a) FROM t", "SELECT a FROM t ORDER BY a DESC LIMIT 1"),
        ("SELECT x FROM t WHERE NOT a = 1", "SELECT x FROM t WHERE a = 1 OR a IS NULL"),
    ],
)
def test_other_queries_are_other_queries(one: str, other: str) -> None:
    for schema in ("", SCHEMA):
        assert sql_match({"answer": one}, other, schema=schema).score is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT x FROM t WHERE a IN (SELECT a FROM u)",
         "SELECT x FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)"),
        ("SELECT a FROM t GROUP BY a", "SELECT DISTINCT a FROM t"),
        ("SELECT a AS k FROM t", "SELECT a FROM t"),
        ("SELECT x FROM t WHERE a IN (1)", "SELECT x FROM t WHERE a = 1"),
        ("WITH s AS (SELECT a FROM t) SELECT a FROM s", "SELECT a FROM t"),
    ],
)  # fmt: skip
def test_with_a_schema_the_database_is_asked(one: str, other: str) -> None:
    assert sql_match({"answer": one}, other).score is False
    score = sql_match({"answer": one}, other, schema=SCHEMA)
    assert (score.score, score.comment) == (True, "another form, the same rows in SQLite")


@pytest.mark.parametrize(
    "answer",
    [
        "DELETE FROM t",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT length(zeroblob(900000000)) FROM t",
        "SELECT missing FROM t",
    ],
)
def test_what_cannot_be_run_is_false_and_ends(answer: str) -> None:
    assert sql_match({"answer": answer}, "SELECT x FROM t", schema=SCHEMA).score is False


def condition(draw: random.Random) -> tuple[str, str]:
    """Return a condition and one that is the same by SQL's rules."""
    column, n = draw.choice(["a", "b"]), draw.randint(0, 3)
    return draw.choice(
        [
            (f"{column} = {n}", f"{n} = {column}"),
            (f"{column} > {n}", f"({n} < {column})"),
            (f"{column} <> {n}", f"NOT {column} = {n}"),
            (f"{column} IN (1, {n})", f"{column} in ({n}, 1)"),
            (f"{column} BETWEEN 0 AND {n}", f"{column} >= 0 AND {column} <= {n}"),
            (f"{column} IS NOT NULL", f"NOT {column} IS NULL"),
        ]
    )


def pair(draw: random.Random) -> tuple[str, str]:
    """Return two queries, about half of them the same."""
    left, right = condition(draw), condition(draw)
    junction = draw.choice(["AND", "OR"])
    head = draw.choice(["SELECT a, b", "SELECT DISTINCT a", "SELECT x", "SELECT count(*)"])
    tail = draw.choice(["", " ORDER BY a, b, x", " ORDER BY a, b, x LIMIT 3"])
    tail = "" if "count" in head or "DISTINCT" in head else tail
    one = f"{head} FROM t WHERE {left[0]} {junction} {right[0]}{tail}"
    if draw.random() < 0.5:
        other = f"{head.lower()} from t where ({right[1]}) {junction} ({left[1]}){tail}"
    else:
        changed = condition(draw)
        other = f"{head} FROM t WHERE {left[1]} {draw.choice(['AND', 'OR'])} {changed[1]}{tail}"
    return one, other


def answers_alike(one: str, other: str) -> bool:
    """Ask SQLite on many databases made here, with other rows than evalkit's."""
    for seed in range(60):
        draw = random.Random(f"rows {seed}")
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE t (a INT, b INT, x TEXT)")
        rows = [
            [draw.choice([None, -1, 0, 1, 2, 3, 4]), draw.choice([None, 0, 1, 2, 3, 4]), str(n)]
            for n in range(40)
        ]
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        found = [database.execute(query).fetchall() for query in (one, other)]
        database.close()
        if "ORDER" not in one:
            found = [sorted(rows, key=repr) for rows in found]
        if found[0] != found[1]:
            return False
    return True


def test_two_hundred_generated_pairs_against_sqlite() -> None:
    draw = random.Random(20)
    same_form = same_rows = 0
    for _ in range(PAIRS):
        one, other = pair(draw)
        truth = answers_alike(one, other)
        by_form = sql_match({"answer": other}, one).score
        by_rows = sql_match({"answer": other}, one, schema=SCHEMA).score
        assert truth or not by_form, (one, other)
        assert by_rows is truth, (one, other)
        same_form, same_rows = same_form + bool(by_form), same_rows + truth
    assert same_rows > PAIRS / 4
    assert same_form > 0.75 * same_rows
