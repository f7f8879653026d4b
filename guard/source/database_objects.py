"""What SQLAlchemy's calls, methods and attributes give, as far as rules on source code ask.

`CALLED` are the kinds of objects by the name that is called or written as an annotation,
`METHODS` by the kind of the object and its method.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "engine", "connection", "session", "session factory", "query", "select", "dml", "text",
    "result", "rows", "row", "metadata", "table", "flask", "base", "registry", "dbapi",
]  # fmt: skip

PACKAGES = frozenset(
    {"sqlalchemy", "sqlmodel", "flask_sqlalchemy", "flask_sqlalchemy_lite", "sqlalchemy_utils"}
)

CALLED: dict[str, Kind] = {
    "create_engine": "engine",
    "create_async_engine": "engine",
    "engine_from_config": "engine",
    "async_engine_from_config": "engine",
    "Engine": "engine",
    "AsyncEngine": "engine",
    "Connection": "connection",
    "AsyncConnection": "connection",
    "Session": "session",
    "AsyncSession": "session",
    "scoped_session": "session",
    "async_scoped_session": "session",
    "create_session": "session",
    "sessionmaker": "session factory",
    "async_sessionmaker": "session factory",
    "Query": "query",
    "BaseQuery": "query",
    "select": "select",
    "insert": "dml",
    "update": "dml",
    "delete": "dml",
    "text": "text",
    "MetaData": "metadata",
    "Table": "table",
    "SQLAlchemy": "flask",
    "declarative_base": "base",
    "automap_base": "base",
    "registry": "registry",
}

METHODS: dict[tuple[Kind, str], Kind] = {
    ("engine", "connect"): "connection",
    ("engine", "begin"): "connection",
    ("engine", "execution_options"): "engine",
    ("engine", "execute"): "result",
    ("engine", "raw_connection"): "dbapi",
    ("connection", "execute"): "result",
    ("connection", "exec_driver_sql"): "result",
    ("connection", "execution_options"): "connection",
    ("session", "execute"): "result",
    ("session", "query"): "query",
    ("session", "connection"): "connection",
    ("session factory", "begin"): "session",
    ("flask", "get_engine"): "engine",
    ("flask", "create_session"): "session factory",
    ("flask", "create_scoped_session"): "session",
    ("registry", "generate_base"): "base",
    ("table", "select"): "select",
    ("table", "insert"): "dml",
    ("table", "update"): "dml",
    ("table", "delete"): "dml",
    ("result", "fetchall"): "rows",
    ("result", "all"): "rows",
    ("result", "fetchmany"): "rows",
    ("result", "fetchone"): "row",
    ("result", "first"): "row",
    ("result", "one"): "row",
}
# Methods of a query or SELECT that give another one.
_OF_BOTH = (
    "where filter filter_by having group_by order_by distinct limit offset join outerjoin options "
    "select_from correlate execution_options with_for_update params prefix_with suffix_with"
)
CHAINED: dict[Kind, frozenset[str]] = {
    "dml": frozenset(
        ["where", "values", "returning", "with_dialect_options", "inline", "from_select"]
    ),
    "query": frozenset(
        f"{_OF_BOTH} from_self with_entities add_columns add_column add_entity populate_existing "
        "yield_per autoflush enable_eagerloads with_session with_labels with_hint slice union "
        "union_all intersect except_ from_statement".split()
    ),
    "select": frozenset(
        f"{_OF_BOTH} with_only_columns fetch add_columns column reduce_columns "
        "correlate_except with_hint".split()
    ),
}
ATTRIBUTES: dict[tuple[Kind, str], Kind] = {
    ("flask", "session"): "session",
    ("flask", "engine"): "engine",
    ("flask", "metadata"): "metadata",
    ("flask", "Query"): "query",
    ("base", "metadata"): "metadata",
    ("registry", "metadata"): "metadata",
}
BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel", "AbstractConcreteBase"})
