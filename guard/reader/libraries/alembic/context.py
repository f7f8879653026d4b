"""Alembic's context: `op.get_context()` and `alembic.context`."""

from __future__ import annotations

from contextlib import AbstractContextManager

from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import FALSE, Construct, Unknown, Value
from guard.reader.libraries.alembic.live import Autocommit, MigrationContext
from guard.reader.libraries.sqlalchemy import connections
from guard.reader.libraries.sqlalchemy.live import Connection


def context_method(run: Run, context: MigrationContext, name: str, call: Call) -> Value:
    """Record the operation of `context.name(...)`; return the value that it gives."""
    match name:
        case "get_context":
            return context
        case "autocommit_block":
            return Autocommit()
        case "begin_transaction":
            return Construct(name, call.args, call.kwargs, call.node, receiver=context)
    if name[0] == "_" or name in _ACTS or name in run.library.acts - {"execute"}:
        run.opaque(f"what {name} of Alembic's context does is not read", call.node, call.frame)
        return Unknown(call.node)
    return connections.connection_method(run, context, name, call)


_ACTS = {"add_constraint", "bulk_insert", "run_migrations", "stamp", "static_output"}


def context_attribute(run: Run, context: MigrationContext, name: str) -> Value | None:
    """Return an attribute of the context or of its `impl`."""
    match name:
        case "engine" | "bind" | "connection" | "sync_engine":
            return Connection()
        case "__dialect__":  # op.get_context().impl.__dialect__
            return connections.dialect_name(run)
        case "impl":
            return context
        case "as_sql":
            return FALSE
        case _ if name.startswith("version_table"):
            return Unknown(f"context.{name}", "constant")  # the project's own configuration
    return connections.of_dialect(run, context, name)


def enter_autocommit(run: Run, block: Autocommit) -> AbstractContextManager[None]:
    """`with context.autocommit_block():`"""
    return run.within_autocommit()


def is_offline(run: Run, call: Call) -> Value:
    """`context.is_offline_mode()`: revisions are judged as they run against a server."""
    return FALSE
