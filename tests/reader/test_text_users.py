"""Which functions of ordinary code are followed: those that may execute a text that was built."""

from __future__ import annotations

import textwrap

import pytest

from guard.python_source import PythonSource
from guard.reader.modules import Module
from guard.reader.text_users import concerned

HEAD = "from sqlalchemy import select, text\nimport sqlalchemy as sa\ndef f(s, x):\n"
FOLLOWED = [
    "s.execute(x)",
    "s.execute(f'{x}')",
    "s.execute(QUERY)",
    "s.execute(statement=x)",
    "s.execute(text('a' + x))",
    "s.execute(sa.text(x.sql))",
    "s.execute(select(1).where(text(x)))",
    "q = 'a'; s.execute(q.format(x))",
    "q = 'a'; r = q; s.execute(r.format(x))",
    "q = 'a'; q += x; s.execute(q)",
    "q = select(1); q = x; s.execute(q)",
    "for q in x: s.execute(q)",
    "with x as q: s.execute(q)",
    "q, r = x; s.execute(q)",
    "s.execute(build())",
    "run(f'DELETE FROM {x}')",
    "run('''\n  SELECT ''' + x)",
    r"run('-- all\nselect 1')",
]
LEFT = [
    "pass",
    "s.execute('SELECT 1')",
    "s.execute(text('SELECT 1'))",
    "s.execute(select(1).where(x))",
    "s.scalars(sa.select(1))",
    "q = select(1); q = q.where(x); s.execute(q)",
    "q = 'a'; r = select(q); s.execute(r)",
    "'Delete it all.'; s.execute(select(1))",
    "x.text()",
]


def followed(body: str) -> bool:
    code = HEAD + textwrap.indent(body, "    ")
    return bool(list(concerned(Module(PythonSource("a.py", code.encode())))))


@pytest.mark.parametrize("body", FOLLOWED)
def test_followed(body: str) -> None:
    assert followed(body)


@pytest.mark.parametrize("body", LEFT)
def test_left_out(body: str) -> None:
    assert not followed(body)
