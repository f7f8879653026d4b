"""The objects of database libraries that are not asynchronous, and which of their methods wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Library = Literal["session", "sqlite3", "other"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A class of a library, as `name` in messages.

    `waits` are the methods that wait for the database, `waits_entered` those whose result does so
    at the end of a `with`. `gives` is the kind of what methods return, and calling the object (""),
    `holds` that of attributes.
    """

    name: str
    waits: frozenset[str] = frozenset()
    waits_entered: frozenset[str] = frozenset()
    gives: Mapping[str, str] = {}
    holds: Mapping[str, str] = {}
    library: Library = "other"
    is_async: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SESSION = _words(
    "execute scalar scalars exec get get_one commit flush rollback refresh merge connection "
    "bulk_save_objects bulk_insert_mappings bulk_update_mappings"
)
_IN_SESSION = {"query": "Query", "connection": "Connection"}
_QUERY = _words(
    "all first one one_or_none scalar get count delete update paginate first_or_404 get_or_404 "
    "one_or_404"
)
_QUERY_AGAIN = _words(
    "filter filter_by where order_by group_by having join outerjoin options limit offset distinct "
    "select_from with_entities with_for_update yield_per execution_options correlate params "
    "populate_existing enable_eagerloads slice union union_all intersect except_ from_self "
    "add_columns add_column add_entity with_hint prefix_with suffix_with autoflush reset_joinpoint "
    "with_session from_statement tuples"
)
_INSPECTOR = _words(
    "get_table_names get_columns get_indexes get_pk_constraint get_foreign_keys get_schema_names "
    "get_unique_constraints get_check_constraints get_view_names get_view_definition has_table "
    "has_schema has_index has_sequence get_sequence_names get_table_options get_table_comment "
    "get_multi_columns get_temp_table_names reflect_table"
)
_ENGINE = _words("connect begin execute scalar raw_connection has_table table_names run_callable")
_CONNECTION = _words("execute scalar scalars exec_driver_sql commit rollback")
_CURSOR = _words("execute executemany executescript callproc copy copy_expert copy_from copy_to")
_DBAPI = _words("execute executemany executescript commit rollback sql backup query_df")
_FLASK = _words("create_all drop_all reflect get_or_404 first_or_404 one_or_404 paginate")

KINDS: dict[str, Kind] = {
    "Engine": Kind(
        name="Engine",
        waits=_ENGINE,
        gives={
            "connect": "Connection",
            "begin": "Connection",
            "execution_options": "Engine",
            "raw_connection": "DBAPI connection",
        },
    ),
    "Connection": Kind(
        name="Connection",
        waits=_CONNECTION,
        waits_entered=_words("begin begin_nested"),
        gives={"execution_options": "Connection"},
    ),
    "Session": Kind(
        name="Session",
        waits=_SESSION,
        waits_entered=_words("begin begin_nested"),
        gives=_IN_SESSION,
        library="session",
    ),
    "sessionmaker": Kind(
        name="sessionmaker",
        waits_entered=_words("begin"),
        gives={"": "Session", "begin": "Session"},
        library="session",
    ),
    "scoped_session": Kind(
        name="scoped_session",
        waits=_SESSION,
        waits_entered=_words("begin begin_nested"),
        gives={"": "Session", **_IN_SESSION},
        library="session",
    ),
    "AsyncSession": Kind(name="AsyncSession", is_async=True),
    "async_sessionmaker": Kind(
        name="async_sessionmaker",
        gives={"": "AsyncSession", "begin": "AsyncSession"},
        is_async=True,
    ),
    "Query": Kind(
        name="Query",
        waits=_QUERY,
        gives=dict.fromkeys(_QUERY_AGAIN, "Query"),
        library="session",
    ),
    "MetaData": Kind(name="MetaData", waits=_words("create_all drop_all reflect")),
    "Base": Kind(name="Base", holds={"metadata": "MetaData"}),
    "Inspector": Kind(name="Inspector", waits=_INSPECTOR),
    "SQLAlchemy": Kind(
        name="SQLAlchemy",
        waits=_FLASK,
        holds={
            "session": "scoped_session",
            "engine": "Engine",
            "Model": "Flask model",
            "metadata": "MetaData",
        },
        library="session",
    ),
    "Flask model": Kind(
        name="Model", holds={"query": "Query", "metadata": "MetaData"}, library="session"
    ),
    "sqlite3 connection": Kind(
        name="sqlite3.Connection",
        waits=_DBAPI,
        gives=dict.fromkeys(
            ("cursor", "execute", "executemany", "executescript"), "sqlite3 cursor"
        ),
        library="sqlite3",
    ),
    "sqlite3 cursor": Kind(name="sqlite3.Cursor", waits=_CURSOR, library="sqlite3"),
    "DBAPI connection": Kind(
        name="connection", waits=_DBAPI, gives={"cursor": "DBAPI cursor", "execute": "DBAPI cursor"}
    ),
    "DBAPI cursor": Kind(name="cursor", waits=_CURSOR),
    "DBAPI pool": Kind(
        name="pool",
        waits=_words("getconn get_connection connection acquire"),
        gives=dict.fromkeys(
            ("getconn", "get_connection", "connection", "acquire"), "DBAPI connection"
        ),
    ),
}
# What is iterated sends its query then.
ITERATED = {"Query": "Query.__iter__"}

