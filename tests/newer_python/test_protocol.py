"""What a newer interpreter tells, and what becomes of it here."""

from __future__ import annotations

import ast
import os
import sys
import time
from pathlib import Path

import pytest
from newer_pythons import made_up, needs_newer

from guard.newer_python import NewerPythons, Rejection, ask
from guard.newer_python.places import find_newer

EVERY_CONSTANT = (
    "x = (None, True, ..., -10**40, 0x1f, 1e400, 0.1, 3j, b'\\xff\\0', 'ü', '\\ud800', u'a')\n"
)
PLAIN = '''\
"""Documentation."""
import a.b as c, d
from . import e
@deco(1)
class A(B, metaclass=C):
    x: int = 1
    async def f(self, /, a, *b, c=1, **d) -> None:
        async with x as y, z: await y
        async for i in x: yield i
        else: return
try:
    raise X from Y
except (A, B) as error: pass
except C: del x, y[0], z.a
else: pass
finally: global g
try: pass
except* D: pass
match x:
    case {"a": [1, *rest], **kw} if y: pass
    case A(1, b=2) | None | -1.5 | "s" as z: pass
    case _: pass
while True: break
for x, *y in z: continue
f = lambda a, b=1, *c: [i for i in a if b] + [*c] + [{**a, 'b': 1}]
g = f"{a!r:>{w}.2f}{{}}" f"{b}"
h = {k: v for k, v in x} | {s for s in x}
i = a if b else not c and d or ~e < f <= g is not h not in j
k = x[1:2, ::3, ...] @ y // z
with a: assert b, c
k += (yield_ := 1)
'''


@pytest.fixture(scope="module")
def newest() -> NewerPythons:
    return NewerPythons()


@needs_newer
@pytest.mark.parametrize("code", [PLAIN, EVERY_CONSTANT, "", "#\n\n"])
def test_what_both_can_parse_is_the_same_tree(code: str, newest: NewerPythons) -> None:
    tree = newest.parse(code)
    assert isinstance(tree, ast.Module)
    assert ast.dump(tree) == ast.dump(ast.parse(code))
    own = [_places(node) for node in ast.walk(ast.parse(code)) if not _in_f_string(node)]
    assert [_places(node) for node in ast.walk(tree) if not _in_f_string(node)] == own
    compile(tree, "a.py", "exec")  # so that no field is missing


def _in_f_string(node: ast.AST) -> bool:
    """Whether it may be a part of an f-string: since 3.12 those have better places."""
    return isinstance(node, ast.Constant | ast.FormattedValue | ast.JoinedStr)


def _places(node: ast.AST) -> list[object]:
    return [type(node), *(getattr(node, name, None) for name in ast.expr._attributes)]


@needs_newer
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="our own can, too")
@pytest.mark.parametrize(
    ("code", "like"),
    [
        ("type Ids = list[int]", "Ids = list[int]"),
        ("type Pair[T: int] = tuple[T, T]", "Pair = tuple[T, T]"),
        ("class Repo[T](Base): x = 1", "class Repo(Base): x = 1"),
        ("def first[T, *Ts, **P](x: T) -> T: return x", "def first(x: T) -> T: return x"),
        ("async def g[T](): await x", "async def g(): await x"),
        ("x = f'{a['b']}'", "x = f'{a[\"b\"]}'"),
        ("x = f\"{'\\n'.join(a)}\"", "x = f'{NL.join(a)}'".replace("NL", "'''\\n'''")),
        ("x = f'''{\n  a  # why\n}'''", "x = f'{a}'"),
    ],
)
def test_what_only_it_can_parse(code: str, like: str, newest: NewerPythons) -> None:
    tree = newest.parse(code)
    assert isinstance(tree, ast.Module)
    assert _without_new(ast.dump(tree)) == _without_new(ast.dump(_like(like)))


def _like(code: str) -> ast.Module:
    found = NewerPythons().parse(code)
    assert isinstance(found, ast.Module)
    return found


def _without_new(dump: str) -> str:
    return dump.replace("type_params=[]", "")


