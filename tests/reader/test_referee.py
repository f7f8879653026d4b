# ruff: noqa: E501
"""What the reader says of a revision is what running it sends to the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from referee.revisions import agrees, referee

from guard.judge.load_rules import load_rules
from guard.rule import Example

pytestmark = pytest.mark.no_cover  # it compares; what it reads others read too

SERVERS = ("postgresql", "mysql", "sqlite")
TABLES = """
op.create_table("b", sa.Column("id", sa.Integer, primary_key=True))
op.create_table(
    "t",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("a", sa.Integer),
    sa.Column("n", sa.String(20), server_default="x"),
    sa.CheckConstraint("a > 0", name="t_check"),
    sa.UniqueConstraint("n", name="t_unique"),
)
op.create_index("t_a", "t", ["a"])
"""


def examples() -> list[object]:
    """Every rule's example that is a migration, on the server that it is about."""
    return [
        pytest.param(example, id=f"{rule.name}-{kind}-{number}")
        for rule in load_rules()
        for kind in ("unsafe", "safe")
        for number, example in enumerate(getattr(rule, kind))
        if example.source is None and not example.base and example.upgrade != "pass"
        if "os._exit" not in example.upgrade  # it would end this process
        if ".connection.execute" not in example.upgrade  # past SQLAlchemy, which tells what runs
    ]


@pytest.mark.parametrize("example", examples())
def test_a_rules_example_is_read_as_it_runs(example: Example, tmp_path: Path) -> None:
    dialect = (example.dialect or "postgresql").replace("mariadb", "mysql")
    body, live = example.upgrade, dialect == "sqlite"
    comparison, _ = referee(tmp_path, body, dialect, example.released, live=live)
    assert [miss for miss in comparison.missed if not miss.opaque] == []
    assert comparison.surplus == ()


# Every operation of alembic.operations, as people write it. `@` says where a case can run.