_SQLALCHEMY = {
    "create_engine": "Engine",
    "engine_from_config": "Engine",
    "Engine": "Engine",
    "Connection": "Connection",
    "Session": "Session",
    "sessionmaker": "sessionmaker",
    "scoped_session": "scoped_session",
    "Query": "Query",
    "MetaData": "MetaData",
    "Inspector": "Inspector",
    "declarative_base": "Base",
    "DeclarativeBase": "Base",
    "DeclarativeBaseNoMeta": "Base",
    "SQLModel": "Base",
}
# What calling a name of a library gives, and what an annotation with it says: by package and name.
MAKES: dict[tuple[str, str], str] = {
    **{("sqlalchemy", name): kind for name, kind in _SQLALCHEMY.items()},
    **{("sqlmodel", name): kind for name, kind in _SQLALCHEMY.items()},
    ("sqlalchemy async", "AsyncSession"): "AsyncSession",
    ("sqlmodel async", "AsyncSession"): "AsyncSession",
    ("sqlalchemy async", "async_sessionmaker"): "async_sessionmaker",
    ("flask_sqlalchemy", "SQLAlchemy"): "SQLAlchemy",
    ("sqlite3", "connect"): "sqlite3 connection",
    ("sqlite3", "Connection"): "sqlite3 connection",
    ("sqlite3", "Cursor"): "sqlite3 cursor",
    ("psycopg2", "connection"): "DBAPI connection",
    ("psycopg2", "cursor"): "DBAPI cursor",
    ("psycopg2", "SimpleConnectionPool"): "DBAPI pool",
    ("psycopg2", "ThreadedConnectionPool"): "DBAPI pool",
    ("psycopg", "Cursor"): "DBAPI cursor",
    ("psycopg_pool", "ConnectionPool"): "DBAPI pool",
    ("mysql", "MySQLConnectionPool"): "DBAPI pool",
    ("pymysql", "Cursor"): "DBAPI cursor",
    ("pymysql", "DictCursor"): "DBAPI cursor",
}
_DBAPIS = _words(
    "psycopg2 psycopg pymysql MySQLdb mysql mariadb oracledb cx_Oracle pyodbc pymssql duckdb "
    "pg8000 apsw"
)
MAKES |= {
    (package, name): "DBAPI connection"
    for package in _DBAPIS
    for name in ("connect", "Connection", "Connect")
}

# Functions of libraries that wait themselves.
WAITS = frozenset(
    {
        ("sqlite3", "connect"),
        ("apsw", "Connection"),
        *((package, "connect") for package in _DBAPIS),
        *(("pandas", name) for name in ("read_sql", "read_sql_query", "read_sql_table")),
        *(("polars", name) for name in ("read_database", "read_database_uri")),
        *(("alembic", name) for name in ("upgrade", "downgrade", "stamp", "current", "check")),
        *(
            ("sqlalchemy_utils", name)
            for name in ("database_exists", "create_database", "drop_database")
        ),
    }
)
# Names of libraries that are objects.
OBJECTS: dict[tuple[str, str], str] = {("fastapi_sqlalchemy", "db"): "SQLAlchemy"}
PACKAGES = frozenset(package for package, _ in (*MAKES, *WAITS, *OBJECTS))

# What hands a function to a thread, or runs it where waiting is fine.
HANDS_OVER = _words(
    "to_thread run_in_executor run_sync run_in_threadpool sync_to_async asyncify greenlet_spawn "
    "Thread submit in_thread run_in_thread"
)


def key_of(dotted: str) -> tuple[str, str] | None:
    """Return package and name of what a dotted name stands for.

    What is asynchronous counts as another package; None where nothing is known of that.
    """
    parts = dotted.split(".")
    if not any(part.lower().startswith(("async", "aio")) for part in parts):
        return parts[0], parts[-1]
    return (f"{parts[0]} async", parts[-1]) if parts[0] in ("sqlalchemy", "sqlmodel") else None
