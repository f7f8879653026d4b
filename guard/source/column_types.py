"""Which names of an application stand for a type of columns, as SQLAlchemy has it or on top of it.

Nothing is imported: a name is followed to the statement that makes it.
"""

from __future__ import annotations

import ast

from guard.reader.modules import Module, Resolver

HOPS = 5  # from a name to where it is defined
SQLALCHEMY = "sqlalchemy"
NO_TYPES = ("orm", "ext", "engine", "schema", "event", "exc", "pool")
TO_BUILD_ON = {"TypeDecorator", "UserDefinedType"}  # whatever they are taken from
# What else begins with a capital in `sqlalchemy` itself.
OTHERS = {
    "Column", "Computed", "DDL", "Engine", "Connection", "Identity", "Index", "MetaData",
    "Result", "Row", "Sequence", "Table", "Transaction", "URL",
}  # fmt: skip


def defined(module: Module, name: str, resolver: Resolver) -> tuple[Module, ast.stmt] | None:
    """Return the statement that makes a name, in the module or in one that it imports it from.

    Of what SQLAlchemy has it is the import; None for what is not in sight or made in several ways.
    """
    for _ in range(HOPS):
        statements = module.bindings.get(name, [])
        if len(statements) != 1:
            return None
        statement = statements[0]
        if not isinstance(statement, ast.ImportFrom):
            return module, statement
        alias = next(a for a in statement.names if (a.asname or a.name) == name)
        level, dotted = statement.level, statement.module or ""
        if not level and dotted.partition(".")[0] == SQLALCHEMY:
            return module, ast.ImportFrom(dotted, [alias], 0)
        found = resolver.find_relative(module, level, dotted) if level else resolver.find(dotted)
        if found is None:
            return None
        module, name = found, alias.name
    return None


def is_one(module: Module, statement: ast.stmt, resolver: Resolver, hops: int = HOPS) -> bool:
    """Return whether the statement of the module makes a type of columns, or what returns one."""
    match statement:
        case ast.ImportFrom(module=str() as dotted, names=[ast.alias(name=name)]):
            return _is_of_sqlalchemy(dotted, name)
        case ast.ClassDef(bases=bases):
            made = bases
            return any(_is_type(base, module, resolver, hops) for base in made)
        case ast.FunctionDef():
            made = [n.value for n in ast.walk(statement) if isinstance(n, ast.Return) and n.value]
        case ast.Assign(value=ast.Lambda(body=body)):
            made = [body]
        case ast.Assign(value=value):
            made = [value]
        case _:
            return False
    return bool(made) and all(_is_type(_called(one), module, resolver, hops) for one in made)


def _called(value: ast.expr) -> ast.expr:
    """What is called in the end: of `sa.JSON().with_variant(...)` it is `sa.JSON`."""
    while isinstance(value, ast.Call):
        value = value.func
        while isinstance(value, ast.Attribute) and isinstance(value.value, ast.Call):
            value = value.value
    return value


def _is_type(expression: ast.expr, module: Module, resolver: Resolver, hops: int) -> bool:
    """Whether a name leads to a type; `TypeDecorator[UUID]` is the name before the bracket."""
    match expression:
        case ast.Subscript(value=value):
            return _is_type(value, module, resolver, hops)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in TO_BUILD_ON:
            return True
        case ast.Name(id=name) if hops:
            found = defined(module, name, resolver)
            return found is not None and is_one(*found, resolver, hops - 1)
        case ast.Attribute():
            top, _, rest = ast.unparse(expression).partition(".")
            path, _, name = rest.rpartition(".")
            imported = module.bindings.get(top, [])
            dotted = [_imported_as(one, top) for one in imported]
            return (
                len(dotted) == 1
                and bool(dotted[0])
                and _is_of_sqlalchemy(".".join(filter(None, (dotted[0], path))), name)
            )
    return False


def _imported_as(statement: ast.stmt, bound: str) -> str:
    """The module that a name stands for: `sqlalchemy` of `import sqlalchemy as sa`."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) == bound:
                return alias.name if alias.asname else bound
    if isinstance(statement, ast.ImportFrom) and not statement.level:
        return next(
            (
                f"{statement.module}.{a.name}"
                for a in statement.names
                if (a.asname or a.name) == bound
            ),
            "",
        )
    return ""


def _is_of_sqlalchemy(dotted: str, name: str) -> bool:
    package, _, rest = dotted.partition(".")
    is_type = name[:1].isupper() and name not in OTHERS and "Constraint" not in name
    return package == SQLALCHEMY and is_type and rest.partition(".")[0] not in NO_TYPES
