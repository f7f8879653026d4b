"""What is written to rows by way of objects that a query of the ORM gives."""

from __future__ import annotations

import pytest
from revision_code import read, reading

from guard.operations import Name, Update

MODELS = """
import sqlalchemy as sa
from sqlalchemy import orm
Base = orm.declarative_base()
class Row(Base):
    __tablename__ = "t"
    id = sa.Column(sa.Integer, primary_key=True)
    n = sa.Column(sa.Integer)
"""
SESSION = "session = orm.Session(op.get_bind())\n"
QUERY, WRITE, DELETE = "query", "update t", "delete t"

WRITES = [
    ("each", "for row in session.query(Row):\n    row.n = 2\nsession.commit()", [QUERY, WRITE]),
    (
        "some",
        "for row in session.query(Row).filter(Row.n > 1).all():\n    row.n = 2",
        [QUERY, WRITE],
    ),
    ("added to", "for row in session.query(Row):\n    row.n += 1", [QUERY, WRITE]),
    ("first", "row = session.query(Row).first()\nrow.n = 2", [QUERY, WRITE]),
    ("by key", "session.get(Row, 1).n = 2", [QUERY, WRITE]),
    (
        "of a list",
        "rows = session.query(Row).all()\nfor row in rows:\n    row.n = 2",
        [QUERY, WRITE],
    ),
    (
        "scalars",
        "for row in session.scalars(sa.select(Row).where(Row.n > 1)):\n    row.n = 2",
        [QUERY, WRITE],
    ),
    ("scalars one", "session.scalars(sa.select(Row)).one().n = 2", [QUERY, WRITE]),
    ("added again", "row = session.query(Row).one()\nrow.n = 2\nsession.add(row)", [QUERY, WRITE]),
    (
        "deleted",
        "for row in session.query(Row).filter(Row.n > 1):\n    session.delete(row)",
        [QUERY, DELETE],
    ),
    ("all deleted", "for row in session.query(Row):\n    session.delete(row)", [QUERY, DELETE]),
    (
        "related",
        "session.query(Row).one().tags.append(1)",
        [QUERY, "update {session.query(Row).one().tags}"],
    ),
    ("read", "for row in session.query(Row):\n    print(row.n)", [QUERY]),
    ("columns", "for row in session.query(Row.id, Row.n):\n    print(row.n)", [QUERY]),
    ("added", "session.add(Row(n=1))", ["insert t"]),
]


@pytest.mark.parametrize(("code", "told"), [row[1:] for row in WRITES], ids=[r[0] for r in WRITES])
def test_what_is_assigned_to_an_object_is_written(code: str, told: list[str]) -> None:
    assert [one.partition(" [")[0] for one in read(SESSION + code, above=MODELS)] == told


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("session.query(Row)", "{key}"),
        ("session.query(Row).filter(Row.n.is_(None))", "{Row.n.is_(None)}"),
        ("session.query(Row).filter_by(n=1)", "{key}"),
        ("session.scalars(sa.select(Row).where(Row.n > 1))", "{Row.n > 1}"),
    ],
)
def test_it_is_known_which_column_is_written_and_where(query: str, where: str) -> None:
    body = f"    {SESSION}    {query}.one().n = 2\n"
    upgrade = reading(f"from alembic import op\n{MODELS}\ndef upgrade():\n{body}").upgrade
    [_, update] = [
        operation for statement in upgrade.statements for operation in statement.operations
    ]
    assert update == Update(table=Name("t"), columns=("n",), where=where)
