"""Python's standard library: the part of it that makes names and SQL, and reads files."""

from __future__ import annotations

import inspect
import itertools
import json
import math
import os.path
import sys
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from guard.operations import DropTable, Name
from guard.reader.evaluate import containers, loops, text
from guard.reader.evaluate.run import Example, Known, Library, Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    NONE,
    Class,
    Const,
    Construct,
    Live,
    Mapping,
    Sequence,
    Unknown,
    Value,
    is_known,
    like,
    to_python,
)
from guard.reader.libraries.builtins import (
    MAX_RANGE,
    code_from_elsewhere,
    dict_,
    import_module,
    open_,
    outside,
    plain,
    same,
    stop,
    str_,
)


def _default_dict(run: Run, call: Call) -> Value:
    factory = call.args[0] if call.args else None
    return Mapping({}, depth=len(run.conditions), factory=factory)


def _loaded(run: Run, call: Call) -> Value:
    name = call.get(0) or unknown(call.node)
    return containers.loaded_module(run, call.node, name, call.frame)


def _reduce(run: Run, call: Call) -> Value:
    items = loops.iterate(call.args[1]) if len(call.args) > 1 else None
    if not items or not loops.is_whole(call.args[1]):
        return unknown(call.node, *call.args)
    items = [*call.args[2:3], *items]
    value = items[0]
    for item in items[1:]:
        value = run.call(call.args[0], Call(call.node, call.frame, (value, item), {}))
    return value


def _product(run: Run, call: Call) -> Value:
    columns = [loops.iterate(argument) for argument in call.args]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or call.kwargs or math.prod(map(len, known)) > MAX_RANGE:
        return unknown(call.node, *call.args)
    rows: list[Value] = [Sequence("tuple", list(row)) for row in itertools.product(*known)]
    return like(rows, *call.args)


def _dedent(run: Run, call: Call) -> Value:
    value = call.get(0, "text")
    return text.dedent(value) if isinstance(value, Text) else unknown(call.node, *call.args)


def _path(run: Run, call: Call) -> Value:
    if call.args and all(is_known(a) for a in call.args):
        return Const(PurePath(*(str(to_python(a)) for a in call.args)))
    return unknown(call.node, *call.args)


def _os_path(function: Callable[..., Any]) -> Known:
    return plain(lambda *parts: function(*(str(part) for part in parts)))


def _json_file(run: Run, call: Call) -> Value:
    file = call.get(0, "fp")
    content = file.kwargs.get("content") if isinstance(file, Construct) else None
    if content is None:
        return unknown(call.node, *call.args)
    return plain(json.loads)(run, Call(call.node, call.frame, (content,), {}))


def _partial(run: Run, call: Call) -> Value:
    return Construct("functools.partial", call.args, call.kwargs, call.node)


def _chain(run: Run, call: Call) -> Value:
    items: list[Value] = []
    for argument in call.args:
        spread = loops.iterate(argument)
        if spread is None:
            return unknown(call.node, *call.args)
        items += spread
    chained = like(items, *call.args)
    chained.open = chained.open or call.open
    return chained


def _template(run: Run, call: Call) -> Value:
    return Construct("string.Template", call.args, call.kwargs, call.node)


def _namedtuple(run: Run, call: Call) -> Value:
    name, fields = call.get(0, "typename"), call.get(1, "field_names")
    if not isinstance(name, Text) or fields is None or not is_known(fields):
        return unknown(call.node, *call.args)
    names = to_python(fields)
    split = names.replace(",", " ").split() if isinstance(names, str) else list(names)
    return Class(name.plain, call.frame.module, {}, tuple(split), is_tuple=True)


def _call_partial(run: Run, made: Construct, call: Call) -> Value | None:
    """Return the result of `functools.partial(function, ...)(...)`."""
    if made.path != "functools.partial" or not made.args:
        return None
    inner, *given = made.args
    kwargs = {**made.kwargs, **call.kwargs}
    return run.call(inner, Call(call.node, call.frame, (*given, *call.args), kwargs, call.open))


def _method_of_made(run: Run, made: Construct, name: str, call: Call) -> Value | None:
    """`stack.enter_context(op.batch_alter_table(...))`, where it does not stand for a `with`."""
    enters = made.path in {"contextlib.ExitStack", "contextlib.AsyncExitStack"} and call.args
    if enters and name in {"enter_context", "enter_async_context"}:
        return call.args[0] if isinstance(call.args[0], Live) else None
    return None


