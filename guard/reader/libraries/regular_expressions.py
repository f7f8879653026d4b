"""Python's `re`, as far as names are made with it: `re.sub(r"(?<!^)(?=[A-Z])", "_", name)`."""

from __future__ import annotations

import re

from guard.operations import DropTable, Name
from guard.patterns import lazy_re
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Construct, Value

MAX_LENGTH = 80  # of what is searched, and of the pattern
MAX_REPEATS = 3  # in a pattern; none of a group: it is somebody else's, and must not take long
_REPEATED_GROUP = lazy_re(r"\)\s*[*+{]")
_REPEAT = lazy_re(r"[*+{]")


def _sub(run: Run, call: Call) -> Value:
    """`re.sub(pattern, replacement, text)`."""
    return _substituted(call, call.get(0, "pattern"), call.get(1, "repl"), call.get(2, "string"))


def _method(run: Run, receiver: Construct, name: str, call: Call) -> Value | None:
    """`re.compile(pattern).sub(replacement, text)`."""
    if receiver.path != "re.compile" or name != "sub" or not receiver.args:
        return None
    return _substituted(call, receiver.args[0], call.get(0, "repl"), call.get(1, "string"))


def _substituted(call: Call, *given: Value | None) -> Value:
    texts = [value.plain for value in given if isinstance(value, Text) and value.known]
    if len(texts) < 3 or not _is_quick(*texts):
        return unknown(call.node, *call.args)
    pattern, replacement, text = texts
    try:
        return Text.of(re.sub(pattern, replacement, text))
    except (re.error, IndexError):
        return unknown(call.node, *call.args)


def _is_quick(pattern: str, replacement: str, text: str) -> bool:
    return (
        max(map(len, (pattern, replacement, text))) <= MAX_LENGTH
        and not _REPEATED_GROUP.search(pattern)
        and len(_REPEAT.findall(pattern)) <= MAX_REPEATS
    )


LIBRARY = Library(
    names={"re.sub": _sub},
    methods={Construct: _method},
    examples=(
        Example(
            'op.drop_table(re.sub("(?<!^)(?=[A-Z])", "_", "OrderLine").lower())',
            (DropTable(table=Name("order_line")),),
            "import re\nfrom alembic import op",
        ),
    ),
)
