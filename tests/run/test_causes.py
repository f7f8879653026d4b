"""One cause, one finding: in loops, and where the run proves what a rule said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command_line import PROJECT, VERSIONS, chain, guard, write
from roundtrip_project import revision

from guard.facts import ModelsDiffer, SecondUpgradeFailed
from guard.finding import Finding, Foretold
from guard.run.causes import told_before
from guard.run.drift import split
from guard.run.proofs import proven
from guard.statement import Span

NONE = "raise NotImplementedError('gone')  # guard: irreversible gone"
LOOPS: dict[str, tuple[str, list[str]]] = {
    "a while loop, walked twice": (
        "left = ['a', 'b']\nwhile left:\n    failed = []\n    for name in left:\n        try:\n"
        "            op.drop_table(name)\n        except Exception:\n"
        "            failed.append(name)\n    left = failed",
        ["drop-table a", "drop-table b"],
    ),
    "the same table in each turn": (
        "for schema in range(3):\n    op.execute('DELETE FROM a')",
        ["delete-without-where a"],
    ),
    "unknown SQL in each turn": (
        "from audit import made\nfor maker in (made.one, made.two):\n    op.execute(str(maker()))",
        ["opaque-sql "],
    ),
    # different causes
    "two tables on one line": (
        "for name in ('a', 'b'): op.drop_table(name)",
        ["drop-table a", "drop-table b"],
    ),
    "two columns on one line": (
        "for name in ('x', 'y'): op.drop_column('a', name)",
        ["drop-column a.x", "drop-column a.y"],
    ),
    "the same table on two lines": (
        "op.execute('DELETE FROM a')\nop.execute('DELETE FROM a')",
        ["delete-without-where a", "delete-without-where a"],
    ),
    "two ways to drop it on one line": (
        "for more in ('', ' CASCADE'): op.execute('DROP TABLE a' + more)",
        ["drop-cascade a", "drop-table a", "drop-table a"],
    ),
}


def findings(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = guard(folder, *arguments, "--output-format", "json")
    found: list[dict[str, Any]] = json.loads(done.output)["findings"]
    return [finding for finding in found if finding["severity"] != "info"]


@pytest.mark.parametrize("case", LOOPS)
def test_loops(case: str, tmp_path: Path) -> None:
    upgrade, expected = LOOPS[case]
    files = {**PROJECT, f"{VERSIONS}/r1.py": revision("r1", None, (upgrade, NONE))}
    found = findings(write(tmp_path, files), "lint")
    assert sorted(f["rule"] for f in found) == [entry.split()[0] for entry in expected]
    for entry in expected:
        _, _, named = entry.partition(" ")
        assert any(named.rpartition(".")[2] in f["message"] for f in found)


# What the run proves

COLUMN = "sa.Column('owner', sa.String(9), nullable=False)"
ADD = f"op.add_column('a', {COLUMN})"
UNDO = "op.drop_column('a', 'owner')"
BATCH = f"with op.batch_alter_table('a') as batch:\n    batch.add_column({COLUMN})"
IGNORE = "  # guard: ignore[add-required-column] it is empty"


QUOTED, OTHER = "'owner'", "'other'"
DROP_B = "op.drop_column('a', 'b')"
ADD_C, ADD_D = (f"op.add_column('a', sa.Column({n!r}, sa.Integer()))" for n in ("c", "d"))
UNDO_C = "op.drop_column('a', 'c')"
ANEW = (
    "op.execute('PRAGMA foreign_keys = ON')\n"
    "with op.batch_alter_table('a', recreate='always') as batch:\n    "
)
TABLE_E = "op.create_table('e', sa.Column('id', sa.Integer(), primary_key=True))"
UNREAD = "import sys\nop.execute(sys.argv[0][:0] + 'CREATE TABLE f (x int)')"
FIRST = (
    "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('b', sa.Integer()))\n"
    "op.create_table('p', sa.Column('id', sa.Integer(), sa.ForeignKey('a.id', "
    "ondelete='CASCADE'), primary_key=True))\n"
    "op.create_table('q', sa.Column('id', sa.Integer(), sa.ForeignKey('p.id', "
    "ondelete='CASCADE')))",
    "op.drop_table('q')\nop.drop_table('p')\nop.drop_table('a')",
)


def proofs(folder: Path, step: tuple[str, str]) -> list[tuple[str, str, bool]]:
    """Rule, status and whether the run proved it, of each finding in a second revision."""
    found = findings(write(folder, chain(FIRST, step)), "check")
    return [(f["rule"], f["status"], bool(f.get("evidence"))) for f in found]


RUNS: dict[str, tuple[tuple[str, str], list[tuple[str, str, bool]]]] = {
    "a statement": ((ADD, UNDO), [("add-required-column", "open", True)]),
    "a statement in a batch": ((BATCH, UNDO), [("add-required-column", "open", True)]),
    "an ignored finding keeps what was proven": (
        (ADD + IGNORE, UNDO),
        [("add-required-column", "ignored", True)],
    ),
    "SQL that does not parse": (
        ("op.execute('ALTER TABEL a ADD x')", NONE),
        [("unparsable-sql", "open", True)],
    ),
    "an operation that Alembic does not have": (
        ("op.drop_colum('a', 'b')", NONE),
        [("opaque-sql", "open", True)],
    ),
    "two in a loop": (
        (f"for name in ('other', 'owner'):\n    {ADD.replace(QUOTED, 'name')}", NONE),
        [("add-required-column", "open", True), ("add-required-column", "open", False)],
    ),
    "two in a batch": (
        (f"{BATCH}\n    batch.add_column({COLUMN.replace(QUOTED, OTHER)})", NONE),
        [("add-required-column", "open", True), ("add-required-column", "open", False)],
    ),
    "a column that the downgrade brings back": (
        (DROP_B, ADD.replace(QUOTED, "'b'")),
        [
            ("drop-column", "open", False),
            ("incomplete-downgrade", "open", False),
            ("add-required-column", "open", True),  # a warning there before, and then an error
        ],
    ),
    # a downgrade
    "one that is empty": (
        (ADD_C, "pass"),
        [("missing-downgrade", "open", True)],
    ),
    "one that is empty, and rows that are inserted again": (
        ("op.execute('INSERT INTO a (id) VALUES (1)')", "pass"),
        [("missing-downgrade", "open", True)],
    ),
    "one that says no reason": (
        (ADD_C, "raise NotImplementedError"),
        [("missing-downgrade", "open", True)],
    ),
    "one that stops with an assertion": (
        (ADD_C, "raise AssertionError"),
        [("missing-downgrade", "open", True)],
    ),
    "one that is empty, and declared so": (
        (ADD_C, "# guard: irreversible nobody goes back\npass"),
        [],
    ),
    "one that does less than it should, and declared so": (
        (f"{ADD_C}\n{ADD_D}", f"# guard: irreversible d is kept\n{UNDO_C}"),
        [],
    ),
    "one that fails, and declared so": (
        (ADD_C, "# guard: irreversible nobody goes back\nop.drop_column('a', 'x')"),
        [("drop-column", "open", False)],
    ),
    "an upgrade that cannot be repeated, and declared so": (
        (
            "op.execute('INSERT INTO a (id) VALUES (1)')",
            "# guard: irreversible the row is kept\npass",
        ),
        [],
    ),
    "an upgrade that fails, and whose way back is declared": (
        ("op.execute('SELECT nope FROM a')", "# guard: irreversible nobody goes back\npass"),
        [("upgrade-fails", "open", False)],
    ),
    "a comment without a reason declares nothing": (
        (ADD_C, "# guard: irreversible\npass"),
        [
            ("missing-downgrade", "open", True),
            ("suppression-without-reason", "open", False),
        ],
    ),
    "one that leaves a column": (
        (f"{ADD_C}\n{ADD_D}", UNDO_C),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a column and its index": (
        (f"{ADD_C}\n{ADD_D}\nop.create_index('ix', 'a', ['d'])", UNDO_C),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a table": (
        (f"{ADD_C}\n{TABLE_E}", UNDO_C),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves an index": (
        (f"{ADD_C}\nop.create_index('ix', 'a', ['b'])", UNDO_C),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a unique constraint": (
        (
            f"{ADD_C}\nwith op.batch_alter_table('a') as batch:\n"
            "    batch.create_unique_constraint('uq', ['b'])",
            UNDO_C,
        ),
        [
            ("unique-over-existing-rows", "open", True),
            ("incomplete-downgrade", "open", True),
        ],
    ),
    "one that leaves a foreign key": (
        (
            f"{ADD_C}\nwith op.batch_alter_table('a') as batch:\n"
            "    batch.create_foreign_key('fk', 'a', ['b'], ['id'])",
            UNDO_C,
        ),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a check": (
        (
            f"{ADD_C}\nwith op.batch_alter_table('a') as batch:\n"
            "    batch.create_check_constraint('ck', 'b < 1000000')",
            UNDO_C,
        ),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a view": (
        (f"{ADD_C}\nop.execute('CREATE VIEW v AS SELECT id FROM a')", UNDO_C),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that leaves a trigger": (
        (
            f"{ADD_C}\nop.execute('CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; END')",
            UNDO_C,
        ),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that brings back another type": (
        (DROP_B, "op.add_column('a', sa.Column('b', sa.Text()))"),
        [("drop-column", "open", False), ("incomplete-downgrade", "open", True)],
    ),
    "one that drops what was there before": (
        (ADD_C, f"{UNDO_C}\nop.drop_column('a', 'b')"),
        [("incomplete-downgrade", "open", True), ("drop-column", "open", False)],
    ),
    "one that always raises": (
        (
            "op.create_index('ix', 'a', ['b'])",
            "op.drop_index('ix', 'a')\nop.drop_constraint(None, 'a', type_='unique')",
        ),
        [("incomplete-downgrade", "open", True)],
    ),
    "one with an operation that Alembic does not have": (
        (ADD_C, "op.remove_column('a', 'c')"),
        [("incomplete-downgrade", "open", True)],
    ),
    "one that deletes all rows": (
        (ADD_C, f"op.execute('DELETE FROM a')\n{UNDO_C}"),
        [("delete-without-where", "open", True)],
    ),
    "a table that is made anew without some rows": (
        (
            "op.execute('CREATE TABLE n (id INTEGER PRIMARY KEY, b INTEGER)')\n"
            "op.execute('INSERT INTO n SELECT id, b FROM a WHERE id < 0')\n"
            "op.drop_table('a')\nop.rename_table('n', 'a')",
            "op.execute('DELETE FROM a WHERE id < 0')",
        ),
        [("drop-table", "open", True)],
    ),
    # what only the run shows
    "one that also leaves what could not be read": (
        (f"{ADD_C}\n{ADD_D}\n{UNREAD}", UNDO_C),
        [
            ("string-built-sql", "open", False),
            ("opaque-sql", "open", False),
            ("incomplete-downgrade", "open", True),
            ("schema-not-restored", "open", False),
        ],
    ),
    "one that deletes rows of another table by a cascade": (
        (
            ADD_C,
            "op.execute('PRAGMA foreign_keys = ON')\nop.execute('DELETE FROM a')\n" + UNDO_C,
        ),
        [("rows-lost", "open", False), ("delete-without-where", "open", True)],
    ),
    "a batch that empties what refers to its table": (
        (f"{ANEW}batch.add_column(sa.Column('c', sa.Integer()))", NONE),
        [("batch-cascade-delete", "open", True)],
    ),
    "a batch that does so on the way back, which is an error once it was seen": (
        (ADD_C, f"{ANEW}batch.drop_column('c')"),
        [("batch-cascade-delete", "open", True)],
    ),
    "one that fails before it could be incomplete": (
        (f"{ADD_C}\n{ADD_D}", f"op.execute('SELECT nope FROM a')\n{UNDO_C}"),
        [("incomplete-downgrade", "open", False), ("downgrade-fails", "open", False)],
    ),
    "one that only asks, and fails": (
        (ADD_C, "op.execute('SELECT nope FROM a')"),
        [("missing-downgrade", "open", False), ("downgrade-fails", "open", False)],
    ),
    # failures of their own
    "a warning that fails": (
        (
            "import sys\nop.execute(sys.platform and 'SELECT * FROM nowhere' + sys.argv[0][:0])",
            NONE,
        ),
        [("opaque-sql", "open", False), ("upgrade-fails", "open", False)],
    ),
    "another statement fails": (
        (f"op.execute('SELECT * FROM nowhere')\n{ADD}", UNDO),
        [("upgrade-fails", "open", False), ("add-required-column", "open", False)],
    ),
    "it fails without any row": (
        (ADD.replace("'a'", "'nowhere'"), NONE),
        [("add-required-column", "open", False), ("upgrade-fails", "open", False)],
    ),
    "a drop that needs an approval foretells no failure": (
        ("op.drop_table('nowhere')", NONE),
        [("drop-table", "open", False), ("upgrade-fails", "open", False)],
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_what_the_run_proves(case: str, tmp_path: Path) -> None:
    step, expected = RUNS[case]
    assert proofs(tmp_path, step) == expected


@pytest.mark.parametrize(
    ("rule", "step", "alone"),
    [
        ("add-required-column", (ADD, UNDO), "upgrade-fails-with-rows"),
        ("incomplete-downgrade", (f"{ADD_C}\n{ADD_D}", UNDO_C), "schema-not-restored"),
        ("missing-downgrade", (ADD_C, "pass"), "schema-not-restored"),
        ("delete-without-where", (ADD_C, f"op.execute('DELETE FROM a')\n{UNDO_C}"), "rows-lost"),
    ],
)
@pytest.mark.parametrize("setting", ['severity = {{ {} = "warning" }}', "ignore = ['{}']"])
def test_where_the_rule_does_not_refuse_the_run_does(
    rule: str, step: tuple[str, str], alone: str, setting: str, tmp_path: Path
) -> None:
    (tmp_path / "guard.toml").write_text(setting.format(rule))
    assert (alone, "open", False) in proofs(tmp_path, step)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (("op.alter_column('a', 'b', nullable=False)", NONE), "unsupported-alter"),
        (("op.execute('ALTER TABEL a ADD x')", NONE), "unparsable-sql"),
        ((ADD, UNDO), ""),  # that fails with rows alone, as the rule says
    ],
)
def test_that_an_upgrade_fails_everywhere_is_told_under_its_name_too(
    step: tuple[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "guard.toml").write_text('dialect = "sqlite"')
    done = guard(write(tmp_path, chain(FIRST, step)), "check", "--output-format", "json")
    failures = {
        (found["rule"], found["severity"])
        for found in json.loads(done.output)["findings"]
        if found["rule"].startswith("upgrade-fails") or found["rule"] == told
    }
    assert failures == ({(told, "error"), ("upgrade-fails", "info")} if told else set())


# What SQLite does not show: a server's words for what a downgrade left behind.

STATE = Foretold(how="left over", kind="enum type", name="shop.ticket_state")
TOTAL = Foretold(how="left over", kind="column", name="total", table="orders")


@pytest.mark.parametrize(
    ("foretold", "error", "is_proof"),
    [
        (STATE, 'type "ticket_state" already exists', True),
        (TOTAL, 'column "total" of relation "orders" already exists', True),
        (TOTAL, "Duplicate column name 'total'", True),
        (STATE, 'type "ticket_state_2" already exists', False),
        (STATE, 'invalid input value for enum ticket_state: "new"', False),
        (TOTAL, 'null value in column "total" violates not-null constraint', False),
        (Foretold(how="missing", kind="index", name="total"), '"total" already exists', False),
    ],
)
def test_what_is_left_over_stops_the_second_upgrade(
    foretold: Foretold, error: str, is_proof: bool
) -> None:
    span = Span("r2.py", 9)
    finding = Finding(
        rule="incomplete-downgrade", severity="error", message="", remedy="", span=span,
        revision="r2", foretells=(foretold,),
    )  # fmt: skip
    fact = SecondUpgradeFailed(span=span, revision="r2", error=error)
    (told,), left, _ = proven([finding], [fact], {finding.rule: (SecondUpgradeFailed,)})
    assert (bool(told.evidence), left) == ((True, ()) if is_proof else (False, (fact,)))


TOTAL_OF = {"kind": "column", "name": "total", "table": "orders"}


@pytest.mark.parametrize(
    ("foretold", "line", "explained"),
    [
        ({**TOTAL_OF, "name": "Total", "table": "shop.orders"}, "column orders.total INT", True),
        (TOTAL_OF, "column orders.total_2 INT", False),
        (TOTAL_OF, "column other.total INT", False),
        (TOTAL_OF, "unique on orders (a, total)", True),
        (TOTAL_OF, "check on orders: total > 0", True),
        (TOTAL_OF, "check on orders: totals > 0", False),
        ({**TOTAL_OF, "name": "p"}, "foreign key on orders (p) to b (id)", True),
        ({**TOTAL_OF, "name": "id"}, "foreign key on orders (p) to b (id)", False),
        ({"kind": "table", "table": "orders"}, "table orders", True),
        ({"kind": "table", "table": "orders"}, "table orders_2", False),
        ({"kind": "table", "table": "orders"}, "column orders.total INT", False),
        ({"kind": "index", "name": "ix", "table": "orders"}, "unique index ix on orders (a)", True),
        ({"kind": "index", "name": "ix", "table": "orders"}, "index ix_2 on orders (a)", False),
        ({"kind": "unique", "name": "uq", "table": "orders", "columns": ("a", "b")},
         "unique on orders (a, b)", True),
        ({"kind": "unique", "name": "uq", "table": "orders", "columns": ("a",)},
         "unique on orders (a, b)", False),
        ({"kind": "foreign key", "name": "fk", "table": "orders", "columns": ("a",)},
         "foreign key on orders (a) to b (id) ON DELETE CASCADE", True),
        ({"kind": "primary key", "table": "orders"}, "primary key of orders (a)", True),
        ({"kind": "check", "name": "ck", "table": "orders"}, "check on orders: a > 0", True),
        ({"kind": "view", "name": "shop.v"}, "view v: CREATE VIEW v AS SELECT 1", True),
        ({"kind": "view", "name": "v"}, "view v_2: CREATE VIEW v_2 AS SELECT 1", False),
        ({"kind": "trigger", "name": "tr", "table": "orders"}, "trigger tr: CREATE TRIGGER", True),
        ({"kind": "rows", "table": "orders"}, "orders: id = 1, a = NULL", True),
        ({"kind": "rows", "table": "orders"}, "other: id = 1, a = NULL", False),
        ({"kind": "rows", "table": "orders"}, "orders.a = 1 where id = 1", False),
    ],
)  # fmt: skip
def test_which_lines_of_the_run_a_finding_foretold(
    foretold: dict[str, Any], line: str, explained: bool
) -> None:
    thing = Foretold(how="missing", **foretold)
    kept = [] if explained else [f"- {line}"]
    assert split([thing], [f"- {line}", f"+ {line}"]) == (
        [f"- {line}"] if explained else [], [*kept, f"+ {line}"]
    )  # fmt: skip


def test_one_check_explains_one() -> None:
    thing = Foretold(how="left over", kind="check", name="ck", table="a")
    lines = ["+ check on a: x > 0", "+ check on a: y > 0"]
    assert split([thing], lines) == (lines[:1], lines[1:])
    assert split([thing, thing], lines) == (lines, [])


def test_what_is_declared_in_a_comment_is_shown_as_in_a_raise(tmp_path: Path) -> None:
    write(tmp_path, chain(FIRST, (ADD_C, "# guard: irreversible nobody goes back\npass")))
    done = guard(tmp_path, "check")
    assert done.says("info[declared-irreversible]", "declares that it cannot be done: nobody goes")
    assert done.code == 0


def test_every_format_shows_it(tmp_path: Path) -> None:
    write(tmp_path, chain(FIRST, (ADD, UNDO)))
    for form in ("text", "github"):
        assert guard(tmp_path, "check", "--output-format", form).says(
            "proven in the scratch run: Cannot add a NOT NULL column with default value NULL"
        )


# The models

A_MODEL = Finding(
    rule="model-changed-without-revision",
    severity="error",
    message="",
    remedy="",
    span=Span("models.py", 1),
    object="a",
)


def test_what_a_revision_drops_and_models_still_have_is_said_so() -> None:
    lines = ("+ column b.x", "- column b.y", "+ table c")
    fact = ModelsDiffer(span=Span("r2.py", 1), revision="r2", difference=lines)
    drops = [msgspec.structs.replace(A_MODEL, rule="drop", object=name) for name in ("b.x", "b.y")]
    (told,), _ = told_before(drops, [fact], {A_MODEL.rule}, {"drop"})
    assert isinstance(told, ModelsDiffer)
    assert (told.difference, told.dropped) == (lines, ("+ column b.x",))


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (("+ column a.x",), ()),
        (("- column a.x", "+ index i on a (x)"), ()),
        (("+ column a.x",), ("+ table b",)),
        ((), ("+ table b",)),
    ],
    ids=["the table", "two things of it", "another table too", "another table"],
)
def test_what_was_read_of_models_is_told_apart(
    told: tuple[str, ...], left: tuple[str, ...]
) -> None:
    fact = ModelsDiffer(span=Span("r2.py", 1), revision="r2", difference=(*told, *left))
    sides = told_before([A_MODEL], [fact], {A_MODEL.rule})
    lines = [[one.difference for one in side if isinstance(one, ModelsDiffer)] for side in sides]
    assert lines == [[left] * bool(left), [told] * bool(told)]


# What the run shows to come back

ID = "sa.Column('id', sa.Integer, primary_key=True)"
BEGUN = (
    f"op.create_table('a', {ID}, sa.Column('n', sa.Integer))\n"
    f"op.create_table('b', {ID}, sa.Column('t', sa.Text))",
    "op.drop_table('b')\nop.drop_table('a')",
)
CAST = (
    "op.add_column('a', sa.Column('big', sa.BigInteger))\n"
    "op.execute('UPDATE a SET big = CAST(n AS BIGINT)')\nop.drop_column('a', 'n')",
    "op.add_column('a', sa.Column('n', sa.Integer))\n"
    "op.execute('UPDATE a SET n = CAST(big AS INTEGER)')\nop.drop_column('a', 'big')",
)
MOVED = """
op.create_table('{new}', sa.Column('id', sa.Integer, primary_key=True), sa.Column('t', sa.Text))
bind = op.get_bind()
for id_, text in bind.execute(sa.text("SELECT id, t FROM {old}")).fetchall():
    bind.execute(sa.text("INSERT INTO {new} VALUES (:i, :t)"), {{"i": id_, "t": text}})
op.drop_table('{old}')
"""
COPIED = MOVED.format(old="b", new="c"), MOVED.format(old="c", new="b")
FORGOTTEN = CAST[0], CAST[1].replace("CAST(big AS INTEGER)", "0")
EMPTY = "op.drop_table('b')", COPIED[1].split("bind =")[0].strip()


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (CAST, "Dropping column a.n takes its values away, downgrade() brought them all back"),
        (COPIED, "Dropping table b takes its rows away, and downgrade() brought them all back"),
        (FORGOTTEN, "Dropping column a.n deletes its values, no downgrade restores them"),
        (EMPTY, "Dropping table b deletes its rows, and no downgrade restores them"),
    ],
    ids=["cast", "copied", "forgotten", "empty"],
)
def test_what_comes_back(step: tuple[str, str], says: str, tmp_path: Path) -> None:
    folder = write(tmp_path, chain(BEGUN, step))
    dropped = [f["message"] for f in findings(folder, "check") if f["rule"].startswith("drop-")]
    assert any(message.startswith(says) for message in dropped), dropped
