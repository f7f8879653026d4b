"""The shape of values that a revision's code takes apart, so that made-up ones have it too.

JSON, mostly; also text that is parsed as a number, a date or the like, or looked up in a table.

Only a cheap look: names stand for columns where they are spelled alike (`row.config`,
`row["config"]`, `for id, config in rows`), whatever the table.
"""

from __future__ import annotations

import ast
import datetime
import functools
import re
from collections.abc import Iterable
from typing import Any, Callable

_IN_SQL = re.compile(r"\bjsonb?_(\w+)\s*\(\s*(?:\w+\.)?\"?(\w+)", re.IGNORECASE)
_LIST_IN_SQL = re.compile(r"array_(?:elements|length)|recordset", re.IGNORECASE)
_SELECT = re.compile(r"\s*SELECT\s+(?:DISTINCT\s+)?(.+?)\s+FROM\b", re.IGNORECASE | re.DOTALL)
_OF_OBJECTS = {"get", "pop", "setdefault", "items", "keys", "values", "update"}
_OF_LISTS = {"append", "extend", "insert", "remove", "sort", "reverse"}
_PARSED = re.compile(rb"json|Decimal|UUID|int\(|float\(|fromisoformat|strptime|\.split\(| in |\]")
_Text = Callable[[int], str]
# What text has to be like for these to understand it.
_TEXTS: dict[str, _Text] = {
    "int": str,
    "float": "{}.25".format,
    "Decimal": "{}.25".format,
    "UUID": "{:032x}".format,
    "fromisoformat": lambda number: f"20{10 + number % 20}-01-31",
}
_SAME = {"dict", "list", "tuple", "sorted", "reversed", "loads", "deepcopy", "copy", "enumerate"}
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


class Shape:
    """What code does with a value: `keys` of an object, `items` of a list, or neither so far.

    `number`: it is added to or compared with one. `text`: the value is the text of JSON.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Shape] = {}
        self.items: Shape | None = None
        self.is_object = self.is_list = self.number = self.text = False
        self.texts: list[_Text] = []  # that code understands, by number

    @property
    def known(self) -> bool:
        """Whether the code says anything of it."""
        return self.is_object or self.is_list

    def text_of(self, number: int) -> str | None:
        """Return text that the code understands, another for each number; None: any may do."""
        return self.texts[number % len(self.texts)](number) if self.texts else None

    def key(self, name: str) -> Shape:
        """Return the shape of a key's value."""
        self.is_object = True
        return self.keys.setdefault(name, Shape())

    def item(self) -> Shape:
        """Return the shape of an item, or of a value where it is an object after all."""
        self.is_list = True
        self.items = self.items or Shape()
        return self.items

    def add(self, other: Shape) -> None:
        """Take in how other code uses the value; what is known already stays."""
        self.text = self.text or other.text
        self.number = self.number or other.number
        self.texts = self.texts or other.texts
        if self.known and self._kind() != other._kind():
            return
        for name, shape in other.keys.items():
            self.key(name).add(shape)
        if other.items is not None:
            self.item().add(other.items)
        self.is_object, self.is_list = other.is_object, other.is_list

    def _kind(self) -> str:
        return "object" if self.keys or (self.is_object and not self.is_list) else "list"

    def value(self, number: int) -> Any:
        """Return a value of the shape, another for each number."""
        if not self.known:
            return number if self.number else f"{number}"
        if self._kind() == "list":
            return [self.items.value(number)] if self.items is not None else [number]
        made = {name: shape.value(number) for name, shape in self.keys.items()}
        return made or {"a": self.items.value(number) if self.items is not None else number}


Shapes = dict[str, Shape]  # by column, in lower case


def shapes_in(paths: Iterable[str]) -> Shapes:
    """Return the shape of each column that these revisions take apart, the first one's first."""
    found: Shapes = {}
    for path in paths:
        with open(path, "rb") as file:
            source = file.read()
        if _PARSED.search(source):
            for name, shape in _of_source(source).items():
                found.setdefault(name, Shape()).add(shape)
    return found


