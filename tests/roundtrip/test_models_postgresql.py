"""The schema at head beside the models on PostgreSQL, which says everything in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from roundtrip_project import ENV, project, round_trip
from servers import need

from guard.facts import ModelsDiffer, SchemaDrift
from guard.roundtrip import postgresql
from guard.roundtrip.postgresql import PostgresqlServer

pytestmark = [pytest.mark.slow, pytest.mark.server]

WITH_MODELS = "from models import metadata\n" + ENV.replace(
    "connection=connection", "connection=connection, target_metadata=metadata"
).replace("sqlite:///data.sqlite3", "postgresql+psycopg://u:p@db.example.org/app")
HEAD = "import sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql as pg\n"
ID = "sa.Column('id', sa.Integer, primary_key=True)"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of a server of the user's, as it were, so that not every case has to start one."""
    programs = postgresql.installed(None)
    need(programs, "PostgreSQL")
    need(find_spec("psycopg"), "psycopg")
    assert programs
    with postgresql.started(programs) as running:
        yield url_of(running)


def url_of(server: PostgresqlServer) -> str:
    host, port, user, password, _ = server.address
    return f"postgresql://{user}:{password}@{host}:{port}/postgres"


def difference(folder: Path, url: str, revision: str, model: str, *, naming: str = "") -> list[str]:
    """Return the lines of difference between a table of the revision and one of the models."""
    (folder / "models.py").write_text(
        f"{HEAD}metadata = sa.MetaData({naming})\nsa.Table('t', metadata, {ID}, {model})\n"
    )
    up = f"from sqlalchemy.dialects import postgresql as pg\nop.create_table('t', {ID}, {revision})"
    step = (up, "op.drop_table('t')\nop.execute('DROP TYPE IF EXISTS mood')")
    written = project(folder, step, env=WITH_MODELS, ini="prepend_sys_path = .\n")
    result = round_trip(written, url=url)
    assert all(isinstance(fact, SchemaDrift) for fact in result.facts), result.facts
    return [
        line for fact in result.facts if isinstance(fact, SchemaDrift) for line in fact.difference
    ]


MOOD = "sa.Column('c', sa.Enum('sad', 'fine', name='mood'), server_default='{}')"


@pytest.mark.parametrize(
    ("revision", "model"),
    [
        ("sa.Column('c', sa.String(9), server_default='x')", ""),
        ("sa.Column('c', sa.Integer, server_default='0')",
         "sa.Column('c', sa.Integer, server_default=sa.text('0'))"),
        ("sa.Column('c', sa.Boolean, server_default='t')",
         "sa.Column('c', sa.Boolean, server_default=sa.true())"),
        ("sa.Column('c', sa.DateTime, server_default=sa.text('now()'))",
         "sa.Column('c', sa.DateTime, server_default=sa.func.now())"),
        ("sa.Column('c', sa.Numeric(10, 2), server_default='1.50')", ""),
        ("sa.Column('c', pg.JSONB, server_default=sa.text(\"'{}'::jsonb\"))",
         "sa.Column('c', pg.JSONB, server_default='{}')"),
        ("sa.Column('c', pg.ARRAY(sa.Text), server_default='{}')", ""),
        (MOOD.format("sad"), ""),
        ("sa.Column('c', sa.String(9)), sa.CheckConstraint(\"c IN ('a', 'b')\", name='k')", ""),
        ("sa.Column('c', sa.String(9)), sa.CheckConstraint(\"c IN ('a', 'b')\", name='k')",
         "sa.Column('c', sa.String(9)), sa.CheckConstraint(sa.column('c').in_(['a', 'b']),"
         " name='k')"),
        ("sa.Column('n', sa.Integer), sa.CheckConstraint('n BETWEEN 1 AND 9', name='k')",
         "sa.Column('n', sa.Integer), sa.CheckConstraint('n>=1 and (n<=9)', name='other')"),
        ("sa.Column('c', sa.Text), sa.CheckConstraint('length(c) != 3 AND c IS NOT NULL')",
         "sa.Column('c', sa.Text, sa.CheckConstraint('length(c) <> 3 AND c IS NOT NULL'))"),
        ("sa.Column('c', sa.DateTime(timezone=True), server_default='2024-11-20T00:00:00+00:00')",
         ""),
        # what only the schema has was often for the rows that were there
        ("sa.Column('n', sa.Integer, server_default='0')", "sa.Column('n', sa.Integer)"),
    ],
)  # fmt: skip
def test_another_spelling_is_no_difference(
    revision: str, model: str, url: str, tmp_path: Path
) -> None:
    assert difference(tmp_path, url, revision, model or revision) == []


