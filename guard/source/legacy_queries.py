"""Calls, attributes and subscripts of SQLAlchemy's objects that 2.0 deprecated or removed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from guard.source.bindings import Scope
from guard.source.meanings import Defined, Meaning, Method, Named, Object
from guard.source.provenance import Provenance

Place = tuple[ast.AST, bool]  # the start of a node, or (True) its end
Edits = tuple[Place, Place, str]
GONE_IN_2 = (2, 0)


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One legacy use; `edits` are texts to put between two places."""

    node: ast.AST
    what: str
    instead: str
    deprecated: tuple[int, int] = (1, 4)
    removed: tuple[int, int] | None = GONE_IN_2
    ignored: bool = False  # the version that removed it does nothing, and says nothing
    edits: tuple[Edits, ...] = ()


# What moved from sqlalchemy.ext.declarative to sqlalchemy.orm in 1.4; the rest stays there.
MOVED = {
    "declarative_base", "as_declarative", "declared_attr", "has_inherited_table", "synonym_for",
}  # fmt: skip
# Names that are gone, with what to import or write instead.
GONE = {
    "sqlalchemy.orm.mapper": "registry().map_imperatively(Model, table)",
    "sqlalchemy.orm.relation": "relationship()",
    "sqlalchemy.orm.eagerload": "joinedload()",
    "sqlalchemy.orm.comparable_property": "hybrid_property with a comparator",
    "sqlalchemy.orm.compile_mappers": "configure_mappers()",
    "sqlalchemy.databases": "sqlalchemy.dialects",
}
# Methods by the kind of their object: what to write instead.
METHODS = {
    ("engine", "execute"): "with engine.connect() as connection: connection.execute(...)",
    ("engine", "scalar"): "with engine.connect() as connection: connection.scalar(...)",
    ("engine", "table_names"): "inspect(engine).get_table_names()",
    ("engine", "has_table"): "inspect(engine).has_table(...)",
    ("engine", "run_callable"): "with engine.connect() as connection: ...",
    ("engine", "contextual_connect"): "engine.connect()",
    ("engine", "transaction"): "with engine.begin() as connection: ...",
    ("query", "from_self"): "a subquery: sub = query.subquery(), then select from it",
    ("query", "select_entity_from"): "select_from() with aliased()",
    ("session", "close_all"): "close_all_sessions() of sqlalchemy.orm",
    ("table", "count"): "select(func.count()).select_from(table)",
    ("table", "exists"): "inspect(engine).has_table(...)",
}
# Keyword arguments that are no more: (what is called, keyword) and what to do.
KEYWORDS = {
    ("MetaData", "bind"): "Leave bind out, and give the engine to what connects: "
    "metadata.create_all(engine)",
    ("declarative_base", "bind"): "Leave bind out, and give the engine to what connects",
    ("Table", "autoload"): "Leave autoload out: autoload_with=engine says it",
    ("create_engine", "strategy"): 'Leave strategy out; for "mock" call create_mock_engine()',
    ("create_engine", "convert_unicode"): "Leave convert_unicode out: text is Unicode",
    ("String", "convert_unicode"): "Leave convert_unicode out: text is Unicode",
    ("text", "bind"): "Leave bind out, and execute it on a connection",
    ("select", "whereclause"): "Write select(...).where(...)",
    ("select", "from_obj"): "Write select(...).select_from(...)",
}
SESSIONS = {"Session", "sessionmaker", "create_session", "scoped_session", "SQLAlchemy"}
LOADERS = {
    "joinedload", "subqueryload", "selectinload", "lazyload", "contains_eager", "immediateload",
    "noload", "raiseload", "defer", "undefer", "load_only", "joinedload_all", "subqueryload_all",
}  # fmt: skip


def of_name(node: ast.Attribute, scope: Scope, where: Provenance) -> Iterator[Use]:
    """Yield what is legacy about an attribute that is read."""
    if node.attr in ("c", "columns") and isinstance(node.ctx, ast.Load):
        if where.meaning(node.value, scope) == Object("select"):
            yield Use(
                node=node,
                what=f"`.{node.attr}` of a SELECT",
                instead="Write .subquery().c to select from it, or .selected_columns",
                removed=(2, 1),
            )
        return
    if node.attr != "bind" or not isinstance(node.ctx, ast.Store):
        return
    if where.meaning(node.value, scope) == Object("metadata"):
        yield Use(
            node=node,
            what="`MetaData.bind`",
            ignored=True,
            instead="Give the engine to what connects: metadata.create_all(engine)",
        )


