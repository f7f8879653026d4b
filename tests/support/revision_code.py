"""Words for tests of the reader: the body of an `upgrade()` in, what it does out."""

from __future__ import annotations

import textwrap
from pathlib import Path

from guard.operations import Opaque
from guard.python_source import PythonSource
from guard.reader import ParsedRevision, read_revision
from guard.reader.modules import Module, Resolver
from guard.statement import Statement

HEAD = "import sqlalchemy as sa\nfrom alembic import context, op\n"


def reading(
    code: str, folder: Path | None = None, dialect: str | None = "postgresql"
) -> ParsedRevision:
    """Return the reading of a whole revision file, helpers and other files being in `folder`."""
    file = folder / "revision.py" if folder else None
    module = Module(PythonSource.of_text("revision.py", textwrap.dedent(code)), file)
    return read_revision(module, Resolver(folder or Path("/nowhere")), "r1", dialect)


def read(
    body: str,
    *,
    above: str = "",
    files: dict[str, str] | None = None,
    folder: Path | None = None,
    dialect: str | None = "postgresql",
) -> list[str]:
    """Return `kind subject [condition] <dialects>` of each statement of the `upgrade()`.

    `above` stands at the top of the module; `files` are written into `folder`.
    """
    for name, text in (files or {}).items():
        assert folder is not None
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    code = HEAD + textwrap.dedent(above) + "\n\ndef upgrade():\n" + inside + "\n"
    upgrade = reading(code, folder, dialect).upgrade
    told = [_told(statement) for statement in upgrade.statements]
    return told if upgrade.raises is None else [*told, f"raises {upgrade.raises}".strip()]


def _told(statement: Statement) -> str:
    words = []
    for operation in statement.operations:
        subject = operation.code if isinstance(operation, Opaque) else operation.subject
        words.append(f"{operation.kind} {subject}".strip())
    told = ", ".join(words)
    if statement.condition is not None:
        marks = ["guarded"] * statement.guarded + ["repeated"] * statement.repeated
        told += f" [{' '.join([*marks, statement.condition])}]"
    if statement.dialects is not None:
        told += f" <{' '.join(statement.dialects)}>"
    if not statement.in_transaction:
        told += " autocommit"
    if statement.database is not None:
        told += f" @{statement.database}"
    return told
