"""Phrases that several rules use, so that they say the same thing in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from guard.context import Context, Mapped, Remains, TableSize
from guard.effects.effect import Effect, TableEffect
from guard.facts import LOCK, ApplicationImport, LiveModel, RunFailure
from guard.operations import CreateView, DropObject, Name, SetOption
from guard.schema.model import View
from guard.statement import Statement

APPROVE = "record who agreed: guard approve"
NEVER_TOUCH_RELEASED = "NEVER edit, delete or reparent a released migration"
ALWAYS_A_NEW_REVISION = "ALWAYS put a change of the schema into a new migration"
ALWAYS_A_MIGRATION = (
    "ALWAYS make a migration for a change of the models: "
    '`alembic revision --autogenerate -m "description"`'
)
ALWAYS_A_DOWNGRADE = (
    "ALWAYS write a downgrade that leads back to the schema from before; where there is no way "
    "back, say why: `# guard: irreversible REASON`"
)
ALWAYS_UP_DOWN_UP = (
    "ALWAYS test a migration up, down and up again, with rows in the tables: `guard check` does it"
)
COPYING_TOOLS = "gh-ost or pt-online-schema-change"
MOST_LINES = 10  # of an edit that is shown
URL = 'os.environ["DATABASE_URL"]'
NO_SUCH_OPERATION = (
    "Call one of Alembic's operations (op.alter_column() also renames a column), or op.execute() "
    "with the SQL."
)
LEAVE_THE_PROCESS_ALONE = (
    "Find what in it waits or ends the process: a revision must not stop the process it runs in."
)

STAY_INSIDE = (
    "Let it work on the connection that env.py gives it, and on nothing else; a folder of the "
    "repository that it has to write to is named by `writable` in guard's settings"
)


def listed(lines: Iterable[str]) -> str:
    """Return the lines as a message shows them below its sentence: indented by two spaces."""
    return "\n".join(f"  {line}" for line in lines)


def restored(base: str, path: str) -> str:
    """Return how to get a released file back: the command, or what the lock still tells of it."""
    if base == LOCK:
        return f"{path}, as it was when {LOCK} was written"
    return f"git checkout {base} -- {path}"


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


def url_in_env_py(setting: str, section: str | None) -> str:
    """Return the code for env.py that sets an ini's URL from the environment."""
    value = f'{URL}.replace("%", "%%")'
    if section in (None, "alembic"):
        return f'import os\nconfig.set_main_option("{setting}", {value})'
    return f'import os\nconfig.set_section_option("{section}", "{setting}", {value})'


def let_guard_find_python(version: str) -> str:
    """Return what to do about a file that takes a newer Python to read than guard has found."""
    return (
        f"Install Python {version} where guard runs, as python{version}, or name the one that the "
        f'project has: python = "/usr/bin/python{version}" in [tool.guard]'
    )


def say_so(statement: Statement, rule: str, why: str) -> str:
    """Return the comment that silences a rule where the statement stands."""
    return f"{'--' if statement.in_sql_file else '#'} guard: ignore[{rule}] <{why}>"


def undo_no_more(statement: Statement) -> str:
    """Return the remedy for a downgrade that takes away more than its upgrade made."""
    if statement.in_sql_file:
        return f"Let the downgrade undo what the upgrade did and no more, or {APPROVE}"
    return f"Let downgrade() undo what upgrade() did and no more, or {APPROVE}"


def dropped_by_code(what: str, call: str) -> tuple[str, str]:
    """Return what is wrong with code of the application that drops it, and what to do.

    `what` is it and what goes with it; `call` drops it in a revision, empty or with a hole where
    its name is not known.
    """
    where = f": {call}" if call and "{" not in call else ""
    return (
        f"This drops {what} each time the code runs, and no revision knows.",
        f"Drop it in a revision, where a downgrade and a review belong to it{where}. If the code "
        f"is meant to, {APPROVE}",
    )


def taken_away(
    what: str, remains: Remains | None, statement: Statement, *, rewritten: bool = False
) -> str:
    """Return what a statement does to rows or values: it deletes them, or they are in a copy.

    `what` are "its rows" or "its values"; `rewritten`: the way back writes there.
    """
    opposite = statement.opposite_direction
    way_back = f"the {opposite}" if statement.in_sql_file else f"{opposite}()"
    if remains is None and rewritten:
        return f"deletes {what}, and {way_back} writes them anew, as far as it finds them elsewhere"
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
        return f"leaves {what} in {remains.place}, from where {way_back} brings them back"
    return f"leaves {what} in {remains.place} only: {way_back} does not bring them back"


def brought_back(what: str) -> str:
    """Return what a statement does to rows or values that a run has seen come back."""
    return f"takes {what} away, and downgrade() brought them all back in the scratch run"


def running_code_fails(mapped: Mapped, what: str) -> str:
    """Return that running code fails that maps `what`, and since when no code does."""
    if mapped.still:
        return f"running code fails: `{mapped.by}` maps {what}"
    return (
        f"code that is running meanwhile fails: `{mapped.by}` maps {what} until this change is "
        "deployed"
    )


def breaks(mapped: Mapped | None, name: str) -> str:
    """Return what a rename of something that is called so does to running code."""
    if mapped is None:
        return f"breaks running code that still asks for {name}"
    if mapped.by is None:
        return f"breaks SQL that names {name}; no model of the base maps it"
    return f"breaks running code: `{mapped.by}` maps {name}"