def test_the_names_that_metadata_gives_are_taken(url: str, tmp_path: Path) -> None:
    convention = (
        "{'pk': 'pk_%(table_name)s', 'uq': 'uq_%(table_name)s', 'ck': '%(constraint_name)s'}"
    )
    at = "sa.Column('at', sa.DateTime, server_default='2024-11-20T00:00:00', unique=True)"
    checked = f"{at}, sa.CheckConstraint('id>0', name='k')"
    naming = f"naming_convention={convention}"
    assert difference(tmp_path, url, checked, checked, naming=naming) == []


@pytest.mark.parametrize(
    ("revision", "model", "expected"),
    [
        ("sa.Column('c', sa.String(9), server_default='x')",
         "sa.Column('c', sa.String(9), server_default='y')",
         ["- column t.c DEFAULT 'x'",
          "+ column t.c DEFAULT 'y': op.alter_column(\"t\", \"c\","
          " server_default=sa.text(\"'y'\"))"]),
        ("sa.Column('n', sa.Integer)", "sa.Column('n', sa.Integer, server_default='7')",
         ["+ column t.n DEFAULT 7: op.alter_column(\"t\", \"n\","
          " server_default=sa.text(\"'7'\"))"]),
        ("sa.Column('c', sa.Boolean, server_default=sa.true())",
         "sa.Column('c', sa.Boolean, server_default=sa.false())",
         ["- column t.c DEFAULT true",
          "+ column t.c DEFAULT false: op.alter_column(\"t\", \"c\","
          " server_default=sa.text('false'))"]),
        (MOOD.format("sad"), MOOD.format("fine"),
         ["- column t.c DEFAULT 'sad'",
          "+ column t.c DEFAULT 'fine': op.alter_column(\"t\", \"c\","
          " server_default=sa.text(\"'fine'\"))"]),
        ("sa.Column('c', sa.Enum('sad', name='mood'))",
         "sa.Column('c', sa.Enum('sad', 'fine', name='mood'))",
         ["- column t.c ENUM sad",
          "+ column t.c ENUM sad, fine: op.alter_column(\"t\", \"c\","
          " type_=sa.Enum('sad', 'fine', name='mood'))"]),
        ("sa.Column('c', sa.String(9)), sa.CheckConstraint(\"c IN ('a')\", name='k')",
         "sa.Column('c', sa.String(9)), sa.CheckConstraint(\"c IN ('a', 'b')\", name='k')",
         ["+ check on t c IN('a', 'b'): op.create_check_constraint(\"k\", \"t\","
          " \"c IN ('a', 'b')\")"]),
        ("sa.Column('n', sa.Integer), sa.CheckConstraint('n > 0', name='a')",
         "sa.Column('n', sa.Integer, sa.CheckConstraint('n < 9', name='b')),"
         " sa.CheckConstraint('n > 0', name='a')",
         ["+ check on t n < 9: op.create_check_constraint(\"b\", \"t\", 'n < 9')"]),
    ],
)  # fmt: skip
def test_what_the_models_have_and_the_schema_has_not(
    revision: str, model: str, expected: list[str], url: str, tmp_path: Path
) -> None:
    assert difference(tmp_path, url, revision, model) == expected


def test_a_last_revision_without_way_back_leaves_the_models_something_to_compare(
    url: str, tmp_path: Path
) -> None:
    """Its second upgrade fails, and the server has no way to put a database back but anew."""
    (tmp_path / "models.py").write_text(
        f"{HEAD}metadata = sa.MetaData()\nsa.Table('t', metadata, {ID}, sa.Column('n', sa.Text))\n"
    )
    steps = (
        (f"op.create_table('t', {ID})", "op.drop_table('t')"),
        ("op.add_column('t', sa.Column('n', sa.Integer()))", "pass"),
    )
    written = project(tmp_path, *steps, env=WITH_MODELS, ini="prepend_sys_path = .\n")
    facts = round_trip(written, url=url).facts
    told = [line for fact in facts if isinstance(fact, ModelsDiffer) for line in fact.difference]
    assert "+ table t" not in told
    assert [line for line in told if line.startswith("+ column t.n Text()")]