OPERATIONS = """
op.create_table("u", sa.Column("id", sa.Integer, primary_key=True))
op.create_table("u", sa.Column("id", sa.Integer), schema="s")  # @postgresql mysql
op.create_table("u", sa.Column("id", sa.Integer), if_not_exists=True)
op.create_table(table_name="u", *[sa.Column("id", sa.Integer)])  # @none
op.create_table("u", sa.Column("a", sa.Integer, index=True), sa.Column("b", sa.Integer, unique=True))
op.create_table("u", sa.Column("a", sa.Integer, sa.ForeignKey("b.id", ondelete="CASCADE")))
op.create_table("u", sa.Column("a", sa.Integer), sa.ForeignKeyConstraint(["a"], ["b.id"], name="f"))
op.create_table("u", sa.Column("a", sa.Integer), sa.PrimaryKeyConstraint("a", name="p"))
op.create_table("u", sa.Column("a", sa.Integer), sa.UniqueConstraint("a"), sa.CheckConstraint("a > 0"))
op.create_table("u", sa.Column("a", sa.Integer), sa.Index("u_a", "a"))
op.create_table("u", sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0", name="c")))
op.create_table("u", sa.Column("a", sa.Enum("x", "y", name="e")))
op.create_table("u", sa.Column("a", postgresql.ENUM("x", name="e", create_type=False)))  # @postgresql
op.create_table("u", sa.Column("a", postgresql.ARRAY(sa.Enum("x", name="e"))))  # @postgresql
op.create_table("u", sa.Column("a", sa.Enum("x", name="e", native_enum=False)))
op.create_table("u", sa.Column("a", sa.Enum("x", name="e", schema="s")))  # @postgresql
op.create_table("u", sa.Column("a", sa.Enum("x", name="e")), sa.Column("b", sa.Enum("x", name="e")))  # @postgresql
op.create_table("u", sa.Column("a", sa.Boolean(create_constraint=True, name="c")))
op.create_table("u", sa.Column("a", sa.Integer, comment="c"), comment="d")
op.create_table("u", sa.Column("a", sa.Integer), prefixes=["TEMPORARY"])
op.create_table("u", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer, sa.Computed("a + 1", persisted=True)))
op.create_table("u", sa.Column("a", sa.Integer, sa.Identity(always=True)))
op.create_table("u", sa.Column("a", sa.BigInteger().with_variant(sa.Integer, "sqlite")))
op.create_table("u", sa.Column("a", sa.Integer), mysql_engine="InnoDB", sqlite_autoincrement=True)
op.create_table("u", *[sa.Column(name, sa.Integer) for name in ("a", "b")])
op.create_table("u", sa.Column("a", sa.Integer, sa.Sequence("q")))
op.create_table("u", sa.Column("a", postgresql.INT4RANGE()), postgresql.ExcludeConstraint(("a", "&&"), name="x"))  # @postgresql
op.drop_table("t")
op.drop_table("t", schema="s")  # @postgresql mysql
op.drop_table("t", if_exists=True)
op.drop_table(table_name="t")
op.rename_table("t", "v")
op.rename_table(old_table_name="t", new_table_name="v")
op.rename_table("t", "v", schema="s")  # @postgresql mysql
op.create_table_comment("t", "c", existing_comment=None)  # @postgresql mysql
op.drop_table_comment("t")  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer))
op.add_column("t", sa.Column("c", sa.Integer, nullable=False, server_default="0"))
op.add_column("t", sa.Column("c", sa.Integer), schema="s")  # @postgresql mysql
op.add_column("t", column=sa.Column("c", sa.Integer))
op.add_column(table_name="t", column=sa.Column("c", sa.Integer))
op.add_column("t", sa.Column("c", sa.Integer), if_not_exists=True)  # @postgresql
op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("b.id")))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("b.id", name="f")))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("b.id")), inline_references=True)
op.add_column("t", sa.Column("c", sa.Integer, index=True))
op.add_column("t", sa.Column("c", sa.Integer, unique=True))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer, unique=True, index=True))
op.add_column("t", sa.Column("c", sa.Integer, sa.CheckConstraint("c > 0", name="k")))
op.add_column("t", sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=False)))
op.add_column("t", sa.Column("c", sa.Integer, sa.Identity()))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.BigInteger, autoincrement=True))
op.add_column("t", sa.Column("c", sa.Integer, sa.Sequence("s")))
op.add_column("t", sa.Column("c", sa.Integer, server_default=sa.Sequence("s").next_value()))  # @postgresql
op.add_column("t", sa.Column("c", sa.Integer, primary_key=True))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer, primary_key=True), inline_primary_key=True)  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Enum("x", name="e")))
op.add_column("t", sa.Column("c", sa.Boolean))
op.add_column("t", sa.Column("c", sa.Boolean(create_constraint=True, name="k")))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Enum("x", name="e", native_enum=False, create_constraint=True)))  # @postgresql mysql
op.add_column("t", sa.Column("c", sa.Integer, comment="c"))
op.drop_column("t", "n")  # @postgresql mysql
op.drop_column("t", "a", schema="s")  # @postgresql mysql
op.drop_column(table_name="t", column_name="n")  # @postgresql mysql
op.drop_column("t", "n", if_exists=True)  # @postgresql
op.drop_column("t", sa.Column("n", sa.Integer))  # @none
op.alter_column("t", "a", nullable=False)  # @postgresql
op.alter_column("t", "a", nullable=True)  # @postgresql
op.alter_column("t", "a", nullable=False, existing_type=sa.Integer)  # @postgresql mysql
op.alter_column("t", "a", existing_type=sa.Integer, existing_nullable=False, new_column_name="z")  # @postgresql mysql
op.alter_column("t", "a", new_column_name="z")  # @postgresql sqlite
op.alter_column("t", "a", type_=sa.BigInteger)  # @postgresql mysql
op.alter_column("t", "a", type_=sa.BigInteger, postgresql_using="a::bigint")  # @postgresql
op.alter_column("t", "a", type_=sa.BigInteger(), nullable=False, server_default="1")  # @postgresql mysql
op.alter_column("t", "a", server_default="1")  # @postgresql mysql
op.alter_column("t", "a", server_default=sa.text("1"))  # @postgresql mysql
op.alter_column("t", "a", server_default=None)  # @postgresql mysql
op.alter_column("t", "a", server_default=False, nullable=False, existing_type=sa.Integer)  # @postgresql mysql
op.alter_column("t", "a", existing_type=sa.Integer, comment="c")  # @postgresql mysql
op.alter_column("t", "a", existing_type=sa.Integer, comment=None, existing_comment="c")  # @postgresql mysql
op.alter_column("t", "a", server_default="1", existing_type=sa.DateTime())  # @postgresql mysql
op.alter_column("t", "a", server_default=None, existing_type=sa.DateTime())  # @postgresql mysql
op.alter_column("t", "a", autoincrement=True, existing_type=sa.Integer)  # @mysql
op.alter_column("t", "a", type_=sa.Boolean(create_constraint=True, name="k"))  # @postgresql mysql
op.alter_column("t", "a", existing_type=sa.Boolean(create_constraint=True, name="k"), type_=sa.Integer)  # @postgresql mysql
op.alter_column("t", "a", existing_type=sa.Enum("x", name="e", native_enum=False, create_constraint=True), type_=sa.String(3))  # @postgresql mysql
op.alter_column("t", "a", type_=sa.Enum("x", name="e"), existing_type=sa.String(3))  # @postgresql mysql
op.alter_column("t", "a", type_=sa.BigInteger, schema="s")  # @postgresql mysql
op.alter_column(table_name="t", column_name="a", type_=sa.BigInteger)  # @postgresql mysql
op.alter_column("t", "a", server_default=sa.Identity(), existing_server_default=None)  # @postgresql
op.alter_column("t", "a", server_default=None, existing_server_default=sa.Identity())  # @postgresql
op.alter_column("t", "a", server_default=sa.Identity(start=4), existing_server_default=sa.Identity())  # @postgresql
op.create_index("i", "t", ["a", "n"])
op.create_index("i", "t", ["a"], unique=True, schema="s")  # @postgresql mysql
op.create_index("i", "t", [sa.text("lower(n)")])
op.create_index("i", "t", ["a"], if_not_exists=True)
op.create_index("i", "t", ["a"], postgresql_concurrently=True, postgresql_using="gin", postgresql_where=sa.text("a > 1"))  # @postgresql
op.create_index("i", "t", ["n"], postgresql_using="gin", mysql_prefix="FULLTEXT")  # @mysql
op.create_index(op.f("ix_t_a"), "t", ["a"])
op.create_index(op.f("ix_customer_subscription_invoices_customer_subscription_period_id"), "t", ["a"])
op.add_column("t", sa.Column("customer_subscription_invoices_customer_subscription_period", sa.Integer, index=True))
op.create_index(index_name="i", table_name="t", columns=["a"])
op.create_index(None, "t", ["a"])  # @none
op.drop_index("t_a")  # @postgresql sqlite
op.drop_index("t_a", "t")
op.drop_index("t_a", table_name="t")
op.drop_index("t_a", table_name="t", if_exists=True)
op.drop_index("t_a", table_name="t", schema="s")  # @postgresql mysql
op.drop_index(op.f("t_a"), table_name="t", postgresql_concurrently=True)
op.create_unique_constraint("k", "t", ["a"])  # @postgresql mysql
op.create_unique_constraint(None, "t", ["a"])  # @postgresql mysql
op.create_unique_constraint("k", "t", ["a"], postgresql_include=["a"], postgresql_nulls_not_distinct=True)  # @postgresql
op.create_unique_constraint("k", "t", ["a"], schema="s", deferrable=True, initially="DEFERRED")  # @postgresql
op.create_unique_constraint(constraint_name="k", table_name="t", columns=["a"])  # @postgresql mysql
op.create_primary_key("k", "t", ["a"])  # @postgresql mysql
op.create_foreign_key("k", "t", "b", ["a"], ["id"])  # @postgresql mysql
op.create_foreign_key(None, "t", "b", ["a"], ["id"], ondelete="CASCADE", onupdate="SET NULL")  # @postgresql mysql
op.create_foreign_key("k", "t", "b", ["a"], ["id"], source_schema="s", referent_schema="r")  # @postgresql mysql
op.create_foreign_key(constraint_name="k", source_table="t", referent_table="b", local_cols=["a"], remote_cols=["id"])  # @postgresql mysql
op.create_foreign_key("k", "t", "b", ["a"], ["id"], postgresql_not_valid=True)  # @postgresql
op.create_check_constraint("k", "t", "a > 0")  # @postgresql mysql
op.create_check_constraint("k", "t", sa.column("a") > 0)  # @postgresql mysql
op.create_check_constraint("k", "t", condition=sa.text("a > 0"), postgresql_not_valid=True)  # @postgresql
op.create_exclude_constraint("k", "t", ("a", "="), where=sa.text("a > 0"), using="gist")  # @postgresql
op.drop_constraint("t_check", "t")  # @postgresql
op.drop_constraint("t_unique", "t", type_="unique")  # @postgresql mysql
op.drop_constraint("k", "t", type_="foreignkey")  # @postgresql mysql
op.drop_constraint("k", "t", "primary")  # @postgresql mysql
op.drop_constraint("k", "t", type_="check", schema="s")  # @postgresql mysql
op.drop_constraint("k", "t", type_="check", if_exists=True)  # @postgresql
op.drop_constraint(constraint_name="k", table_name="t", type_="check")  # @postgresql mysql
op.bulk_insert(sa.table("b", sa.column("id", sa.Integer)), [{"id": 1}, {"id": 2}])
op.bulk_insert(sa.table("b", sa.column("id", sa.Integer)), [{"id": op.inline_literal(1)}], multiinsert=False)
op.bulk_insert(sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer)), rows=[{"id": 1}])
op.bulk_insert(sa.table("t", sa.column("id")), [])  # @none
op.execute("UPDATE t SET a = 1")
op.execute(sa.text("UPDATE t SET a = :a").bindparams(a=1))
op.execute(sqltext="UPDATE t SET a = 1")
op.execute("UPDATE t SET a = 1", execution_options={"no_parameters": True})
op.execute(sa.table("t", sa.column("a")).update().values(a=1))
op.execute(sa.update(sa.table("t", sa.column("a"))).where(sa.column("a") == 1).values({"a": 2}))
op.execute(sa.delete(sa.table("t", sa.column("a"))).where(sa.column("a") == 1))
op.execute(sa.table("t", sa.column("a")).delete())
op.execute(sa.insert(sa.table("t", sa.column("id"))).values(id=1))
op.execute(sa.insert(sa.table("t", sa.column("id"))).from_select(["id"], sa.select(sa.column("id")).select_from(sa.table("b"))))
op.execute(sa.schema.CreateTable(sa.Table("u", sa.MetaData(), sa.Column("id", sa.Integer))))
op.execute(sa.schema.DropTable(sa.Table("t", sa.MetaData())))
op.execute(sa.schema.CreateSchema("s"))  # @postgresql mysql
op.execute(sa.schema.CreateSequence(sa.Sequence("q")))  # @postgresql
op.execute(sa.schema.DropSequence(sa.Sequence("q")))  # @postgresql
op.execute(sa.schema.CreateIndex(sa.Index("i", sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer)).c.a)))
op.execute(sa.schema.DropIndex(sa.Index("t_a", sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer)).c.a)))
op.execute(sa.schema.AddConstraint(sa.UniqueConstraint(sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer)).c.a, name="k")))  # @postgresql mysql
op.execute(sa.DDL("CREATE INDEX i ON t (a)"))
op.execute("CREATE TYPE e AS ENUM ('x')")  # @postgresql
op.get_bind().execute(sa.text("SELECT 1"))
op.get_bind().execute(sa.select(sa.column("id")).select_from(sa.table("t")))
op.get_bind().exec_driver_sql("UPDATE t SET a = 1")  # @sqlite
op.get_context().execute("UPDATE t SET a = 1")
context.execute("UPDATE t SET a = 1")
op.invoke(alembic.operations.ops.DropTableOp("t"))  # @none
op.run_async(None)  # @none
sa.Enum("x", name="e").create(op.get_bind())
sa.Enum("x", name="e").create(op.get_bind(), checkfirst=False)
sa.Enum("x", name="e").drop(op.get_bind(), checkfirst=False)
postgresql.ENUM("x", name="e").create(op.get_bind(), checkfirst=False)  # @postgresql
sa.Table("u", sa.MetaData(), sa.Column("id", sa.Integer)).create(op.get_bind(), checkfirst=False)
sa.Table("t", sa.MetaData()).drop(op.get_bind(), checkfirst=False)
sa.Table("u", sa.MetaData(), sa.Column("id", sa.Enum("x", name="e"))).create(op.get_bind())
"""
BODIES = {
    "alter in a batch": """
        with op.batch_alter_table("t") as batch_op:
            batch_op.alter_column("a", nullable=False, type_=sa.BigInteger, existing_type=sa.Integer)
            batch_op.alter_column("n", new_column_name="m", existing_type=sa.String(20))
    """,
    "columns in a batch": """
        with op.batch_alter_table("t", schema=None) as batch_op:
            batch_op.add_column(sa.Column("c", sa.Integer, nullable=True))
            batch_op.add_column(
                sa.Column("d", sa.Integer, sa.ForeignKey("b.id", name="f"))
            )
            batch_op.drop_column("n")
    """,
    "constraints in a batch": """
        with op.batch_alter_table("t") as batch:
            batch.create_unique_constraint("k", ["a", "n"])
            batch.create_foreign_key("f", "b", ["a"], ["id"])
            batch.create_check_constraint("c", "a < 9")
            batch.drop_constraint("t_unique", type_="unique")
            batch.drop_constraint("t_check", type_="check")
    """,
    "indexes in a batch": """
        with op.batch_alter_table("t") as batch_op:
            batch_op.create_index("i", ["a"], unique=True)
            batch_op.create_index(batch_op.f("j"), columns=["n"])
            batch_op.drop_index("t_a")
    """,
    "a copy of a table that is given": """
        table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("a", sa.Integer))
        with op.batch_alter_table("t", recreate="always", copy_from=table) as batch_op:
            batch_op.add_column(sa.Column("c", sa.Integer), insert_after="a")
    """,
    "no copy": """
        with op.batch_alter_table("t", recreate="never") as batch_op:
            batch_op.add_column(sa.Column("c", sa.Integer))
            batch_op.execute("UPDATE t SET a = 1")
    """,
    "an index with a column in a batch": """
        with op.batch_alter_table("t") as batch_op:
            batch_op.add_column(sa.Column("c", sa.Integer, index=True))
    """,
    "a table's own enum": """
        kind = sa.Enum("x", "y", name="kind")
        kind.create(op.get_bind(), checkfirst=True)
        op.add_column("t", sa.Column("k", kind))
    """,
    "a metadata": """
        metadata = sa.MetaData()
        sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("v", metadata, sa.Column("id", sa.ForeignKey("u.id")))
        metadata.create_all(op.get_bind(), checkfirst=False)
    """,
    "a metadata in the other direction": """
        metadata = sa.MetaData()
        sa.Table("t", metadata)
        metadata.drop_all(op.get_bind(), checkfirst=False)
    """,
    "a mapped class": """
        Base = orm.declarative_base()

        class User(Base):
            __tablename__ = "u"
            id = sa.Column(sa.Integer, primary_key=True)
            email = sa.Column(sa.String(40), index=True)

        Base.metadata.create_all(bind=op.get_bind(), checkfirst=False)
    """,
    "the table that create_table gives": """
        made = op.create_table("u", sa.Column("id", sa.Integer, primary_key=True))
        op.bulk_insert(made, [{"id": 1}])
        op.execute(made.update().values(id=2))
        op.execute(made.delete().where(made.c.id == 2))
    """,
    "an operation object": """
        from alembic.operations import ops

        op.invoke(ops.DropIndexOp("t_a", "t"))
        op.invoke(ops.DropTableOp("t"))
        op.invoke(ops.RenameTableOp("b", "c"))
    """,
    "a loop": """
        for name in ("c", "d"):
            op.add_column("t", sa.Column(name, sa.Integer))
    """,
    "a dialect": """
        if op.get_bind().dialect.name == "postgresql":
            op.execute("UPDATE t SET a = 1")
        elif op.get_context().dialect.name == "mysql":
            op.execute("UPDATE t SET a = 2")
        else:
            op.execute("UPDATE t SET a = 3")
    """,
    "the check of a type in a batch": """
        with op.batch_alter_table("t") as batch_op:
            batch_op.add_column(sa.Column("c", sa.Boolean(create_constraint=True, name="k")))
            batch_op.alter_column("a", type_=sa.Boolean(create_constraint=True, name="j"))
    """,
    "an enum of two tables": """
        op.create_table("u", sa.Column("a", sa.Enum("x", name="e")))
        op.create_table("v", sa.Column("a", sa.Enum("x", name="e")))
    """,
    "a quoted name": """
        name = op.get_bind().dialect.identifier_preparer.quote("a")
        op.execute(f"UPDATE t SET {name} = 1")
    """,
    "an autocommit block": """
        with op.get_context().autocommit_block():
            op.execute("UPDATE t SET a = 1")
    """,
    "a script": """
        for statement in "UPDATE t SET a = 1; UPDATE t SET a = 2".split(";"):
            op.execute(statement)
    """,
}
LIVE = {
    "a session": """
        session = orm.Session(bind=op.get_bind())
        session.execute(sa.text("UPDATE t SET a = 1"))
        session.commit()
    """,
    "a mapped class": """
        Base = orm.declarative_base()

        class Row(Base):
            __tablename__ = "t"
            id = sa.Column(sa.Integer, primary_key=True)
            a = sa.Column(sa.Integer)

        session = orm.Session(bind=op.get_bind())
        session.add(Row(id=1, a=1))
        session.flush()
        session.query(Row).filter(Row.a == 1).update({"a": 2})
        session.query(Row).filter_by(a=2).delete()
        session.execute(sa.update(Row).values(a=1))
        session.execute(sa.select(Row)).scalars().all()
        rows = session.query(Row).all()
        for row in session.query(Row).filter(Row.a > 1):
            row.a = 2
        names = [row.id for row in orm.sessionmaker(future=True)(bind=op.get_bind()).query(Row)]
        count = session.query(Row).count()
    """,
    "an inspector": """
        columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns("t")]
        if "c" not in columns:
            op.add_column("t", sa.Column("c", sa.Integer))
    """,
    "rows": """
        connection = op.get_bind()
        rows = connection.execute(sa.text("SELECT id, a FROM t")).fetchall()
        for row in rows:
            connection.execute(sa.text("UPDATE t SET a = :a WHERE id = :id"), {"a": 1, "id": row.id})
        connection.execute(sa.text("INSERT INTO b (id) VALUES (:id)"), [{"id": 1}, {"id": 2}])
    """,
}


def operations() -> list[object]:
    cases: list[object] = []
    for line in OPERATIONS.strip().splitlines():
        body, _, where = line.partition("  # @")
        for dialect in where.split() if where else SERVERS:
            if dialect != "none":
                cases.append(pytest.param(body, dialect, id=f"{dialect}: {body}"))
    return cases


@pytest.mark.parametrize(("body", "dialect"), operations())
def test_an_operation_is_read_as_it_runs(body: str, dialect: str, tmp_path: Path) -> None:
    agrees(*referee(tmp_path, body, dialect, (TABLES,), live=dialect == "sqlite"))


@pytest.mark.parametrize("dialect", SERVERS)
@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_as_it_runs(name: str, dialect: str, tmp_path: Path) -> None:
    comparison, error = referee(
        tmp_path, BODIES[name], dialect, (TABLES,), live=dialect == "sqlite"
    )
    agrees(comparison, error)
    if re.search(r"op\.|metadata", BODIES[name]) and dialect == "postgresql":
        assert comparison.sent


@pytest.mark.parametrize("name", LIVE)
def test_a_connection_is_read_as_it_runs(name: str, tmp_path: Path) -> None:
    agrees(*referee(tmp_path, LIVE[name], "sqlite", (TABLES,), live=True))
