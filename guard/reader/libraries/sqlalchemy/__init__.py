"""SQLAlchemy: connections and sessions, what they execute, tables, columns and their types."""

from __future__ import annotations

from guard.operations import Column, CreateTable, Delete, Name, Type, Update
from guard.reader.evaluate.run import Example, Library
from guard.reader.evaluate.values import BoundMethod, Construct, Item, Operator, Unknown
from guard.reader.libraries.sqlalchemy import (
    connections,
    entities,
    mapped,
    models,
    names,
    table_objects,
)
from guard.reader.libraries.sqlalchemy.live import (
    Connection,
    Cursor,
    DialectObject,
    Inspector,
    Related,
    Row,
    Rows,
    Session,
)

# Bases of classes in sight that are column types, columns or clauses.
_KEPT = (
    {"TypeDecorator", "UserDefinedType", "TypeEngine"}
    | {"ColumnElement", "Executable", "ClauseElement", "DDLElement", "FunctionElement"}
    | {"Column", "MappedColumn"}
    | {"String", "Integer", "Text", "JSON", "Enum", "ENUM", "VARCHAR", "CHAR", "DateTime"}
)
_IMPORTS = "import sqlalchemy as sa\nfrom alembic import op"
_ID = Column(name="id", type=Type(name="integer"))

LIBRARY = Library(
    packages=frozenset({"sqlalchemy"}),
    harmless=frozenset({"sqlalchemy"}),
    trusted=frozenset({"sqlalchemy"}),
    names=names.in_package("sqlalchemy"),
    acts=frozenset({"execute", "exec_driver_sql", "executemany", "executescript"}),
    hooks=frozenset({"sqlalchemy.event.listens_for"}),
    handed={"Session": names.session, "AsyncSession": names.session},
    called=dict.fromkeys(
        ("sessionmaker", "async_sessionmaker", "scoped_session", "async_scoped_session"),
        names.make_session,
    ),
    methods={
        Connection: connections.connection_method,
        Cursor: connections.connection_method,
        Session: connections.session_method,
        Inspector: connections.catalogue_method,
        DialectObject: connections.catalogue_method,
        Construct: connections.construct_method,
        Operator: connections.construct_method,
        Item: connections.construct_method,
        BoundMethod: connections.method_of_method,
        Rows: entities.rows_method,
        Related: entities.related_method,
        Unknown: connections.unknown_method,
    },
    attributes={
        Construct: table_objects.label_of,
        Connection: connections.connection_attribute,
        Cursor: connections.of_dialect,
        Session: connections.session_attribute,
        Inspector: connections.of_dialect,
        DialectObject: connections.dialect_attribute,
        Row: entities.row_attribute,
    },
    type_tests={DialectObject: connections.is_dialect},
    assigned={Row: entities.assigned},
    iterated={Construct: connections.iterated, Rows: entities.iterated},
    entered={Construct: connections.enter_transaction},
    wrappers=frozenset(
        {"text", "quoted_name", "literal_column", "quote", "quote_identifier", "DDL", "SQL"}
    ),
    registries=frozenset({"MetaData", "declarative_base", "registry"}),
    kept=frozenset(_KEPT),
    defined=(names.note_table,),
    bases=mapped.BASES,
    bare=mapped.BARE,
    models=(models.read_models,),
    examples=(
        Example(
            'op.get_bind().execute(sa.text("UPDATE t SET a = 1 WHERE a IS NULL"))',
            (Update(table=Name("t"), columns=("a",), where="a IS NULL"),),
            _IMPORTS,
        ),
        Example(
            't = sa.table("t", sa.column("a"))\nop.execute(sa.delete(t).where(t.c.a == 1))',
            (Delete(table=Name("t"), where="a = 1"),),
            _IMPORTS,
        ),
        Example(
            'sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer)).create(op.get_bind())',
            (CreateTable(table=Name("t"), columns=(_ID,)),),
            _IMPORTS,
        ),
    ),
)
