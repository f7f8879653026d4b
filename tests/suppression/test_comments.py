"""Which comments are found in a file, and which lines they cover."""

from __future__ import annotations

import pytest

from guard.suppression.comments import Comment, read_comments


def found(text: str, path: str = "versions/0001_x.py") -> list[tuple[object, ...]]:
    return [(c.kind, c.rules, c.reason, c.lines) for c in read_comments(path, text)]


def one(text: str, path: str = "versions/0001_x.py") -> Comment:
    (comment,) = read_comments(path, text)
    return comment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "run()  # guard: ignore[drop-column] never written",
            ("ignore", ("drop-column",), "never written", (1, 1)),
            id="trailing",
        ),
        pytest.param(
            "# guard: ignore[drop-column] never written\nrun()",
            ("ignore", ("drop-column",), "never written", (1, 2)),
            id="line above",
        ),
        pytest.param(
            "# guard: ignore[a] why,\n# in two lines\nrun()",
            ("ignore", ("a",), "why,", (1, 3)),
            id="block of comments above",
        ),
        pytest.param(
            "# guard: ignore[a] why\n\nrun()",
            ("ignore", ("a",), "why", (1, 1)),
            id="an empty line ends what it covers",
        ),
        pytest.param(
            "# guard: ignore[a] why",
            ("ignore", ("a",), "why", (1, 1)),
            id="last line of the file",
        ),
        pytest.param(
            "run()  # guard: ignore[ a , b ] why",
            ("ignore", ("a", "b"), "why", (1, 1)),
            id="two rules",
        ),
        pytest.param("run()  # guard: ignore[a]", ("ignore", ("a",), "", (1, 1)), id="no reason"),
        pytest.param("run()  # guard: ignore why", ("ignore", (), "why", (1, 1)), id="no rule"),
        pytest.param("run()  #guard:ignore[a]why", ("ignore", ("a",), "why", (1, 1)), id="tight"),
        pytest.param("run()  # Guard: Ignore[a] why", ("ignore", ("a",), "why", (1, 1)), id="case"),
        pytest.param(
            "run()  # guard: ignore[a] - see #42", ("ignore", ("a",), "see #42", (1, 1)), id="dash"
        ),
        pytest.param(
            "run()  # noqa: E501  # guard: ignore[a] why  # type: ignore",
            ("ignore", ("a",), "why", (1, 1)),
            id="between other tools' comments",
        ),
        pytest.param(
            "# guard: ignore-file[a] generated",
            ("ignore-file", ("a",), "generated", (1, 1)),
            id="whole file",
        ),
        pytest.param(
            "# guard: irreversible the rows are gone\ndef downgrade(): ...",
            ("irreversible", (), "the rows are gone", (1, 2)),
            id="irreversible",
        ),
        pytest.param(
            "run(\n    # guard: ignore[a] why\n    1,\n)",
            ("ignore", ("a",), "why", (2, 3)),
            id="inside a call",
        ),
        pytest.param(
            "\ufeff# guard: ignore[a] why", ("ignore", ("a",), "why", (1, 1)), id="byte-order mark"
        ),
        pytest.param(
            "run()  # guard: ignore[a] why\r\n", ("ignore", ("a",), "why", (1, 1)), id="CRLF"
        ),
        pytest.param(
            "x = 'é' * 2; run()  # guard: ignore[a] причина",
            ("ignore", ("a",), "причина", (1, 1)),
            id="unicode",
        ),
    ],
)
def test_python_comment(text: str, expected: tuple[object, ...]) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("run('# guard: ignore[a] why')", id="string"),
        pytest.param("run(f'# guard: ignore[{a}] {why} # guard: ignore[b] c')", id="f-string"),
        pytest.param('"""Say -- guard: ignore[a] why."""', id="module docstring"),
        pytest.param(
            'def f():\n    # what\n    """\n    -- guard: ignore[a] why\n    """', id="docstring"
        ),
        pytest.param("run(\"SELECT '-- guard: ignore[a] why'\")", id="string within SQL"),
        pytest.param("run('SELECT 1 /* -- guard: ignore[a] why */')", id="comment within comment"),
        pytest.param("# guard: not for replicas", id="prose"),
        pytest.param("# guardian: ignore[a] why", id="another word"),
        pytest.param("", id="empty"),
    ],
)
def test_no_python_comment(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param('run("""\n  -- guard: ignore[a] why\n  DROP X\n""")', (2, 3), id="own line"),
        pytest.param('run("""\n  DROP X -- guard: ignore[a] why\n""")', (2, 2), id="trailing"),
        pytest.param('run(f"""\n  DROP {x} -- guard: ignore[a] why\n""")', (2, 2), id="f-string"),
        pytest.param('run("DROP X -- guard: ignore[a] why")', (1, 1), id="one line"),
        pytest.param('run("-- guard: ignore[a] why\\nDROP X")', (1, 1), id="escaped line end"),
        pytest.param(
            'run(\n  """\n-- guard: ignore[a] why\nDROP X""")', (3, 4), id="first in call"
        ),
    ],
)
def test_sql_comment_in_python(text: str, lines: tuple[int, int]) -> None:
    assert found(text) == [("ignore", ("a",), "why", lines)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("DROP TABLE a; -- guard: ignore[a] why", [(1, 1)], id="trailing"),
        pytest.param("-- guard: ignore[a] why\nDROP TABLE a;", [(1, 2)], id="line above"),
        pytest.param("SELECT '-- guard: ignore[a] why';", [], id="string"),
        pytest.param("SELECT 'it''s -- guard: ignore[a] why';", [], id="doubled quote"),
        pytest.param("SELECT 'it\\'s -- guard: ignore[a] why';", [], id="escaped quote"),
        pytest.param("SELECT 'C:\\'; -- guard: ignore[a] why", [(1, 1)], id="lone backslash"),
        pytest.param("SELECT E'\\' -- guard: ignore[a] why';", [], id="escape string"),
        pytest.param('SELECT "-- guard: ignore[a] why";', [], id="quoted name"),
        pytest.param("/* -- guard: ignore[a] why */", [], id="block comment"),
        pytest.param("/* -- guard: ignore[a] why", [], id="open block comment"),
        pytest.param("DO $x$\nDROP y; -- guard: ignore[a] why\n$x$;", [(2, 2)], id="DO block"),
        pytest.param("SELECT $$it's$$; -- guard: ignore[a] why", [(1, 1)], id="dollar string"),
        pytest.param("SELECT 'open; -- guard: ignore[a] why", [(1, 1)], id="open string"),
    ],
)
def test_sql_file(text: str, lines: list[tuple[int, int]]) -> None:
    assert [c.lines for c in read_comments("db/V1__x.sql", text)] == lines


