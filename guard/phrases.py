"""Phrases that several rules use, so that they say the same thing in the same words."""

from __future__ import annotations

from collections.abc import Iterable

APPROVE = "record who agreed: guard approve"
UNDO_NO_MORE = f"Let downgrade() undo what upgrade() did and no more, or {APPROVE}"
URL = 'os.environ["DATABASE_URL"]'
URL_IN_ENV_PY = f'config.set_main_option("sqlalchemy.url", {URL}.replace("%", "%%"))'
LEAVE_THE_PROCESS_ALONE = (
    "Find what in it waits or ends the process: a revision must not stop the process it runs in."
)


def listed(lines: Iterable[str]) -> str:
    """Return the lines as a message shows them below its sentence: indented by two spaces."""
    return "\n".join(f"  {line}" for line in lines)
