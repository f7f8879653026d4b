"""What an expression of ordinary code stands for: told by where it comes from, not by its name.

Imports, annotations, calls of libraries that are known, and the project's own code, which is
followed and never imported. What is not surely known is None: rules are silent about it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guard.reader.modules import Module, Resolver
from guard.source.bindings import Binding, Scope, nodes_of
from guard.source.database_objects import (
    ATTRIBUTES,
    BASES,
    CALLED,
    CHAINED,
    METHODS,
    PACKAGES,
    Kind,
)
from guard.source.meanings import Defined, Instance, Meaning, Method, Named, Object, Unit

MAX_DEPTH = 24  # of names that stand for names, calls of functions that call functions


class Provenance:
    """Answers for one module, whose nodes are `nodes`, each with its scope."""

    def __init__(self, module: Module, resolver: Resolver):
        self._resolver = resolver
        self._units: dict[int, Scope] = {}
        self._active: set[tuple[object, ...]] = set()
        self._results: dict[tuple[int, bool], Meaning | None] = {}
        self._known: dict[tuple[int, int], Meaning | None] = {}
        self.top, self.nodes = nodes_of(module)
        self._units[id(module)] = self.top

    def _unit(self, module: Module | None) -> Unit | None:
        if module is None:
            return None
        if id(module) not in self._units:
            self._units[id(module)] = Scope(module.tree, module)
        return Unit(self._units[id(module)])

    # Expressions

    def meaning(self, node: ast.expr | None, scope: Scope) -> Meaning | None:
        """Return what the expression, which is used in the scope, stands for."""
        if node is None:
            return None
        key = (id(node), id(scope))
        if key in self._known:
            return self._known[key]
        if key in self._active or len(self._active) > MAX_DEPTH:
            return None
        self._active.add(key)
        try:
            found = self._meaning(node, scope)
        finally:
            self._active.discard(key)
        self._known[key] = found
        return found

    def _meaning(self, node: ast.expr, scope: Scope) -> Meaning | None:
        match node:
            case ast.Name(id=name):
                return self.name(name, scope)
            case ast.Attribute(value=value, attr=name):
                return self.attribute(self.meaning(value, scope), name)
            case ast.Call():
                return self._call(node, scope)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.meaning(value, scope)
            case ast.Subscript(value=value, slice=index):
                whole = self.meaning(value, scope)
                number = isinstance(index, ast.Constant | ast.UnaryOp)
                return Object("row") if whole == Object("rows") and number else None
            case ast.IfExp(body=body, orelse=other):
                return _agreed([self.meaning(body, scope), self.meaning(other, scope)])
            case ast.BoolOp(op=ast.Or(), values=values):
                return _agreed([self.meaning(value, scope) for value in values])
        return None

    def name(self, name: str, scope: Scope) -> Meaning | None:
        """Return what a name that is used in the scope stands for."""
        holder = scope.holding(name)
        if holder is None:
            return None
        found = []
        for binding in holder.bindings[name]:
            if isinstance(binding.value, ast.Constant) and binding.value.value is None:
                continue  # `session = None`, to be filled later
            mark = (id(binding), id(holder))
            if mark in self._active:
                continue  # `query = query.filter(...)`: what it was before decides
            self._active.add(mark)
            try:
                found.append(self._bound(name, binding, holder))
            finally:
                self._active.discard(mark)
        return _agreed(found)

    def _bound(self, name: str, binding: Binding, scope: Scope) -> Meaning | None:
        if binding.annotation is not None:
            annotated = self.annotated(binding.annotation, scope)
            if annotated is not None:
                return annotated
        match binding.how:
            case "import":
                return self._imported(name, binding.node, scope)
            case "defined":
                node = binding.node
                assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                return self.defined(node, scope)
            case "value":
                return self.meaning(binding.value, scope)
            case "entered":
                return self._entered(binding.value, scope)
            case "each":
                items = self.meaning(binding.value, scope)
                return Object("row") if items in (Object("rows"), Object("result")) else None
            case "argument":
                return self._given(name, binding, scope)
        return None

    def defined(
        self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope
    ) -> Defined:
        """Return a class or function that stands in the scope, by its node."""
        return Defined(node, scope.opened_by(node))

    def _given(self, name: str, binding: Binding, scope: Scope) -> Meaning | None:
        """An argument: the receiver of a method, or what FastAPI's `Depends(f)` gives."""
        outer = scope.parent
        arguments = getattr(scope.block, "args", None)
        if outer is not None and isinstance(outer.block, ast.ClassDef) and arguments is not None:
            first = [*arguments.posonlyargs, *arguments.args][:1]
            marks = [ast.unparse(mark) for mark in getattr(scope.block, "decorator_list", ())]
            if [a.arg for a in first] == [name] and "staticmethod" not in marks:
                owner = Defined(outer.block, outer)
                return owner if "classmethod" in marks else Instance(owner)
        return self._depended(binding.value, scope.parent or scope)

    def _depended(self, node: ast.expr | None, scope: Scope) -> Meaning | None:
        if isinstance(node, ast.Call) and node.args:
            called = self.meaning(node.func, scope)
            if isinstance(called, Named) and called.last in ("Depends", "Security"):
                return self._result(self.meaning(node.args[0], scope), yields=True)
        return None

    # Imports

    def _imported(self, name: str, node: ast.AST, scope: Scope) -> Meaning | None:
        module = scope.module
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    dotted = alias.name if alias.asname else name
                    return self._module(dotted) or Named(dotted)
        if isinstance(node, ast.ImportFrom):
            wanted = next(a.name for a in node.names if (a.asname or a.name) == name)
            return self._from(module, node.level, node.module or "", wanted)
        return None

    def _module(self, dotted: str) -> Unit | None:
        if dotted.partition(".")[0] in PACKAGES:
            return None
        return self._unit(self._resolver.find(dotted))

    def _from(self, module: Module, level: int, dotted: str, name: str) -> Meaning | None:
        if level:
            unit = self._unit(self._resolver.find_relative(module, level, dotted or None))
            inside = f"{dotted}.{name}" if dotted else name
            below = self._resolver.find_relative(module, level, inside)
        else:
            unit = self._module(dotted)
            below = None
            if unit is None and self._module(dotted.partition(".")[0]) is None:
                return Named(f"{dotted}.{name}")
            if unit is None or name not in unit.scope.bindings:
                below = self._resolver.find(f"{dotted}.{name}")
        found = self.attribute(unit, name) if unit else None
        return found or self._unit(below)

    def imported_unit(self, module: Module, node: ast.ImportFrom) -> Unit | None:
        """Return the module of the project that `from x import y` of `module` names."""
        if node.level:
            return self._unit(self._resolver.find_relative(module, node.level, node.module))
        return self._module(node.module or "")

    # Attributes and calls

    def attribute(self, value: Meaning | None, name: str) -> Meaning | None:
        """Return what `value.name` stands for."""
        match value:
            case Named(dotted):
                return self._module(f"{dotted}.{name}") or Named(f"{dotted}.{name}")
            case Unit(scope):
                return self._of_unit(scope, name)
            case Object(kind="flask") if name == "Model":
                return Object("base")
            case Object(kind=kind):
                if (kind, name) in ATTRIBUTES:
                    return Object(ATTRIBUTES[kind, name])
                return (
                    Named(f"sqlalchemy.{name}")
                    if kind == "flask" and _is_exported(name)
                    else (Method(value, name))
                )
            case Defined() if isinstance(value.node, ast.ClassDef):
                return self._of_class(value, name)
            case Instance(of):
                return self._of_class(of, name, own=True)
        return None

    def _of_unit(self, scope: Scope, name: str) -> Meaning | None:
        if name in scope.bindings:
            return self.name(name, scope)
        for binding in scope.bindings.get("*", ()):
            node = binding.node
            if isinstance(node, ast.ImportFrom):
                found = self._from(scope.module, node.level, node.module or "", name)
                if found is not None and not isinstance(found, Named):
                    return found
        file = scope.module.file
        if file is not None and file.name == "__init__.py":
            return self._unit(self._resolver.find_relative(scope.module, 1, name))
        return None

    def _of_class(self, of: Defined, name: str, *, own: bool = False) -> Meaning | None:
        for each in self.lineage(of):
            if not isinstance(each, Defined):
                continue
            if name in each.scope.bindings:
                found = self.name(name, each.scope)
                return self._result(found) if _is_property(found) else found
            if own:
                given = [
                    self.meaning(value, scope)
                    for value, scope in each.scope.assigned.get(name, ())
                    if not (isinstance(value, ast.Constant) and value.value is None)
                ]
                if given:
                    return _agreed(given)
        if name == "metadata" and self.is_mapped(of):
            return Object("metadata")
        if name == "__table__" and self.is_mapped(of):
            return Object("table")
        if name == "query" and any(base == Object("base") for base in self.lineage(of)):
            own_query = self._of_class(of, "query_class")
            return self._result(own_query) if own_query else Object("query")
        inherited = self.kind_of(of)
        return self.attribute(Object(inherited), name) if inherited else None

    def _call(self, node: ast.Call, scope: Scope) -> Meaning | None:
        called = self.meaning(node.func, scope)
        if isinstance(called, Named) and called.last in ("closing", "cast", "contextmanager"):
            return self.meaning(node.args[-1], scope) if node.args else None
        if called == Named("super"):
            return None
        return self._result(called)

    def _result(self, called: Meaning | None, *, yields: bool = False) -> Meaning | None:
        """Return what calling it gives; with `yields` what a generator yields."""
        match called:
            case Named() if called.package in PACKAGES and called.last in CALLED:
                return Object(CALLED[called.last])
            case Object(kind="session factory" | "session"):
                return Object("session")
            case Method(receiver=Object(kind=kind), name=name):
                if name in CHAINED.get(kind, ()):
                    return Object(kind)
                return Object(METHODS[kind, name]) if (kind, name) in METHODS else None
            case Defined(node=ast.ClassDef()):
                return Instance(called)
            case Defined():
                return self._returned(called, yields=yields)
        return None

    def _returned(self, function: Defined, *, yields: bool) -> Meaning | None:
        key = (id(function.node), yields)
        if key not in self._results:
            self._results[key] = None  # for one that calls itself
            self._results[key] = self._said_or_given(function, yields=yields)
        return self._results[key]

    def _said_or_given(self, function: Defined, *, yields: bool) -> Meaning | None:
        node, scope = function.node, function.scope
        assert not isinstance(node, ast.ClassDef)
        if node.returns is not None:
            said = self.annotated(node.returns, scope.parent or scope, yields=yields)
            if said is not None:
                return said
        kinds = (ast.Yield,) if yields and _yields(node) else (ast.Return,)
        given = [inner.value for inner in ast.walk(node) if isinstance(inner, kinds)]
        return _agreed([self.meaning(value, scope) for value in given if value is not None])

    def _entered(self, node: ast.expr | None, scope: Scope) -> Meaning | None:
        """Return what `with node as x` gives."""
        value = self.meaning(node, scope)
        if value is not None:
            return value
        if isinstance(node, ast.Call):
            called = self.meaning(node.func, scope)
            if isinstance(called, Defined) and not isinstance(called.node, ast.ClassDef):
                return self._returned(called, yields=True)
        return None

    # Annotations and classes

    def annotated(self, node: ast.expr, scope: Scope, *, yields: bool = False) -> Meaning | None:
        """Return what a value with that annotation is."""
        match node:
            case ast.Constant(value=str(text)):
                try:
                    return self.annotated(ast.parse(text, mode="eval").body, scope, yields=yields)
                except (SyntaxError, ValueError, RecursionError):
                    return None
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                found = [self.annotated(side, scope, yields=yields) for side in (left, right)]
                return next((each for each in found if each is not None), None)
            case ast.Subscript(value=value, slice=inside):
                parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
                name = ast.unparse(value).rpartition(".")[2]
                if name in ("Optional", "Annotated") or (yields and name in _GENERATORS):
                    return self.annotated(parts[0], scope, yields=yields)
                return self.annotated(value, scope)
            case ast.Name() | ast.Attribute():
                return self._of_type(node, scope)
        return None

    def _of_type(self, node: ast.Name | ast.Attribute, scope: Scope) -> Meaning | None:
        named = self.meaning(node, scope)
        if isinstance(named, Defined) and not isinstance(named.node, ast.ClassDef):
            return None
        if isinstance(named, Named | Defined):
            return self._result(named) if _is_type(named) else None
        holder = scope.holding(node.id) if isinstance(node, ast.Name) else None
        if holder is None or named is not None or not isinstance(node, ast.Name):
            return None
        values = [binding.value for binding in holder.bindings[node.id]]
        if len(values) == 1 and isinstance(values[0], ast.Subscript | ast.BinOp):
            return self.annotated(values[0], holder)  # SessionDep = Annotated[Session, ...]
        return self._alias(node.id, holder)

    def _alias(self, name: str, holder: Scope) -> Meaning | None:
        """`from .deps import SessionDep`: an annotation that another module gives a name."""
        binding = holder.bindings[name][-1].node
        if not isinstance(binding, ast.ImportFrom):
            return None
        wanted = next(a.name for a in binding.names if (a.asname or a.name) == name)
        unit = self.imported_unit(holder.module, binding)
        values = [b.value for b in unit.scope.bindings.get(wanted, ())] if unit else []
        if unit and len(values) == 1 and isinstance(values[0], ast.Subscript):
            return self.annotated(values[0], unit.scope)
        return None

    def lineage(self, of: Defined) -> Iterator[Meaning]:
        """Yield the class and its bases, nearest first; what is not known is left out."""
        waiting: list[Meaning] = [of]
        seen: set[int] = set()
        while waiting and len(seen) < MAX_DEPTH:
            each = waiting.pop(0)
            yield each
            if isinstance(each, Defined) and isinstance(each.node, ast.ClassDef):
                if id(each.node) in seen:
                    continue
                seen.add(id(each.node))
                outside = each.scope.parent or each.scope
                bases = (self.meaning(_without_index(b), outside) for b in each.node.bases)
                waiting += [base for base in bases if base is not None]

    def kind_of(self, of: Defined) -> Kind | None:
        """Return what the objects of the class are, where it inherits from a class of a library."""
        for each in self.lineage(of):
            if isinstance(each, Named) and each.package in PACKAGES and each.last in CALLED:
                return CALLED[each.last]
        return None

    def is_mapped(self, of: Meaning | None) -> bool:
        """Return whether it is a class that SQLAlchemy maps to a table, or a base of such."""
        if not isinstance(of, Defined) or not isinstance(of.node, ast.ClassDef):
            return False
        for each in self.lineage(of):
            if each == Object("base"):
                return True
            if isinstance(each, Named) and each.package in PACKAGES and each.last in BASES:
                return True
            if isinstance(each, Defined):
                marks = getattr(each.node, "decorator_list", ())
                if any("as_declarative" in ast.unparse(mark) for mark in marks):
                    return True
        return "__tablename__" in of.scope.bindings


_GENERATORS = {
    "Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator", "AsyncIterable",
}  # fmt: skip


def _agreed(found: list[Meaning | None]) -> Meaning | None:
    """Return what all say, None where they differ or one is not known."""
    return found[0] if found and all(each == found[0] for each in found) else None


def _is_property(found: Meaning | None) -> bool:
    if not isinstance(found, Defined) or isinstance(found.node, ast.ClassDef):
        return False
    return any("property" in ast.unparse(mark) for mark in found.node.decorator_list)


def _is_type(named: Named | Defined) -> bool:
    return isinstance(named, Defined) or named.last[:1].isupper() or named.last == "scoped_session"


def _is_exported(name: str) -> bool:
    return name[:1].isupper() or name in {
        "select", "text", "func", "relationship", "relation", "backref", "and_", "or_", "case",
        "joinedload", "subqueryload", "mapper", "desc", "insert", "update", "delete", "not_",
    }  # fmt: skip


def _without_index(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node  # Base[int]


def _yields(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