def views_left(table: Name, column: str | None, context: Context) -> str:
    """Return a sentence on MySQL's views that ask for a table or column that goes; "" for none.

    Neither a rename nor a drop looks at them. Those that this revision makes anew do not count.
    """
    if not context.server.is_mysql:
        return ""
    later = [operation for statement in context.after for operation in statement.operations]
    again = {o.name.name for o in later if isinstance(o, CreateView | DropObject)}
    words = [table.name, *([column] if column else [])]
    named = [re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE) for word in words]
    found = [
        item.name.name
        for item in context.schema.objects()
        if isinstance(item, View) and item.certain and item.name.name not in again
        if item.query and all(name.search(item.query) for name in named)
    ]
    if not found:
        return ""
    one = len(found) == 1
    which, ask = ("View", "asks for it and fails") if one else ("Views", "ask for it and fail")
    return f" {which} {', '.join(found)} {ask} from then on."


def without_it_first(mapped: Mapped | None, what: str) -> str:
    """Return how a drop is deployed that code knows, or may know; "" where none does."""
    if mapped is not None and mapped.by is None:
        return ""
    if mapped is not None and not mapped.still:
        return (
            f"Deploy the model without {what} first, which this change brings, and drop it in a "
            "later release"
        )
    place = f" ({mapped.by})" if mapped is not None else ""
    return (
        f"Remove {what} from the model{place} and deploy that first; then drop it in a later "
        "deployment"
    )


def instead_of_import(imported: ApplicationImport) -> str:
    """Return what a revision does instead of importing that from the application."""
    if imported.whole:
        return (
            "Write the tables out in the revision, as they are at this point: op.create_table(...)"
        )
    tables = "\n".join(_as_table(model) for model in imported.models if model.table)
    if tables:
        return f"Describe in the revision what it needs, as it is at this point:\n{tables}"
    if imported.models:
        return (
            "Describe in the revision what it needs of the table, as it is at this point, with "
            "sa.table() and sa.column()"
        )
    return (
        "Copy what the revision needs into it, or into a module beside the revisions that is not "
        f"edited later ({imported.beside}/helpers.py)"
    )


def _as_table(model: LiveModel) -> str:
    columns = "".join(f', sa.column("{column}")' for column in model.used)
    return f'{model.table} = sa.table("{model.table}"{columns})'


def reason_of(failure: RunFailure) -> tuple[str, str]:
    """Return why a run failed and what to do, each "" where nothing better is known."""
    if failure.refused:
        return "", STAY_INSIDE
    if failure.likely is None:
        return "", ""
    names, path = ", ".join(failure.likely.names), failure.likely.path
    why = (
        f" The likely reason: it uses {names} of {path} as it is today, and the database is here "
        "as it was when the revision was written."
    )
    return why, instead_of_import(failure.likely)


def what_waits(effect: Effect, size: TableSize | None = None) -> str:
    """Return the lock that a statement takes, for how long, and what waits for it meanwhile.

    To follow "Creating index ix ": it `takes SHARE on orders while every row is read: writes wait`.
    `size` is the table's, where the project says it.
    """
    if effect.lock.startswith("LOCK="):
        return f"{_work_on_mysql(effect, size)}: {_waiting(effect)}"
    also = "".join(f", and {other.lock} on {other.table}" for other in effect.related)
    return f"takes {effect.lock} on {effect.table}{also}{_how_long(effect, size)}: " + _waiting(
        effect, *effect.related
    )


def _how_long(effect: Effect, size: TableSize | None) -> str:
    rows = f"{size.rows:,} rows" if size else "every row"
    likely = f" (likely {likely_time(size, writes=effect.rewrites)})" if size else ""
    if effect.rewrites:
        return f" while {rows} and all indexes are written anew{likely}"
    if effect.scans or any(other.scans for other in effect.related):
        return f" while {rows} {'are' if size else 'is'} read{likely}"
    return ", for a moment, but not before each open transaction that uses it has ended"


def likely_time(size: TableSize, *, writes: bool) -> str:
    """Return how long it takes an ordinary server to read or write a table: the order of it."""
    rows, size_of_rows = (50_000, 30_000_000) if writes else (500_000, 200_000_000)  # in a second
    seconds = max(size.rows / rows, (size.bytes or 0) / size_of_rows)
    limits = ((1, "less than a second"), (60, "seconds"), (3600, "minutes"))
    return next((words for limit, words in limits if seconds < limit), "hours")


def _work_on_mysql(effect: Effect, size: TableSize | None) -> str:
    grows = effect.rewrites or effect.scans
    likely = f", likely {likely_time(size, writes=effect.rewrites)}" if size and grows else ""
    rows = f" ({size.rows:,} rows{likely})" if size else ""
    done = "copies" if "writes" in effect.blocks else "rebuilds"
    verb = done if effect.rewrites else "reads" if effect.scans else "changes"
    return f"{verb} {effect.table}{rows} with {effect.lock}"


def _waiting(*effects: TableEffect) -> str:
    blocked = set().union(*(effect.blocks for effect in effects))
    if "reads" in blocked:
        return "reads and writes wait"
    return "writes wait" if "writes" in blocked else "reads and writes go on"


def reads_rows(effect: Effect) -> bool:
    """Return whether the rows of a table, or of its partitions, are all read or written anew."""
    return any(one.scans or one.rewrites for one in (effect, *effect.related))


def checks_foreign_keys(context: Context) -> bool:
    """Return whether MySQL or MariaDB looks at the rows when a foreign key is added."""
    name, setting = "foreign_key_checks", context.settings.get("foreign_key_checks")
    value = setting.value if setting else None
    for operation in context.statement.operations:
        if isinstance(operation, SetOption) and operation.scope == "statement":
            value = operation.value if operation.name == name else value
    return value is None or value.strip("'\"").lower() not in ("0", "off", "false")
