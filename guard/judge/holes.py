"""Names in a remedy's code that the user's code computes: they are computed there again.

A stand-in such as `{schema}orders` for what was not known when the revision was read is what an
f-string holds as well.
"""

from __future__ import annotations

import ast

from guard.patterns import lazy_re

_LITERAL = lazy_re(r"""(?<!\w)('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_HOLE = lazy_re(r"\{([^{}]+)\}")


def filled(remedy: str) -> str:
    """Return the remedy with f-strings where a string of its Python code has a stand-in."""
    if "{" not in remedy:
        return remedy
    return _LITERAL.sub(lambda found: _as_f_string(found[0]), remedy)


def _as_f_string(literal: str) -> str:
    text, holes = literal[1:-1], _HOLE.findall(literal)
    # An older Python takes neither a backslash nor the string's own quote between the braces.
    plain = all(
        _is_computed(hole)
        and "\\" not in hole
        and literal[0] not in hole
        and f"'{{{hole}}}'" not in text  # a value in SQL, an array for one
        for hole in holes
    )
    if not holes or not plain:
        return literal
    return holes[0] if text == "{" + holes[0] + "}" else f"f{literal}"


def _is_computed(hole: str) -> bool:
    """Return whether it reads a name, as no JSON, format field or array of SQL does."""
    try:
        expression = ast.parse(hole, mode="eval").body
    except SyntaxError:
        return False
    names = any(isinstance(node, ast.Name) for node in ast.walk(expression))
    return names and not isinstance(expression, ast.Tuple | ast.Compare)
