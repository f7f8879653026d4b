"""Values that the configuration keeps in one module, written or read somewhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from guard.facts import PolicyCopy
from guard.patterns import lazy_re
from guard.python_source import PythonSource, SourceError
from guard.reader.modules import Module, Resolver
from guard.reader.sql_text import begins_like_sql
from guard.source.bindings import Scope
from guard.source.database_literals import is_test
from guard.source.meanings import Unit
from guard.source.policy_values import PolicyValue, read_value
from guard.source.provenance import Provenance

_ONLY_SAYS = {
    "debug", "info", "warning", "error", "exception", "critical", "log", "print", "echo", "warn",
    "secho", "Revision", "deprecated",
}  # fmt: skip
_ENVIRONMENT = lazy_re(r"\benviron\b|\bgetenv\b|\benv\(|\bconfig\(")
_GENERIC = {"max", "min", "default", "data", "value", "the", "count", "size", "of"}


class Policy(msgspec.Struct, frozen=True):
    """A constant, the file that it lives in, and its value there."""

    name: str
    path: str
    value: PolicyValue

    @property
    def module(self) -> str:
        """The module as it would be imported from the root of the repository."""
        return _dotted(self.path)

    def imported_by(self, resolver: Resolver) -> str:
        """Return the module as code of the project imports it.

        Its package begins below the folder that holds no `__init__.py`; a module that is in no
        package is found in a folder of the path.
        """
        file = resolver.root / self.path
        top = file.parent
        while (top / "__init__.py").is_file():
            top = top.parent
        if top == file.parent:
            around = [root for root in resolver.roots if file.is_relative_to(root)]
            top = max(around, key=lambda root: len(root.parts), default=resolver.root)
        inside = file.is_relative_to(top) and top.is_relative_to(resolver.root)
        return _dotted(file.relative_to(top).as_posix()) if inside else self.module

    def is_mentioned(self, data: bytes) -> bool:
        """Return whether a file may have to do with it, at a cheap look."""
        if self.name.encode() in data:
            return True
        if self.value.kind == "date":
            year, month, day = self.value.text[:10].split("-")
            units = (("year", year), ("month", month), ("day", day))
            called = r",\s*".join(rf"({unit}\s*=\s*)?0?{int(number)}" for unit, number in units)
            written = rf"{year}-{month}-{day}|\b{called}\b"
            return bool(re.search(written.encode(), data))
        return self.value.text.encode() in data


def copies_in(
    path: Path, source: PythonSource, resolver: Resolver, policies: Sequence[Policy]
) -> Iterator[PolicyCopy]:
    """Yield where the file defines, writes out or gets elsewhere what a policy keeps."""
    asked = [p for p in policies if source.path != p.path and p.is_mentioned(source.data)]
    if not asked or is_test(source.path):
        return
    try:
        where = Provenance(Module(source, path), resolver)
    except SourceError:
        return  # a fact says so
    for policy in asked:
        yield from _Search(source, where, policy, policy.imported_by(resolver)).found()


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _Search:
    """Looks through one file for one policy."""

    def __init__(
        self, source: PythonSource, where: Provenance, policy: Policy, module: str
    ) -> None:
        self._module = module
        self._source = source
        self._where = where
        self._policy = policy
        self._told: set[int] = set()  # nodes inside of what was told

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        tree = self._source.tree
        return {c: parent for parent in ast.walk(tree) for c in ast.iter_child_nodes(parent)}

    def found(self) -> Iterator[PolicyCopy]:
        for node, scope in self._where.nodes:
            if id(node) in self._told:
                continue
            how = self._judge(node, scope)
            if how is None:
                continue
            self._told |= {id(inside) for inside in ast.walk(node)}
            yield PolicyCopy(
                span=self._source.span(node),
                name=self._policy.name,
                module=self._module,
                how=how,
                code=" ".join(ast.unparse(node).split())[:80],
            )

    def _judge(
        self, node: ast.AST, scope: Scope
    ) -> Literal["redefined", "literal", "environment", "imported"] | None:
        match node:
            case ast.Assign() | ast.AnnAssign():
                return self._assigned(node)
            case ast.ImportFrom():
                return "imported" if self._is_imported_elsewhere(node) else None
            case ast.Attribute(attr=name) if name == self._policy.name:
                return "imported" if self._is_of_another_module(node, scope) else None
            case ast.Call() | ast.Subscript() if self._reads_environment(node):
                return "environment"
            case ast.expr() if self._is_written(node):
                return "literal"
        return None

    # Another definition of the name

    def _assigned(
        self, node: ast.Assign | ast.AnnAssign
    ) -> Literal["redefined", "environment"] | None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None or not any(_last(target) == self._policy.name for target in targets):
            return None
        if any(_last(inside) == self._policy.name for inside in ast.walk(node.value)):
            return None  # an alias of what was imported
        if _ENVIRONMENT.search(ast.unparse(node.value)):
            return "environment"
        return "redefined"

    def _reads_environment(self, node: ast.Call | ast.Subscript) -> bool:
        if isinstance(node, ast.Subscript):
            key, read = node.slice, node.value
        else:
            key, read = (node.args or [node.func])[0], node.func
        named = isinstance(key, ast.Constant) and key.value == self._policy.name
        return named and bool(_ENVIRONMENT.search(ast.unparse(read) + "("))

    # An import from somewhere else

    def _is_imported_elsewhere(self, node: ast.ImportFrom) -> bool:
        if self._policy.name not in [alias.name for alias in node.names]:
            return False
        if not node.level and self._is_module(node.module or ""):
            return False
        return not self._leads_to_it(self._where.top.module, node, 0)

    def _is_of_another_module(self, node: ast.Attribute, scope: Scope) -> bool:
        """`settings.DATA_START_DATE`, where settings is a module that defines its own."""
        unit = self._where.meaning(node.value, scope)
        if not isinstance(unit, Unit) or unit.scope.module.path == self._policy.path:
            return False
        bound = unit.scope.bindings.get(self._policy.name, ())
        return bool(bound) and not any(isinstance(b.node, ast.ImportFrom) for b in bound)

    def _is_module(self, dotted: str) -> bool:
        """Whether it is the policy's module, as seen from some folder on the path."""
        return bool(dotted) and f".{self._policy.module}".endswith(f".{dotted}")

    def _leads_to_it(self, module: Module, node: ast.ImportFrom, depth: int) -> bool:
        """Whether the module that it imports from is the policy's, or re-exports what is there."""
        unit = self._where.imported_unit(module, node)
        if unit is None or depth > 8:
            return False
        if unit.scope.module.path == self._policy.path:
            return True
        bound = unit.scope.bindings
        again = [b.node for b in (*bound.get(self._policy.name, ()), *bound.get("*", ()))]
        imports = [each for each in again if isinstance(each, ast.ImportFrom)]
        return len(imports) == len(again) and any(
            self._leads_to_it(unit.scope.module, each, depth + 1) for each in imports
        )

    # The value, written out

    def _is_written(self, node: ast.expr) -> bool:
        value = self._policy.value
        if value.kind in ("date", "text") and self._is_in_sql(node):
            return not self._only_says(node)
        if read_value(node) != value or self._only_says(node):
            return False
        return value.is_distinctive or self._is_akin(node)

    def _is_in_sql(self, node: ast.expr) -> bool:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        texts = [part.value for part in parts if isinstance(part, ast.Constant)]
        text = " ? ".join(text for text in texts if isinstance(text, str))
        midnight = r"([ T]00:00(:00)?)?" if self._policy.value.kind == "date" else ""
        written = rf"'{re.escape(self._policy.value.text)}{midnight}'"
        return bool(re.search(written, text)) and begins_like_sql(text)

    def _only_says(self, node: ast.AST) -> bool:
        """Whether the value stands in a docstring, a log or error text, or part of a text."""
        parent = self._parents.get(node)
        while parent is not None:
            match parent:
                case ast.Expr(value=value) if value is node:
                    return True  # a docstring
                case ast.JoinedStr() | ast.Raise() | ast.Assert():
                    return True
                case ast.Call() if _last(parent.func) in _ONLY_SAYS:
                    return True
                case ast.Assign(targets=[ast.Name(id=name)]) if name.startswith("__"):
                    return True  # __version__
                case ast.stmt():
                    return False
            parent = self._parents.get(parent)
        return False

    def _is_akin(self, node: ast.AST) -> bool:
        """Whether names beside the value share the policy's words."""
        words = set(self._policy.name.lower().split("_"))
        telling = words - _GENERIC or words
        return any(telling <= set(_words(name)) for name in self._names_beside(node))

    def _names_beside(self, node: ast.AST) -> Iterator[str]:
        parent = self._parents.get(node)
        match parent:
            case ast.Compare(left=left, comparators=others):
                yield from (_last(side) for side in (left, *others))
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Assign(targets=targets):
                yield from map(_last, targets)
            case ast.AnnAssign(target=target):
                yield _last(target)
            case ast.arguments():
                plain = [*parent.posonlyargs, *parent.args]
                pairs = list(zip(reversed(plain), reversed(parent.defaults), strict=False))
                pairs += [
                    (a, d) for a, d in zip(parent.kwonlyargs, parent.kw_defaults, strict=True) if d
                ]
                yield from (argument.arg for argument, default in pairs if default is node)


def _last(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
