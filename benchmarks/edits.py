"""Edits as pull requests make them, each in the files of a project whose history is released.

`EDITS` has them by name. An edit returns whether there was something that it could edit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgspec

HEADER = ("revision", "down_revision", "branch_labels", "depends_on", "version")
# Two old faults and a place for a new one.
QUERIES = """import sqlite3

import sqlalchemy as sa


def rows(connection, name):
    return connection.execute(sa.text(f"SELECT * FROM orders WHERE name = '{name}'"))


def cached():
    return sqlite3.connect("cache.db")
"""
NEW_FAULT = """

def total(connection, name):
    return connection.execute(sa.text(f"SELECT sum(price) FROM orders WHERE name = '{name}'"))
"""
SET_TIMEOUT = "op.execute(\"SET lock_timeout = '2s'\")"


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A project for one database, and its revisions: their ids and files, the newest first."""

    project: Path
    dialect: str
    revisions: tuple[tuple[str, Path], ...]

    @property
    def queries(self) -> Path:
        return self.project / "app" / "models" / "queries.py"

    def prepare(self) -> None:
        """Write what some edits need to have been there before."""
        self.queries.parent.mkdir(parents=True)
        self.queries.write_text(QUERIES, encoding="utf-8")
        if self.dialect == "postgresql":
            self.edit_one(lambda text: _add(text, "upgrade", SET_TIMEOUT, first=True))

    def edit_one(self, edit: Callable[[str], str | None]) -> bool:
        """Make `edit` in the newest revision that has what it edits; the first is left alone."""
        for _, file in self.revisions[1:]:
            text = file.read_text(encoding="utf-8")
            if (edited := edit(text)) not in (None, text):
                file.write_text(edited or "", encoding="utf-8")
                return True
        return False


def reorder_imports(text: str) -> str | None:
    imports = [
        node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    lines = text.splitlines(keepends=True)
    for one, two in pairwise(imports):
        if one.lineno == one.end_lineno and two.lineno == two.end_lineno and _is_free(one, two):
            lines[one.lineno - 1], lines[two.lineno - 1] = (
                lines[two.lineno - 1],
                lines[one.lineno - 1],
            )
            return "".join(lines)
    return None


def _is_free(*imports: ast.stmt) -> bool:
    return not any(isinstance(i, ast.ImportFrom) and i.module == "__future__" for i in imports)


def remove_unused_import(text: str) -> str | None:
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == node.end_lineno:
            names = [(a.asname or a.name).partition(".")[0] for a in node.names]
            if not any(len(re.findall(rf"\b{re.escape(name)}\b", text)) > 1 for name in names):
                return "".join(lines[: node.lineno - 1] + lines[node.lineno :])
    return None


def document(text: str) -> str | None:
    """Write a comment, a docstring and an annotation, or take the annotation away."""
    if "def upgrade() -> None:\n" in text:
        text = text.replace("def upgrade() -> None:\n", "def upgrade():\n")
    elif "def upgrade():\n" in text:
        text = text.replace("def upgrade():\n", "def upgrade() -> None:\n")
    else:
        return None
    text = re.sub(r"(def upgrade\(\).*:\n)", r'\1    """See the manual of operations."""\n', text)
    return "# Reviewed.\n" + text


def wrap_in_text(text: str) -> str | None:
    if "import sqlalchemy as sa" not in text:
        return None
    return re.sub(
        r'\.execute\((\s*)("(?:[^"\\\n]|\\.)*")(\s*)\)', r".execute(\1sa.text(\2)\3)", text, count=1
    )


def add_statement(text: str) -> str | None:
    return _add(
        text, "upgrade", 'op.execute("CREATE INDEX ix_added ON alembic_version (version_num)")'
    )


def edit_downgrade(text: str) -> str | None:
    return _add(text, "downgrade", 'op.execute("DROP INDEX IF EXISTS ix_added")')


def change_timeout(text: str) -> str:
    return text.replace(SET_TIMEOUT, SET_TIMEOUT.replace("2s", "5s"))


def _add(text: str, function: str, statement: str, *, first: bool = False) -> str | None:
    """Return `text` with the statement at one end of the function."""
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function and "import op" in text:
            last = node.body[0].lineno - 1 if first else node.end_lineno or node.lineno
            lines[last - 1] = lines[last - 1].rstrip("\n") + "\n"
            lines.insert(last, " " * node.body[0].col_offset + statement + "\n")
            return "".join(lines)
    return None


def move_file(released: Released) -> bool:
    file = released.revisions[1][1]
    file.rename(file.with_name("moved_" + file.name))
    return True


def move_folder(released: Released) -> bool:
    folder = released.revisions[0][1].parent
    folder.rename(folder.with_name("moved"))
    ini = released.project / "alembic.ini"
    old = "/".join(folder.relative_to(released.project).parts)
    new = "/".join(folder.with_name("moved").relative_to(released.project).parts)
    ini.write_text(ini.read_text(encoding="utf-8").replace(f"/{old}\n", f"/{new}\n"), "utf-8")
    return True


def delete_newest(released: Released) -> bool:
    released.revisions[0][1].unlink()
    return True


def delete_older(released: Released) -> bool:
    released.revisions[3][1].unlink()
    return True


def squash(released: Released) -> bool:
    """Put the last five into one, whose functions call theirs."""
    last = [
        (revision, file, ast.parse(file.read_text(encoding="utf-8")))
        for revision, file in reversed(released.revisions[:5])
    ]
    down = _down_revision(last[0][2])
    imports, functions = list[str](), list[str]()
    for revision, file, tree in last:
        file.unlink()
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(ast.unparse(node))
            elif not _is_header(node):
                functions.append(_renamed(ast.unparse(node), revision))
    imports.sort(key=lambda line: "__future__" not in line)
    header = [f"revision = {'squashed'!r}", f"down_revision = {down}"]
    calls = [
        *_calls("upgrade", [r for r, _, _ in last]),
        *_calls("downgrade", [r for r, _, _ in last[::-1]]),
    ]
    file = last[-1][1].with_name("squashed.py")
    file.write_text(
        "\n".join([*dict.fromkeys(imports), *header, *functions, *calls]) + "\n", "utf-8"
    )
    return True


def _down_revision(tree: ast.Module) -> str:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "down_revision" for t in targets):
            return ast.unparse(node.value)  # type: ignore[attr-defined]
    return "None"