@pytest.mark.parametrize(
    "text",
    [
        "run()  # guard: ignore[a] why\nx = (1\n",
        "run()  # guard: ignore[a] why\nx = '''\n",
        "run()  # guard: ignore[a] why\n  x\n y\n",
        "run()  # guard: ignore[a] why\nx = 0777 ? \x00\n",
    ],
    ids=["bracket", "string", "indentation", "characters"],
)
def test_broken_python_keeps_what_stands_before(text: str) -> None:
    assert found(text) == [("ignore", ("a",), "why", (1, 1))]


def test_ini_file() -> None:
    text = "[alembic]\n# guard: ignore[hardcoded-database] a template\nsqlalchemy.url = x\n"
    assert found(text, "alembic.ini") == [("ignore", ("hardcoded-database",), "a template", (2, 3))]


def test_span_is_the_comment() -> None:
    span = one("run()  # noqa  # guard: ignore[a] why  \n").span
    assert (span.line, span.column, span.end_line, span.end_column) == (1, 16, 1, 38)


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("# guard: ingore[a] why", "unknown", "guard: ingore[a]"),
        ("# guard: ignore[a, b] why", "ignore", "guard: ignore[a, b]"),
        ("# guard: ignore why", "ignore", "guard: ignore"),
    ],
)
def test_as_messages_name_it(text: str, kind: str, written: str) -> None:
    comment = one(text)
    assert (comment.kind, comment.written) == (kind, written)
