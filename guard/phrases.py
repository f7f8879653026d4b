"""Phrases that several rules use, so that they say the same thing in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guard.context import Remains

APPROVE = "record who agreed: guard approve"
UNDO_NO_MORE = f"Let downgrade() undo what upgrade() did and no more, or {APPROVE}"
MOST_LINES = 10  # of an edit that is shown
URL = 'os.environ["DATABASE_URL"]'
URL_IN_ENV_PY = f'config.set_main_option("sqlalchemy.url", {URL}.replace("%", "%%"))'
NO_SUCH_OPERATION = (
    "Call one of Alembic's operations (op.alter_column() also renames a column), or op.execute() "
    "with the SQL."
)
LEAVE_THE_PROCESS_ALONE = (
    "Find what in it waits or ends the process: a revision must not stop the process it runs in."
)


def listed(lines: Iterable[str]) -> str:
    """Return the lines as a message shows them below its sentence: indented by two spaces."""
    return "\n".join(f"  {line}" for line in lines)


def with_edit(what: str, difference: Sequence[str], effect: str) -> str:
    """Return the sentence "what: effect" with the lines of an edit, which begin with - or +.

    One line of each fits into the sentence; of more, the first ten stand below it.
    """
    gone = [line[2:] for line in difference if line[0] == "-"]
    come = [line[2:] for line in difference if line[0] == "+"]
    match gone, come:
        case [], []:
            return f"{what}: {effect}"
        case [], [new]:
            return f"{what} (`{new}` was added): {effect}"
        case [old], []:
            return f"{what} (`{old}` was removed): {effect}"
        case [old], [new]:
            return f"{what} (`{old}` became `{new}`): {effect}"
    more = len(difference) - MOST_LINES
    rest = [f"and {more} more line{'s' if more > 1 else ''}"] if more > 0 else []
    return f"{what}: {effect}\n{listed([*difference[:MOST_LINES], *rest])}"


def taken_away(what: str, remains: Remains | None, opposite: str) -> str:
    """Return what happens to rows or values that are dropped: deleted, or kept in a copy.

    `what` are "its rows" or "its values"; `opposite` is the direction that might restore them.
    """
    if remains is None:
        return f"deletes {what}, and no {opposite} restores them"
    if not remains.all_rows:
        return (
            f"deletes {what} as far as the copy in {remains.place} leaves rows out, and no "
            f"{opposite} restores them"
        )
    if remains.lost:
        return (
            f"deletes the values of {', '.join(remains.lost)}, which the copy in {remains.place} "
            f"leaves out, and no {opposite} restores them"
        )
    if not remains.listed:
        return (
            f"deletes the values of whatever columns the copy in {remains.place} leaves out (it "
            f"has {', '.join(remains.kept)}), and no {opposite} restores them"
        )
    if remains.brought_back:
        return f"leaves {what} in {remains.place}, from where {opposite}() brings them back"
    return f"leaves {what} in {remains.place} only: {opposite}() does not bring them back"