def _is_header(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id in HEADER for target in targets)


def _renamed(code: str, revision: str) -> str:
    return re.sub(r"^def (upgrade|downgrade)\(", rf"def \1_{_identifier(revision)}(", code)


def _identifier(revision: str) -> str:
    return re.sub(r"\W", "_", revision)


def _calls(function: str, revisions: list[str]) -> Iterator[str]:
    yield f"def {function}():"
    yield from (f"    {function}_{_identifier(revision)}()" for revision in revisions)


def touch_queries(released: Released) -> bool:
    text = released.queries.read_text(encoding="utf-8")
    text = text.replace("import sqlite3\n", "import logging\nimport sqlite3\n")
    text = text.replace("def cached():\n", 'def cached():\n    logging.info("cached")\n')
    released.queries.write_text(text, encoding="utf-8")
    return True


def add_fault(released: Released) -> bool:
    released.queries.write_text(QUERIES + NEW_FAULT, encoding="utf-8")
    return True


EDITS: dict[str, Callable[[Released], bool]] = {
    "imports reordered": lambda released: released.edit_one(reorder_imports),
    "import removed": lambda released: released.edit_one(remove_unused_import),
    "comment, docstring, annotation": lambda released: released.edit_one(document),
    "text() around SQL": lambda released: released.edit_one(wrap_in_text),
    "statement added": lambda released: released.edit_one(add_statement),
    "downgrade edited": lambda released: released.edit_one(edit_downgrade),
    "lock_timeout changed": lambda released: released.edit_one(change_timeout),
    "file moved": move_file,
    "folder moved": move_folder,
    "newest deleted": delete_newest,
    "older deleted": delete_older,
    "last five squashed": squash,
    "file with old faults touched": touch_queries,
    "new fault in a model file": add_fault,
}
