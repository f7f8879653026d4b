"""The vocabulary: its words are closed sets, so that a misspelt one is an error and no silence."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from guard.judge import inverse
from guard.operations import OPERATIONS, Operation
from guard.schema.apply import CHANGES, HANDED_DOWN
from guard.show import operations as show

ROOT = Path(__file__).parent.parent
FIELDS = ("action", "object_type", "command", "mode")


def literals(hint: object) -> set[str]:
    """Return the words of a Literal, also of an optional one."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return set(arguments)
    return {word for argument in arguments for word in literals(argument)}


def words_of() -> dict[tuple[str, str], set[str]]:
    """Return the words that a field of an operation may hold, and those of any that has it."""
    found: dict[tuple[str, str], set[str]] = {}
    for operation in OPERATIONS:
        hints = typing.get_type_hints(operation)
        for field in set(FIELDS) & hints.keys():
            found[operation.__name__, field] = literals(hints[field])
            found.setdefault(("", field), set()).update(literals(hints[field]))
    return found


WORDS = words_of()


def test_every_word_is_one_of_a_closed_set() -> None:
    assert {field for _, field in WORDS} == set(FIELDS)
    assert all(WORDS.values())


# The tables that have a row for each operation, and those that need none there.

NOT_REPLAYED = {
    "it changes no table, and nothing else that the replay holds": (
        "LockTable Reindex Query Permission Maintenance"
    ),
    "it holds for the session, the transaction or the server": (
        "SetOption TransactionControl AlterSystem"
    ),
    "a new database is empty": "CreateDatabase",
    "the replay puts what the routine does in its place": "CallRoutine",
    "nobody knows what it changes: `change` itself marks everything uncertain": "Opaque",
}
NOT_HANDED_DOWN = {
    "it is about the table as a whole, and sees to the partitions itself": (
        "CreateTable DropTable RenameTable AttachPartition DetachPartition"
    ),
    "each partition has its own": "AlterTable RenameIndex DropIndex CreateObject DropObject",
    "only MySQL has it, whose partitions have no names": "ModifyColumn",
    "which partition the rows are in is not known: `fill` marks them all": "Insert Update Merge",
    "it changes nothing that the replay holds": "LockTable Maintenance",
    "of tables, it names the index of the partition itself": "AlterObject",
}
NOT_UNDONE = {
    "it changes what is there, and makes and removes nothing": (
        "AlterColumn ValidateConstraint AlterConstraint Update RenameEnumValue AlterDomain "
        "AlterObject SetComment Permission"
    ),
    "no server takes the value of an enum away": "AddEnumValue",
    "it leaves nothing behind": (
        "LockTable Reindex Query RefreshMaterializedView SetOption TransactionControl Maintenance"
    ),
    "it is about the whole server": "AlterSystem",
    "the replay puts what the routine does in its place": "CallRoutine",
}
NOTHING_TO_ADD = {
    "its name and its object say it all": (
        "DropTable Truncate DropColumn SetNotNull DropNotNull DropDefault DropConstraint "
        "ValidateConstraint DropIndex Merge CreateSchema DropSchema CreateDatabase DropDatabase "
        "RefreshMaterializedView CallRoutine"
    ),
}


def matched(module: ModuleType) -> set[str]:
    """Return the names of the classes that the module's `case`s are about."""
    patterns = ast.walk(ast.parse(inspect.getsource(module)))
    found = {ast.unparse(node.cls) for node in patterns if isinstance(node, ast.MatchClass)}
    return found & named(OPERATIONS)


def named(operations: Iterable[type[Operation]]) -> set[str]:
    return {operation.__name__ for operation in operations}


ALL = named(OPERATIONS)


@pytest.mark.parametrize(
    ("rows", "of", "exempt"),
    [
        (named(CHANGES), ALL, NOT_REPLAYED),
        (
            named(HANDED_DOWN),
            named(o for o in OPERATIONS if "table" in o.__struct_fields__),
            NOT_HANDED_DOWN,
        ),
        (matched(inverse), ALL, NOT_UNDONE),
        (matched(show), ALL, NOTHING_TO_ADD),
    ],
    ids=["replayed", "handed down", "undone", "shown"],
)
def test_each_operation_has_a_row_or_a_reason(
    rows: set[str], of: set[str], exempt: dict[str, str]
) -> None:
    without = [name for names in exempt.values() for name in names.split()]
    assert len(without) == len(set(without))
    assert not rows & {*without}
    assert rows | {*without} == of


# mypy finds what is compared by ==, and what is built. Of `in` and `case a | b` it says nothing
# as long as one of the words is right.


def texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def compared(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Yield the operation ("" for any), the field and the word of every comparison."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
            for word in (word for right in node.comparators for word in texts(right)):
                yield "", node.left.attr, word
        elif isinstance(node, ast.Match) and isinstance(node.subject, ast.Attribute):
            for word in (word for case in node.cases for word in texts(case.pattern)):
                yield "", node.subject.attr, word
        elif isinstance(node, ast.MatchClass):
            for field, pattern in zip(node.kwd_attrs, node.kwd_patterns, strict=True):
                name = node.cls.id if isinstance(node.cls, ast.Name) else ""
                yield from ((name, field, word) for word in texts(pattern))


def misspelt(source: str) -> list[str]:
    return [
        f"{field} {word!r}"
        for operation, field, word in compared(ast.parse(source))
        if field in FIELDS and word not in WORDS.get((operation, field), WORDS["", field])
    ]


@pytest.mark.parametrize(
    "file",
    sorted([*(ROOT / "guard").rglob("*.py"), *(ROOT / "rules").rglob("*.py")]),
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_no_comparison_names_a_word_that_is_none(file: Path) -> None:
    assert misspelt(file.read_text(encoding="utf-8")) == []


CHECKS = [  # a comparison that never holds, and whether mypy sees it
    ("if operation.action == 'set-loged': pass", True),
    ("AlterTable(table=operation.table, action='set-loged')", True),
    ("if operation.action in ('set-logged', 'set-unloged'): pass", False),
    ("match operation:\n    case AlterTable(action='set-logged' | 'set-unloged'): pass", False),
    ("match operation.action:\n    case 'set-logged' | 'set-unloged': pass", False),
]


@pytest.mark.parametrize("code", [code for code, seen_by_mypy in CHECKS if not seen_by_mypy])
def test_a_misspelt_word_that_mypy_passes_is_found(code: str) -> None:
    assert misspelt(code) == ["action 'set-unloged'"]
    assert misspelt(code.replace("unloged", "unlogged")) == []


@pytest.mark.slow
@pytest.mark.parametrize("code", [code for code, seen_by_mypy in CHECKS if seen_by_mypy])
def test_mypy_finds_a_misspelt_word_in_a_rule(code: str, tmp_path: Path) -> None:
    def errors(body: str) -> str:
        head = (
            "from guard.operations import AlterTable\n\ndef check(operation: AlterTable) -> None:"
        )
        (tmp_path / "rule.py").write_text(f"{head}\n    {body}\n")
        command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml"]
        path = str(tmp_path / "rule.py")
        return subprocess.run(
            [*command, path], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout

    assert "set-loged" in errors(code)
    assert "Success" in errors(code.replace("loged", "logged"))
