"""The other side: run by path under a newer Python, alone, it tells the syntax trees of texts.

Each line of standard input is a text as JSON; a line of JSON answers it: the nodes of its tree, or
why it has none. A node is its kind, the kind above, its place and its fields; the first is the
module, and a field names other nodes by their numbers, so that nothing is nested as deeply as the
code. The text is parsed and never compiled or run.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings

NOT_RUN = ("type_params", "is_lazy")  # fields that have no part in what the code does


def main() -> None:
    """Answer until nobody asks any more; the version comes first."""
    warnings.simplefilter("ignore")
    _answer({"version": sys.version_info[:2]})
    for line in sys.stdin.buffer:
        _answer(told(json.loads(line)))


def _answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def told(text: str) -> dict[str, object]:
    """Return the nodes of the text's tree, or the error and its line."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return {"error": error.msg, "line": error.lineno or 1}
    except (RecursionError, MemoryError, ValueError):
        return {"error": "nested too deeply to be read", "line": 1}
    nodes: list[ast.AST] = [tree]
    return {"nodes": [_entry(node, nodes) for node in nodes]}  # which grows meanwhile


def _entry(node: ast.AST, nodes: list[ast.AST]) -> list[object]:
    kind = type(node)
    place = [getattr(node, name, None) for name in ast.expr._attributes]
    fields = [(name, value) for name, value in ast.iter_fields(node) if name not in NOT_RUN]
    coded = {name: _coded(value, nodes) for name, value in fields}
    return [kind.__name__, kind.__mro__[1].__name__, place, coded]


def _coded(value: object, nodes: list[ast.AST]) -> object:
    """Return the value in JSON: what that cannot say is an object with one key, its type."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, list):
        return [_coded(item, nodes) for item in value]
    if isinstance(value, int):
        return {"int": hex(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, complex):
        return {"imaginary": repr(value.imag)}
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if value is Ellipsis:
        return {"ellipsis": ""}
    assert isinstance(value, ast.AST)
    if not value._fields and not value._attributes:  # an operator, a context
        return {"word": type(value).__name__}
    nodes.append(value)
    return {"node": len(nodes) - 1}


if __name__ == "__main__":
    main()
