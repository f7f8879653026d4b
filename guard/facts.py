"""Facts about revisions, source code, runs and suppressions: judged by rules, as operations are.

Each says what was found and where; its meaning, and the remedy, are its rule's affair.
"""

import hashlib
from typing import Literal

import msgspec

from guard.finding import Edit
from guard.schema.model import ReadOnlySchema
from guard.statement import Direction, Piece, Span, Steps


def _short_hash(*parts: str | None) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:12]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """`span`: where to point; `revision`: its id where there is one."""

    span: Span
    revision: str | None = None

    @property
    def subject(self) -> str:
        """The object an approval of it names."""
        return self.revision or self.span.path

    @property
    def fingerprint(self) -> str:
        """The version of it that an approval is bound to; empty where the subject says it all."""
        return ""


# What each part of a run finds: it must have run, or the rules on its facts had no say.


class HistoryFact(Fact, frozen=True, kw_only=True):
    """Found by comparing with the base."""


class SourceFact(Fact, frozen=True, kw_only=True):
    """Found by reading, like the operations: in revisions and in the source around them."""


class RoundTripFact(Fact, frozen=True, kw_only=True):
    """Found by running the revisions."""


class SuppressionFact(Fact, frozen=True, kw_only=True):
    """Found in each run, in comments, approvals and settings."""


# History

LOCK = "guard.lock"  # the `base` of a fact where that file, and no git, says what is released


class EditedRevision(HistoryFact, frozen=True, kw_only=True):
    """A revision that is on the base does something else now.

    `difference`: lines that begin with - or +. `only_timeouts`: it does the same, and waits for
    locks or statements longer or shorter.
    """

    base: str  # the ref, as the user knows it
    difference: tuple[str, ...]
    content_hash: str  # of the new text, so that an approval covers just this edit
    only_timeouts: bool = False
    moved_from: str | None = None  # its path on the base, where that is another
    through: str | None = None  # the file that was edited, where that is not its own

    @property
    def fingerprint(self) -> str:
        return self.content_hash[:12]


class EditedDowngrade(HistoryFact, frozen=True, kw_only=True):
    """Only the downgrade of a revision that is on the base changed."""

    base: str
    difference: tuple[str, ...]
    through: str | None = None  # the file that was edited, where that is not its own


class DeletedRevision(HistoryFact, frozen=True, kw_only=True):
    """A revision that is on the base is gone.

    `taken_by`: its id stands for another one in that file, and `now_called` is the id that its own
    has got, if it is still there. `renamed_to`: a .sql file that its tool takes for another one.
    `orphans` are the revisions that name it as one that comes before them.
    """

    base: str
    taken_by: str | None = None
    now_called: str | None = None
    renamed_to: str | None = None
    orphans: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        became = (self.taken_by, self.now_called, self.renamed_to)
        return _short_hash(*became) if any(became) else ""


class SquashedRevisions(HistoryFact, frozen=True, kw_only=True):
    """Revisions that are on the base are gone, and the new one `by` stands in their place.

    `ids` are in their order, the last one is `revision`. `difference`: `- ` before what only they
    made, `+ ` before what only the new one makes; `proven`: all of both was read.
    """

    base: str
    ids: tuple[str, ...]
    by: str
    content_hash: str  # of the ids and the new text, so that an approval covers just this squash
    difference: tuple[str, ...] = ()
    proven: bool = False

    @property
    def fingerprint(self) -> str:
        return self.content_hash[:12]


class MovedRevision(HistoryFact, frozen=True, kw_only=True):
    """Released revisions stand in other files with the same content; `moves`: from and to.

    `unread`: in a folder that Alembic does not enter, so that for a database they are gone; then
    `revision` is the last of them.
    """

    base: str
    moves: tuple[tuple[str, str], ...]
    unread: bool = False


class ReparentedRevision(HistoryFact, frozen=True, kw_only=True):
    """`attribute` is down_revision, depends_on, branch_labels or revision."""

    base: str
    attribute: str
    before: str
    after: str

    @property
    def fingerprint(self) -> str:
        return _short_hash(self.attribute, self.before, self.after)


