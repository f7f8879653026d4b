"""Pythons newer than the one that runs the tests: those that are here, and one that is made up."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from guard.newer_python.places import find_newer

FOUND = find_newer()
needs_newer = pytest.mark.skipif(not FOUND, reason="no Python newer than the one of the tests")

# It says that it is newer, and takes some of 3.14's words for what they were in older ones.
MADE_UP = '''\
#!{python}
"""Stands in for Python 3.{minor}: it is told what a real one would be, and answers alike."""
import ast, os, re, runpy, sys
from pathlib import Path

with open(__file__ + ".log", "a") as log:
    print(os.getcwd(), *sys.argv[1:], file=log)

class LaterStr(ast.expr):
    _fields = ("values",)

class LaterPart(ast.expr):
    _fields = ("value", "str", "conversion", "format_spec")

class Later(ast.stmt):
    _fields = ("items", "body")

class Rename(ast.NodeTransformer):
    def visit_JoinedStr(self, node):
        return ast.copy_location(LaterStr(self.generic_visit(node).values), node)

    def visit_FormattedValue(self, node):
        value = LaterPart(node.value, "", node.conversion, node.format_spec)
        return ast.copy_location(value, node)

    def visit_ListComp(self, node):
        if isinstance(node.elt, ast.Call) and node.elt.func.id == "unpack":
            node.elt = None
        return node

    def visit_With(self, node):
        name = getattr(node.items[0].context_expr, "id", "")
        return ast.copy_location(Later(node.items, node.body), node) if name == "later" else node

really = ast.parse

def parse(text):
    text = re.sub(r"except (\\w+), (\\w+):", r"except (\\1, \\2):", text)
    text = re.sub(r"\\[\\*(\\w+) for", r"[unpack(\\1) for", text)
    text = re.sub(r"later:", r"with later:", text)
    return Rename().visit(really(re.sub(r"\\bt([\\"'])", r"f\\1", text)))

ast.parse = parse
sys.version_info = (3, {minor})
runpy.run_path(sys.argv[-1], run_name="__main__")
'''


def made_up(folder: Path, minor: int = 20, text: str = MADE_UP) -> Path:
    """Write an interpreter that calls itself Python 3.`minor`, and return its path."""
    program = folder / f"python3.{minor}"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(text.format(python=sys.executable, minor=minor))
    program.chmod(0o755)
    return program


def only(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Leave no other Python to be found than those in the folders, of which the last is made."""
    for name in ("HOME", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR", "PYENV_ROOT"):
        monkeypatch.setenv(name, os.devnull)
    git = shutil.which("git")
    assert git is not None
    folders[-1].mkdir(exist_ok=True)
    (folders[-1] / "git").symlink_to(git)
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
