"""Code that changes what Alembic itself does: plugins of its own, and what a plugin never does."""

from __future__ import annotations

import ast

from guard.alembic_parameters import PARAMETERS
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Class, Construct, DottedName, Function, Value
from guard.reader.libraries.alembic.directive import SET_UP

_WHOSE_METHODS_ACT = ("Operations", "BatchOperations", "AbstractOperations", "MigrationContext")
_TAKEN = {*PARAMETERS, *SET_UP, "execute", "get_bind", "get_context", "invoke", "run_async"}


def register_operation(run: Run, call: Call) -> Value:
    """`@Operations.register_operation("name")`: a name that Alembic has means another thing then.

    Another name is an operation that is not known wherever it is called.
    """
    name = call.get(0, "name")
    if not isinstance(name, Text) or not name.known or name.plain in _TAKEN:
        said = name.plain if isinstance(name, Text) else "an operation"
        run.opaque(f"it changes what op.{said} does", call.node, call.frame)
    return Construct("register_operation", call.args, call.kwargs, call.node)


def implementation_for(run: Run, call: Call) -> Value:
    """`@Operations.implementation_for(X)`: so is the operation made, wherever it stands."""
    given = call.get(0, "op_cls")
    if not isinstance(given, Class):
        said = given.path if isinstance(given, DottedName) else "an operation"
        run.opaque(f"it changes what {said} does", call.node, call.frame)
    return Construct("implementation_for", call.args, call.kwargs, call.node)


def note_class(run: Run, cls: Class, frame: Frame) -> None:
    """Record that a class has methods of its own where Alembic's act on the database."""
    bases = [base.path for base in cls.bases if isinstance(base, DottedName)]
    acting = [
        path
        for path in bases
        if path.startswith("alembic.") and path.endswith((*_WHOSE_METHODS_ACT, "Impl"))
    ]
    if acting and any(isinstance(value, Function) for value in cls.attributes.values()):
        node = cls.node or ast.Pass(lineno=1, col_offset=0)
        run.opaque(f"it changes what {acting[0]} does", node, frame)