class NewParent(msgspec.Struct, frozen=True, kw_only=True):
    """A released revision that was made to come after a new one; `span` is the line that says so.

    `attribute` is down_revision or depends_on.
    """

    span: Span
    revision: str
    attribute: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class InsertedRevision(HistoryFact, frozen=True, kw_only=True):
    """A new revision stands below released ones; where several new ones do, it is the first.

    `heads` are those of the base that come after the released ones.
    """

    base: str
    below: tuple[NewParent, ...]
    heads: tuple[str, ...]


class MultipleHeads(HistoryFact, frozen=True, kw_only=True):
    """`heads`: (revision id, path, where): "this change" or the base ref on which it is.

    `first` is the path of the revision with which this change leaves the base's history, where the
    change has one head, and one revision of the base before it.
    """

    heads: tuple[tuple[str, str, str], ...]
    first: str | None = None


class BrokenChain(HistoryFact, frozen=True, kw_only=True):
    """A graph that Alembic cannot walk; `detail` is the condition in a sentence."""

    problem: Literal[
        "missing-parent", "cycle", "duplicate", "no-revision", "unreadable", "computed"
    ]
    detail: str
    missing: str | None = None  # the id of the parent that is none
    needs: str = ""  # the version of Python that could read an unreadable file


class GateWeakened(HistoryFact, frozen=True, kw_only=True):
    """The change itself makes the gate that judges it let more through.

    `key` is the setting, or "approval", "baseline", "run"; `effect` says what it does. `held`: only
    what is on a given ref may decide, so that this has to be agreed to there.
    """

    base: str
    key: str
    effect: str
    held: bool = False

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.effect.encode()).hexdigest()[:12]


class SchemaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision makes of a database: before, after its upgrade, after its downgrade too."""

    before: ReadOnlySchema
    between: ReadOnlySchema
    after: ReadOnlySchema
    database: str | None = None  # of a multidb revision


class Migration(SourceFact, frozen=True, kw_only=True):
    """A whole revision: both directions, and what each of its databases holds around them.

    `tool`: what runs it, where "sql" are files of statements that may have no way back at all.
    `irreversible` is the reason in a comment that says there is none, None without one. It points
    to the start of the downgrade's function, or of the upgrade's where that is missing.
    """

    tool: Literal["alembic", "sql"]
    upgrade: Steps
    downgrade: Steps
    schemas: tuple[SchemaChange, ...]
    irreversible: str | None = None
    idle: bool = False  # neither direction does anything, to a database or to something else
    joins: bool = False  # branches come together in it, or one that has a name begins


# Models


class ModelDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A thing on which a model and its table do not agree: in the words of either, "" for nothing.

    `column` is the one it is about, where the model has it; `harmless`: code that does not know of
    it runs well all the same. `by_revision`: without the new revisions they would agree on it.
    """

    thing: str  # "column total", "column total: type", "index ix_total on (total)", "table"
    models: str
    schema: str
    column: str | None = None
    label: str | None = None  # that column as the author of the model calls it: "Order.total"
    harmless: bool = False
    by_revision: bool = False


class ModelChanged(SourceFact, frozen=True, kw_only=True):
    """A table on which the models and the revisions agreed at the base, and no longer do.

    `model` is the class or table as its author calls it; None where it is gone. `new` are the
    revisions that the change adds, and `command` is what writes one more.
    """

    table: str
    model: str | None
    differences: tuple[ModelDifference, ...]
    new: tuple[str, ...] = ()
    command: str

    @property
    def subject(self) -> str:
        return self.table


# Source


class DatabaseLiteral(SourceFact, frozen=True, kw_only=True):
    """A database URL or file written in code or configuration; `text` has its password masked.

    `fallback`: it only stands in where a setting or environment variable is missing.
    """

    text: str
    where: str  # "create_engine()", "sqlalchemy.url", "assigned to DATABASE_URL", ...
    has_password: bool
    fallback: bool = False
    section: str | None = None  # of an ini