def _run_elsewhere(run: Run, path: str, call: Call) -> Value:
    return code_from_elsewhere(run, call)


def _made(run: Run, call: Call) -> Value:
    """A value that the code makes by itself: nobody outside has a say in it."""
    return Unknown(call.node, "constant")


_WAYS = ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")  # of os.exec... and os.spawn...
_MAKE = (
    "uuid.uuid1 uuid.uuid4 datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today "
    "datetime.date.today time.time time.time_ns random.random random.randint random.randrange "
    "secrets.token_hex secrets.token_urlsafe secrets.randbelow"
)
# What runs other programs, or code that it is given as a text, a file or bytes.
_RUNNING = (
    "asyncio.subprocess bdb code codeop cProfile ctypes doctest importlib.machinery importlib.util "
    "multiprocessing.spawn pdb profile pty runpy subprocess timeit trace unittest zipimport"
)
_RUN = (
    "asyncio.create_subprocess_exec asyncio.create_subprocess_shell importlib.reload "
    "os.popen os.posix_spawn os.posix_spawnp os.startfile os.system "
    "pkgutil.resolve_name "
    "types.CodeType types.FunctionType gc.get_objects gc.get_referrers sys.setprofile sys.settrace "
    "importlib.metadata.entry_points threading.setprofile threading.settrace "
    + " ".join(f"os.{verb}{way}" for verb in ("exec", "spawn") for way in _WAYS)
)
_FILLS = (
    "bisect.insort bisect.insort_left bisect.insort_right heapq.heapify heapq.heappop "
    "heapq.heappush heapq.heappushpop heapq.heapreplace operator.iadd operator.iconcat "
    "operator.ior operator.setitem random.shuffle"
)
_CALLERS = (
    "ast.NodeTransformer ast.NodeVisitor cmd.Cmd logging.Filter logging.Formatter logging.Handler "
    "argparse.Action configparser.Interpolation html.parser.HTMLParser json.JSONDecoder "
    "json.JSONEncoder pickle.Pickler pickle.Unpickler string.Formatter string.Template "
    "multiprocessing.Process threading.Thread threading.Timer unittest.TestCase"
)
_NAMES: dict[str, Known] = {
    **dict.fromkeys(_MAKE.split(), _made),
    "collections.OrderedDict": dict_,
    "collections.defaultdict": _default_dict,
    "functools.reduce": _reduce,
    "itertools.product": _product,
    "io.open": open_,
    "importlib.import_module": import_module,
    **dict.fromkeys(_RUN.split(), code_from_elsewhere),
    **dict.fromkeys(("sys.modules.get", "sys.modules.pop"), _loaded),
    "sys.exit": stop,
    "os._exit": stop,
    "os.getenv": outside,
    "os.environ.get": outside,
    "os.path.join": _os_path(os.path.join),
    "os.path.dirname": _os_path(os.path.dirname),
    "os.path.basename": _os_path(os.path.basename),
    "os.path.abspath": same,
    "os.path.realpath": same,
    "os.path.normpath": _os_path(os.path.normpath),
    "os.path.splitext": _os_path(os.path.splitext),
    "os.fspath": str_,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": plain(inspect.cleandoc),
    "json.dumps": plain(json.dumps),
    "json.loads": plain(json.loads),
    "json.load": _json_file,
    "functools.partial": _partial,
    "functools.wraps": outside,
    "functools.update_wrapper": same,
    "itertools.chain": _chain,
    "string.Template": _template,
    "collections.namedtuple": _namedtuple,
    "typing.cast": lambda run, call: call.args[1] if len(call.args) > 1 else NONE,
    "copy.copy": same,
    "copy.deepcopy": same,
}

LIBRARY = Library(
    packages=sys.stdlib_module_names,
    harmless=sys.stdlib_module_names,
    names=_NAMES,
    fills=frozenset(_FILLS.split()),
    callers=frozenset(_CALLERS.split()),
    unlisted=dict.fromkeys(_RUNNING.split(), _run_elsewhere),
    called={"partial": _call_partial},
    methods={Construct: _method_of_made},
    examples=(
        Example(
            'drop = functools.partial(op.drop_table, schema="s")\n'
            'for a, b in itertools.product("a", "bc"):\n'
            "    drop(a + b)",
            (DropTable(table=Name("ab", "s")), DropTable(table=Name("ac", "s"))),
            "import functools\nimport itertools\nfrom alembic import op",
        ),
    ),
)