def _of_source(source: bytes) -> Shapes:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    reader = _Reader(tree)
    functions = [node for node in tree.body if isinstance(node, _Function)]
    for function in sorted(functions, key=lambda node: node.name != "upgrade"):
        reader.function(function)
    return {name: shape for name, shape in reader.columns.items() if shape.known or shape.texts}


class _Reader(ast.NodeVisitor):
    """Reads functions; `columns` are the shapes of whatever may be a column."""

    def __init__(self, tree: ast.Module) -> None:
        self.columns: Shapes = {}
        self._names: dict[str, Shape] = {}  # what local names stand for
        self._tables = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, (ast.Dict, ast.List, ast.Tuple, ast.Set))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        sql = [text for text in texts if isinstance(text, str)]
        self._selected = [_columns(match[1]) for match in map(_SELECT.match, sql) if match]
        for function, name in (found for text in sql for found in _IN_SQL.findall(text)):
            shape = self._column(name)
            shape.text = True
            if _LIST_IN_SQL.search(function):
                shape.is_list = True
                if "recordset" in function.lower():
                    shape.item().is_object = True
            else:
                shape.is_object = True

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Read a function; its names are its own."""
        self._names = {}
        for statement in node.body:
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            shape = self._shape(node.value)
            if isinstance(target, ast.Name) and shape is not None:
                self._names[target.id] = shape
            else:
                self._bind_row(target)
                self.visit(target)

    def visit_For(self, node: ast.For) -> None:
        self._iterate(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._iterate(node.target, node.iter)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: Any) -> None:
        for generator in node.generators:
            self.visit(generator)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._shape(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._shape(node)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._together(node.left, node.right)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._together(node.target, node.value)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for how, other in zip(node.ops, node.comparators):
            self._together(node.left, other)
            if isinstance(how, (ast.In, ast.NotIn)):
                self._looked_up(node.left, other)
        self.generic_visit(node)

    def _looked_up(self, value: ast.expr, table: ast.expr) -> None:
        """Whatever is looked up in a table of texts is one of them."""
        table = self._tables.get(table.id, table) if isinstance(table, ast.Name) else table
        items = table.keys if isinstance(table, ast.Dict) else getattr(table, "elts", ())
        values = [item.value for item in items if isinstance(item, ast.Constant)]
        texts = [text for text in values if isinstance(text, str)]
        shape = self._shape(value) if texts else None
        if shape is not None and not shape.texts:
            shape.texts = [functools.partial(_given, text) for text in texts]

    def _together(self, one: ast.expr, other: ast.expr) -> None:
        """Whatever stands beside a number is one."""
        for side, beside in ((one, other), (other, one)):
            value = beside.value if isinstance(beside, ast.Constant) else None
            shape = self._shape(side) if isinstance(value, (int, float)) else None
            if shape is not None and not isinstance(value, bool):
                shape.number = True

    def _iterate(self, target: ast.expr, iterated: ast.expr) -> None:
        """Bind what a loop takes out: of JSON, else of rows."""
        method = iterated.func if isinstance(iterated, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in ("items", "values"):
            shape = self._shape(method.value)
            if shape is not None:
                shape.is_object = True
                value = target.elts[-1] if isinstance(target, ast.Tuple) else target
                shape.items = shape.items or Shape()
                self._bind(value, shape.items)
                return
        shape = self._shape(iterated)
        if shape is None:
            self._bind_row(target)
            return
        counted = isinstance(iterated, ast.Call) and _name(iterated.func) == "enumerate"
        item = target.elts[-1] if counted and isinstance(target, ast.Tuple) else target
        self._bind(item, shape.item())

    def _bind(self, target: ast.expr, shape: Shape) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = shape

    def _bind_row(self, target: ast.expr) -> None:
        """Names that a row is unpacked into stand for what is selected, else for their like."""
        if not isinstance(target, ast.Tuple):
            return
        names = [item.id for item in target.elts if isinstance(item, ast.Name)]
        alike = [columns for columns in self._selected if len(columns) == len(names)]
        columns = alike[0] if len(alike) == 1 and len(names) == len(target.elts) else names
        for name, column in zip(names, columns):
            self._names[name] = self._column(column)

    def _column(self, name: str) -> Shape:
        return self.columns.setdefault(name.lower(), Shape())

    def _shape(self, node: ast.expr) -> Shape | None:
        """Return the shape that an expression has, None for what may be no JSON."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute):
            is_column = isinstance(node.value, ast.Name) and node.attr != "_mapping"
            return self._column(node.attr) if is_column else None
        if isinstance(node, ast.BoolOp):
            return self._shape(node.values[0])
        if isinstance(node, ast.IfExp):
            return self._shape(node.body) or self._shape(node.orelse)
        if isinstance(node, ast.NamedExpr):
            return self._shape(node.value)
        if isinstance(node, ast.Subscript):
            return self._taken(node)
        if isinstance(node, ast.Call):
            return self._called(node)
        return None

    def _taken(self, node: ast.Subscript) -> Shape | None:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        self._looked_up(node.slice, node.value)
        holder = self._shape(node.value)
        if holder is None:
            return self._of_row(key)
        if isinstance(node.ctx, ast.Store):  # what is put there need not have been there
            holder.is_object = holder.is_object or not holder.is_list
            return None
        if isinstance(key, str):
            return holder.key(key)
        own = self._names.get(node.slice.id) if isinstance(node.slice, ast.Name) else None
        if own is not None and own is holder.items:  # for key in data: data[key]
            holder.is_object, holder.is_list = True, False
            return own
        return holder.item()

    def _of_row(self, key: Any) -> Shape | None:
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, int) and len(self._selected) == 1 and key < len(self._selected[0]):
            return self._column(self._selected[0][key])
        return None

    def _called(self, node: ast.Call) -> Shape | None:
        name = _name(node.func)
        if name in _SAME and node.args:
            shape = self._shape(node.args[0])
            if shape is not None and name == "loads":
                shape.text = True
                shape.is_object = shape.is_object or not shape.is_list
            return shape
        if node.args and name in (*_TEXTS, "strptime"):
            self._parsed(name, node.args)
            return None
        if not isinstance(node.func, ast.Attribute):
            return None
        holder = self._shape(node.func.value)
        if name == "split" and holder is not None and node.args:
            self._split(holder, node.args[0])
            return None
        if holder is None:
            return None
        if name in _OF_LISTS:
            holder.is_list = True
        if name not in _OF_OBJECTS:
            return None
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return holder.key(first.value)
        holder.is_object = holder.is_object or name != "pop"
        return None

    def _parsed(self, name: str, arguments: list[ast.expr]) -> None:
        shape = self._shape(arguments[0])
        if shape is None or shape.texts:
            return
        if name in _TEXTS:
            shape.texts = [_TEXTS[name]]
        elif len(arguments) > 1 and isinstance(arguments[1], ast.Constant):
            shape.texts = [functools.partial(_dated, str(arguments[1].value))]

    def _split(self, shape: Shape, separator: ast.expr) -> None:
        if isinstance(separator, ast.Constant) and isinstance(separator.value, str):
            shape.texts = shape.texts or [functools.partial(_joined, separator.value)]


def _given(text: str, number: int) -> str:
    return text


def _dated(form: str, number: int) -> str:
    return datetime.datetime(2010 + number % 20, 1, 31, 12, 30).strftime(form)


def _joined(separator: str, number: int) -> str:
    return separator.join((str(number), str(number)))


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _columns(selected: str) -> list[str]:
    """Return what a list of selected columns is called."""
    return [re.split(r"[\s.]+", part.strip())[-1].strip('"`') for part in selected.split(",")]