def of_subscript(node: ast.Subscript, scope: Scope, where: Provenance) -> Iterator[Use]:
    """Yield `row["name"]`: rows are named tuples."""
    index = node.slice
    if not isinstance(index, ast.Constant) or not isinstance(index.value, str):
        return
    if isinstance(node.ctx, ast.Load) and where.meaning(node.value, scope) == Object("row"):
        text, name = ast.unparse(node.value), index.value
        instead = f"{text}.{name}" if name.isidentifier() else f"{text}._mapping[{name!r}]"
        yield Use(
            node=node,
            what=f"`{ast.unparse(node)}` of a row",
            instead=f"Write {instead}",
            edits=(((node, False), (node, True), instead),) if name.isidentifier() else (),
        )


def of_call(node: ast.Call, scope: Scope, where: Provenance) -> Iterator[Use]:
    """Yield what is legacy about a call."""
    called = where.meaning(node.func, scope)
    match called:
        case Method(receiver=Object(kind=kind), name=name):
            yield from _of_method(node, kind, name, scope, where)
        case Named() if called.package in ("sqlalchemy", "sqlmodel"):
            if isinstance(node.func, ast.Attribute):
                yield from _of_old_name(node, called)
            yield from _of_function(node, called.last, scope, where)
        case Named() if called.last == "SQLAlchemy":
            yield from _of_session(node, called.last)
        case Object(kind="session factory"):
            yield from _of_session(node, "Session")
    if isinstance(node.func, ast.Attribute) and called is None:
        yield from _of_unknown(node, node.func, scope, where)


# Methods


def _of_method(
    node: ast.Call, kind: str, name: str, scope: Scope, where: Provenance
) -> Iterator[Use]:
    if (kind, name) in METHODS:
        yield Use(
            node=node,
            what=f"`{kind.capitalize()}.{name}()`",
            instead=f"Write {METHODS[kind, name]}",
            removed=(2, 1) if name == "close_all" else GONE_IN_2,
        )
        return
    match kind:
        case "select" | "dml" if name in ("execute", "scalar"):
            yield Use(
                node=node,
                what=f"`{name}()` of a statement",
                instead=f"Write connection.{name}(statement)",
            )
        case "query" | "select":
            yield from _of_query(node, kind, name, where)
        case "session" | "connection" | "engine":
            yield from _of_connection(node, kind, name, scope)
        case "table" if name in ("select", "update", "delete", "insert") and node.args:
            clause = "values" if name == "insert" else "where"
            yield Use(
                node=node,
                what=f"`Table.{name}()` with an argument",
                instead=f"Write {name}().{clause}(...)",
            )
        case "row" if name in ("keys", "items", "values", "has_key") and not node.args:
            yield Use(node=node, what=f"`Row.{name}()`", instead=f"Write row._mapping.{name}()")
        case "metadata" if name in ("create_all", "drop_all") and not (node.args or node.keywords):
            yield Use(
                node=node,
                what=f"`MetaData.{name}()` without an engine",
                instead=f"Write metadata.{name}(engine)",
            )


def _of_query(node: ast.Call, kind: str, name: str, where: Provenance) -> Iterator[Use]:
    # None: it is called by another name.
    written = node.func if isinstance(node.func, ast.Attribute) else None
    match name:
        case "get" if kind == "query" and len(node.args) + len(node.keywords) == 1:
            if written is not None:
                yield _query_get(node, written.value, where)
        case "as_scalar":
            yield Use(
                node=node,
                what="`as_scalar()`",
                instead="Write scalar_subquery()",
                removed=None,
                edits=(((written.value, True), (written, True), ".scalar_subquery"),)
                if written
                else (),
            )
        case "filter" | "where" | "having" | "order_by" | "join":
            yield from _text_in_query(node, name)
        case "with_only_columns":
            yield from _listed(node, "with_only_columns")