class BuiltSql(SourceFact, frozen=True, kw_only=True):
    """SQL text that was put together and executed; `pieces` are those that are not plain text.

    `elsewhere` is another file, where one writes the text and executes it.
    `function`: what was called with it, such as `sa.text` or `connection.execute`.
    """

    pieces: tuple[Piece, ...]
    how: str  # "f-string", "%", ".format()", "+", "join", ...
    sql: str  # the text with {expression} for each piece
    elsewhere: str | None = None
    function: str = ""


class BlockingCall(SourceFact, frozen=True, kw_only=True):
    """A call inside of the `async def` `caller` that waits for a database on the event loop.

    `chain` are the functions called from there on, the last of which waits; `places` where each of
    them calls the next. `library`: what the last one belongs to ("session", "sqlite3", ...), ""
    where it uses what it has opened itself.
    `handed` is the call as arguments of `asyncio.to_thread`, "" where it cannot be handed over.
    """

    caller: str
    chain: tuple[str, ...]
    places: tuple[Span, ...]
    library: str
    handed: str = ""


class LazyLoad(SourceFact, frozen=True, kw_only=True):
    """The `async def` `caller` reads a relationship that its AsyncSession has not loaded.

    `code` is what is read, `relationship` the model's attribute. `loaded` is what loaded the
    object: "get" or "select".
    """

    caller: str
    code: str
    relationship: str
    loaded: Literal["get", "select"]


class LegacyUse(SourceFact, frozen=True, kw_only=True):
    """Code that uses what SQLAlchemy deprecated in one version, and maybe removed in another.

    `instead` is what to write, `fix` the edits that do it where that is certain. `ignored`: the
    version that removed it says nothing, and does nothing.
    """

    what: str  # as a message shows it: "`Query.get()`"
    instead: str
    deprecated: tuple[int, int] = (1, 4)
    removed: tuple[int, int] | None = None
    ignored: bool = False
    fix: tuple[Edit, ...] = ()


class DestructiveCall(SourceFact, frozen=True, kw_only=True):
    """Ordinary code, no revision, that drops or empties tables each time it runs.

    `tables` is a table's name, or which tables they are: "every table of Base.metadata"; of a
    column that is dropped it is `table.column`, else the name of the schema or database.
    """

    does: Literal["drop", "drop column", "drop schema", "drop database", "truncate", "delete"]
    tables: str
    code: str

    @property
    def subject(self) -> str:
        return self.tables

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.code.encode()).hexdigest()[:12]


class UnboundName(SourceFact, frozen=True, kw_only=True):
    """A name in a model that nothing binds when its class is made.

    `later`: the line that binds it too late; `imported`: the line that imports it, where its name
    tells from where.
    """

    name: str
    model: str  # the class, or the table
    later: int | None = None
    imported: str | None = None


class WrittenColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column as its model writes it; `nullable` is None where it does not say so."""

    name: str
    span: Span
    nullable: bool | None = None
    primary_key: bool = False
    foreign_key: bool = False
    indexed: bool = False


class WrittenTable(SourceFact, frozen=True, kw_only=True):
    """A table as a model describes it; `keyed` and `indexed`: by what stands beside the columns.

    Not `whole`: a base or mixin that is not in sight may add to it.
    """

    table: str
    model: str
    columns: tuple[WrittenColumn, ...]
    keyed: bool = False
    indexed: tuple[str, ...] = ()  # the first columns of indexes and keys
    whole: bool = True


class PolicyCopy(SourceFact, frozen=True, kw_only=True):
    """A value that the configuration keeps in one module, written or read elsewhere.

    `how`: defined once more, written out, read from the environment, imported from elsewhere.
    """

    name: str
    module: str  # dotted, as it is imported
    how: Literal["redefined", "literal", "environment", "imported"]
    code: str


class LiveModel(msgspec.Struct, frozen=True, kw_only=True):
    """A mapped class or a Table; of its `columns`, those that a revision seems to have `used`."""

    name: str
    table: str | None
    columns: tuple[str, ...]
    used: tuple[str, ...]


class ApplicationImport(SourceFact, frozen=True, kw_only=True):
    """A revision imports `names` of the application's file `path`, where they will change.

    `models` are those among them that are one. `whole`: all of their tables is taken, as by
    `create_all`. `through`: the helper of the revisions that imports it. `beside` is the folder
    that a helper of theirs stands in.
    """

    path: str
    names: tuple[str, ...]
    models: tuple[LiveModel, ...] = ()
    whole: bool = False
    through: str | None = None
    beside: str = ""


class UnreadableSource(SourceFact, frozen=True, kw_only=True):
    """A file that the source rules should judge and nobody can read; `detail` begins with "it"."""

    detail: str
    needs: str = ""  # the version of Python that could read it


# Round trip


class RunFailure(RoundTripFact, frozen=True, kw_only=True):
    """A step of the round trip failed: the fields that the facts of all steps share.

    `stopped`: the whole run ended in it, so it is not known whether rows are to blame. `refused`:
    it reached for what lies outside of the scratch database, and guard did not let it. `likely`:
    the reason, where that is a model of today that the revision uses.
    """

    error: str  # the exception's own words
    sql: str | None = None
    stopped: bool = False
    refused: bool = False
    likely: ApplicationImport | None = None


class UpgradeFailed(RunFailure, frozen=True, kw_only=True):
    """An upgrade failed on empty tables, or stopped the run."""


class UpgradeFailedWithRows(RunFailure, frozen=True, kw_only=True):
    """An upgrade passed on empty tables and failed once they held rows."""


class DowngradeFailed(RunFailure, frozen=True, kw_only=True):
    """A downgrade failed right after its own upgrade."""


class SecondUpgradeFailed(RunFailure, frozen=True, kw_only=True):
    """An upgrade failed when it was repeated after its downgrade."""


class SchemaDrift(RoundTripFact, frozen=True, kw_only=True):
    """Two schemas that should be the same differ: the fields that the facts of all pairs share.

    `difference`: lines that begin with - or +.
    """

    difference: tuple[str, ...]


class SchemaNotRestored(SchemaDrift, frozen=True, kw_only=True):
    """The schema after a downgrade (+) is not the one before its upgrade (-)."""


class SchemaNotRepeatable(SchemaDrift, frozen=True, kw_only=True):
    """The schema after the second upgrade (+) is not the one after the first (-)."""


class ModelsDiffer(SchemaDrift, frozen=True, kw_only=True):
    """The application's models (+) describe another schema than the revisions make (-).

    `dropped` are those of its lines that say what a new revision drops. `told`: reading has told
    all of it.
    """

    dropped: tuple[str, ...] = ()
    told: bool = False


class RowsLost(RoundTripFact, frozen=True, kw_only=True):
    """Rows or values that were there before the step and are gone or changed after it.

    `dropped` are the tables that the step dropped, and so took along what refers to them.
    """

    stage: Direction
    difference: tuple[str, ...]
    dropped: tuple[str, ...] = ()


class RowsReachable(RoundTripFact, frozen=True, kw_only=True):
    """What a step, that ran without foreign keys enforced, would do to rows where they are.

    It makes `table` anew: `difference` goes, or it fails with this `error`. `enforced` is the place
    where the project turns the enforcement on, and `handed_over`: env.py may be given a connection
    of that kind.
    """

    stage: Direction
    table: str
    difference: tuple[str, ...]
    error: str
    enforced: str = ""
    handed_over: bool = False


class DeclaredIrreversible(RoundTripFact, frozen=True, kw_only=True):
    """The downgrade raised the error that it was written to raise."""

    message: str


class UnreadStatement(RoundTripFact, frozen=True, kw_only=True):
    """An upgrade ran a statement that takes something away, and that reading did not show.

    `says`: what a rule has to say of it.
    """

    sql: str
    says: str


# Suppression


class UnknownRuleName(SuppressionFact, frozen=True, kw_only=True):
    """A name in a comment, approval or configuration that is no rule."""

    name: str
    where: str
    suggestion: str | None


class UnusedSuppression(SuppressionFact, frozen=True, kw_only=True):
    """A comment, approval or entry of the baseline that silenced nothing, and why if that is known.

    `remedy` only where it is not to remove it by hand.
    """

    what: str
    why: str
    remedy: str = ""


class MissingReason(SuppressionFact, frozen=True, kw_only=True):
    what: str