@pytest.mark.parametrize(
    ("code", "like"),
    [
        ("try:\n    a\nexcept A, B:\n    b", "try:\n    a\nexcept (A, B):\n    b"),
        ("x = t'SELECT {a(1)}'", "x = call('SELECT ', call(a(1)))"),
        ("x = t'{a:{b}}'", "x = call(call(a, f'{b}'))"),
        ("x = [*a for a in f(b)]", "x = call(f(b))"),
        ("later:\n    a\n    b()", "if call(later):\n    a\n    b()"),
    ],
)
def test_what_has_no_node_here_hides_nothing(code: str, like: str, tmp_path: Path) -> None:
    tree = NewerPythons(lambda: [str(made_up(tmp_path))]).parse(code)
    assert isinstance(tree, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not node.id.isidentifier():
            node.id = "call"
    assert ast.unparse(tree) == ast.unparse(ast.parse(like))
    compile(tree, "a.py", "exec")  # each node has a place


@needs_newer
def test_one_that_rejects_it_as_well_says_why(newest: NewerPythons) -> None:
    found = newest.parse("x = 1\ny = (\n")
    assert isinstance(found, Rejection)
    assert (found.message, found.line) == ("'(' was never closed", 2)


@needs_newer
@pytest.mark.parametrize("code", ["-" * 100_000 + "1", "x" + "[0]" * 100_000, "(" * 100_000])
def test_one_that_gives_up_is_asked_again(code: str, newest: NewerPythons) -> None:
    assert isinstance(newest.parse(code), Rejection)
    assert isinstance(newest.parse("type X = int"), ast.Module)


@needs_newer
def test_a_long_sum_is_not_nested_too_deeply_to_be_told(newest: NewerPythons) -> None:
    assert isinstance(newest.parse("type X = int\nx = " + "+".join(["a"] * 2_000)), ast.Module)


def test_it_is_started_once_and_alone(tmp_path: Path) -> None:
    program = made_up(tmp_path)
    pythons = NewerPythons(lambda: [str(program)])
    for _ in range(3):
        assert isinstance(pythons.parse("x = t'a'"), ast.Module)
    folder = Path(ask.__file__).parent
    started = (tmp_path / "python3.20.log").read_text().splitlines()
    assert started == [f"{folder} -I -S -E -B {folder / 'dump.py'}"]


def test_a_process_that_was_forked_off_ours_has_its_own(tmp_path: Path) -> None:
    pythons = NewerPythons(lambda: [str(made_up(tmp_path))])
    assert isinstance(pythons.parse("x = t'a'"), ast.Module)
    child = os.fork()
    if child == 0:
        os._exit(0 if isinstance(pythons.parse("x = t'b'"), ast.Module) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert isinstance(pythons.parse("x = t'c'"), ast.Module)
    assert len((tmp_path / "python3.20.log").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",  # not a program
        "#!/bin/sh\nexit 127\n",
        "#!/bin/sh\necho hello\nexec cat\n",
        "#!/bin/sh\necho '[]'\nexec cat\n",
        "#!/bin/sh\necho '{{\"version\": [3, 11]}}'\nexec cat\n",  # not newer
        "#!/bin/sh\necho '{{\"version\": [3, 20]}}'\n",  # and is gone
        "#!/bin/sh\necho '{{\"version\": [3, 20]}}'\nwhile read x; do echo '{{}}'; done\n",
        "#!/bin/sh\necho '{{\"version\": [3, 20]}}'\n"
        'while read x; do echo \'{{"nodes": [["Module"]]}}\'; done\n',
        "#!/bin/sh\necho '{{\"version\": [3, 20]}}'\n"
        'while read x; do echo \'{{"nodes": [["parse", "expr", [1, 0, 1, 1], {{}}]]}}\'; done\n',
        "#!/bin/sh\necho '{{\"version\": [3, 20]}}'\nexec sleep 60\n",  # too slow
    ],
)
def test_one_that_is_no_python_has_nothing_to_say(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "SECONDS", 0.5)
    pythons = NewerPythons(lambda: [str(made_up(tmp_path, text=text))])
    pythons.__dict__["programs"] = pythons.programs[:1]
    began = time.monotonic()
    assert pythons.parse("type X = int") is None
    assert pythons.parse("type X = int") is None
    assert time.monotonic() - began < 5


def test_they_are_found_where_they_are_kept(tmp_path: Path) -> None:
    def keep(name: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)
        return str(path)

    uv = keep("uv/python/cpython-3.19.2-linux-x86_64-gnu/bin/python3.19")
    keep("uv/python/cpython-3.9.2-linux-x86_64-gnu/bin/python3.9")
    keep("pyenv/versions/3.17.0/bin/python3.17")
    pyenv = keep("pyenv/versions/3.17.4/bin/python3.17")
    path = keep("path/python3.18")
    (tmp_path / "path" / "python3.17").touch(mode=0o755)
    environ = {
        "PATH": str(tmp_path / "path"),
        "XDG_DATA_HOME": str(tmp_path),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
    }
    assert find_newer(environ) == (uv, path, pyenv)
    assert find_newer({"PATH": "", "HOME": str(tmp_path)}) == ()