def _of_connection(node: ast.Call, kind: str, name: str, scope: Scope) -> Iterator[Use]:
    match name:
        case "execute" | "scalar" | "scalars" | "stream" if kind != "engine":
            yield from _text_executed(node, kind, name, scope)
        case "begin" if kind == "session":
            yield from _keyword(
                node,
                "subtransactions",
                "`Session.begin(subtransactions=True)`",
                "Leave it out: let the outermost caller begin and commit",
            )
        case "execution_options":
            yield from _keyword(
                node,
                "autocommit",
                "`execution_options(autocommit=True)`",
                'Write execution_options(isolation_level="AUTOCOMMIT"), or commit',
                ignored=True,
            )


def _query_get(node: ast.Call, query: ast.expr, where: Provenance) -> Use:
    """`session.query(Model).get(id)` is `session.get(Model, id)`."""
    given = ast.unparse([*node.args, *(k.value for k in node.keywords)][0])
    start = _start(query)
    model, session = "Model", "db.session" if "db" in where.top.bindings else "session"
    match start:
        case ast.Call(func=ast.Attribute(value=value), args=[asked]):
            model, session = ast.unparse(asked), ast.unparse(value)
        case ast.Attribute(value=value):
            model = ast.unparse(value)
    instead = f"{session}.get({model}, {given})"
    edits: tuple[Edits, ...] = ()
    if start is query and isinstance(query, ast.Call):
        edits = (((node, False), (node, True), instead),)
    more = "" if start is query else ", with what the query says as its arguments"
    return Use(
        node=node, what="`Query.get()`", instead=f"Write {instead}{more}", removed=None, edits=edits
    )


def _start(query: ast.expr) -> ast.expr:
    """Return the `session.query(Model)` or `Model.query` that a query begins with."""
    while isinstance(query, ast.Call) and isinstance(query.func, ast.Attribute):
        if query.func.attr == "query":
            break
        query = query.func.value
    return query


def _text_executed(node: ast.Call, kind: str, name: str, scope: Scope) -> Iterator[Use]:
    first = node.args[0] if node.args else None
    holder = scope.holding(first.id) if isinstance(first, ast.Name) else None
    if isinstance(first, ast.Name) and holder is not None:
        values = [binding.value for binding in holder.bindings[first.id]]
    else:
        values = [first]
    if all(map(_is_text, values)):
        yield Use(
            node=node,
            what=f"`{kind.capitalize()}.{name}()` of a string",
            instead=f"Write {name}(text(...)), with from sqlalchemy import text",
        )


def _is_text(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and _is_text(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("format", "strip") and _is_text(node.func.value)
    return isinstance(node, ast.JoinedStr)


def _text_in_query(node: ast.Call, name: str) -> Iterator[Use]:
    for given in node.args:
        if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
            continue
        if name == "order_by" and given.value.replace("_", "").isalnum():
            continue  # the name of a label or column
        instead = (
            "the relationship: .join(Model.attribute)"
            if name == "join"
            else (f"text({given.value!r})")
        )
        yield Use(
            node=given,
            what=f"A string in `{name}()`",
            instead=f"Write {instead}",
            deprecated=(1, 4) if name == "join" else (1, 0),
            removed=GONE_IN_2 if name == "join" else (1, 4),
        )


# Functions and classes


def _of_old_name(node: ast.Call, called: Named) -> Iterator[Use]:
    """`orm.relation(...)`, `declarative.declarative_base()`: no import by name tells of it."""
    instead = GONE.get(called.name) or GONE.get(f"sqlalchemy.orm.{called.last}")
    if instead:
        yield Use(node=node, what=f"`{called.last}()`", instead=f"Write {instead}")
    elif called.name == f"sqlalchemy.ext.declarative.{called.last}" and called.last in MOVED:
        yield Use(
            node=node,
            what=f"`{called.name}`",
            instead=f"Write sqlalchemy.orm.{called.last}",
            removed=None,
        )


def _of_function(node: ast.Call, name: str, scope: Scope, where: Provenance) -> Iterator[Use]:
    for keyword in node.keywords:
        instead = KEYWORDS.get((name, keyword.arg or ""))
        if instead and not _is_none(keyword.value):
            removed = (1, 4) if keyword.arg == "strategy" else GONE_IN_2
            deprecated = (1, 3) if keyword.arg == "strategy" else (1, 4)
            yield Use(
                node=keyword,
                what=f"`{name}({keyword.arg}=...)`",
                instead=instead,
                deprecated=deprecated,
                removed=removed,
            )
    if name in SESSIONS:
        yield from _of_session(node, name)
    elif name in ("select", "case"):
        yield from _listed(node, name)
    elif name in ("and_", "or_") and not node.args and not node.keywords:
        start = "True" if name == "and_" else "False"
        yield Use(
            node=node,
            what=f"`{name}()` without a condition",
            instead=f"Write {name}({start}, *conditions), or {start.lower()}()",
            removed=None,
        )
    elif name in LOADERS:
        yield from _loader(node, name)
    elif name == "MetaData" and node.args:
        if where.meaning(node.args[0], scope) == Object("engine"):
            yield Use(node=node, what="`MetaData(engine)`", instead=KEYWORDS["MetaData", "bind"])
    elif name == "from_engine":
        yield Use(
            node=node,
            what="`Inspector.from_engine()`",
            removed=None,
            instead="Write inspect(engine), with from sqlalchemy import inspect",
        )


def _of_session(node: ast.Call, name: str) -> Iterator[Use]:
    yield from _keyword(
        node, "autocommit", f"`{name}(autocommit=True)`",
        "Leave it out, and commit: with session.begin(): ...",
    )  # fmt: skip
    for keyword in node.keywords:
        if keyword.arg == "session_options" and isinstance(keyword.value, ast.Dict):
            pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
            for key, value in pairs:
                if isinstance(key, ast.Constant) and key.value == "autocommit" and _is_true(value):
                    yield Use(
                        node=value,
                        what="A session with autocommit",
                        instead="Leave it out, and commit",
                    )


def _keyword(
    node: ast.Call, name: str, what: str, instead: str, *, ignored: bool = False
) -> Iterator[Use]:
    for keyword in node.keywords:
        if keyword.arg == name and _is_true(keyword.value):
            yield Use(node=keyword, what=what, instead=instead, ignored=ignored)


def _listed(node: ast.Call, name: str) -> Iterator[Use]:
    """`select([a, b])`, `case([(x, y)])`: the list is no more."""
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.List):
        return
    alone = len(node.args) == 1
    edits: tuple[Edits, ...] = ()
    if alone and first.elts:
        edits = (
            ((first, False), (first.elts[0], False), ""),
            ((first.elts[-1], True), (first, True), ""),
        )
    inside = ", ".join(ast.unparse(item) for item in first.elts)
    shown = f"{name}({inside})" if len(inside) < 60 else f"{name}(...) without the brackets"
    where = "" if alone or name != "select" else ", and the condition in .where(...)"
    yield Use(node=node, what=f"`{name}([...])`", instead=f"Write {shown}{where}", edits=edits)


def _loader(node: ast.Call, name: str) -> Iterator[Use]:
    for given in node.args:
        if _is_text(given) and isinstance(given, ast.Constant) and given.value != "*":
            yield Use(
                node=given,
                what=f"`{name}()` of a string",
                instead=f"Write {name}(Model.{str(given.value).partition('.')[0]})",
            )


# What is not known, but for what it is given


def _of_unknown(
    node: ast.Call, function: ast.Attribute, scope: Scope, where: Provenance
) -> Iterator[Use]:
    """`x.query(Model).get(id)`: nothing but a session has a query of a mapped class."""
    if function.attr != "get" or len(node.args) + len(node.keywords) != 1:
        return
    match _start(function.value):
        case ast.Call(func=ast.Attribute(attr="query"), args=[model]) if _maps(
            where.meaning(model, scope), where
        ):
            yield _query_get(node, function.value, where)


def _maps(meaning: Meaning | None, where: Provenance) -> bool:
    return isinstance(meaning, Defined) and where.is_mapped(meaning)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, False)
