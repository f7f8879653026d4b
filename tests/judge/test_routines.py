# ruff: noqa: E501  (a row of a table is a line)
"""What a routine or trigger does is found where it runs, and not where it is made."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from command_line import PROJECT, VERSIONS, Content, write
from roundtrip_project import revision

from guard.config import parse_config
from guard.project.settings import SettingsFiles
from guard.run.check import run
from guard.run.scope import Request

PLPGSQL = "CREATE OR REPLACE FUNCTION {}() RETURNS {} AS $$ BEGIN {}; END $$ LANGUAGE plpgsql"
PURGE = PLPGSQL.format("purge", "void", "DELETE FROM parcels")
EMPTIES = PLPGSQL.format("empties", "trigger", "TRUNCATE audit; RETURN NEW")
ON_UPDATE = f"{EMPTIES}; CREATE TRIGGER g AFTER UPDATE ON t EXECUTE FUNCTION empties()"
DELETES = "A DELETE without a WHERE deletes every row of parcels"
CALLED = f"purge(), called here: {DELETES}"
FIRED = "Trigger g of t, fired here, by way of empties(): TRUNCATE deletes every row of audit"
UNJUDGED = "This could not be judged: what the routine {} does is not in sight."
ABOUT_ROWS = ("delete-without-where", "drop-column", "drop-table", "truncate")
CHANGE = "UPDATE t SET a = 1 WHERE id = 2"


def found(folder: Path, dialect: str, *revisions: str) -> list[tuple[str, int, str]]:
    """Return the revision, the number of the statement in it and the message of each finding.

    Each revision is its statements, a line each.
    """
    files: dict[str, Content] = dict(PROJECT)
    for number, statements in enumerate(revisions, 1):
        body = "\n".join(f"op.execute({line!r})" for line in statements.splitlines())
        parent = f"r{number - 1}" if number > 1 else None
        bodies = (body, "raise NotImplementedError('no way back')")
        files[f"{VERSIONS}/r{number}.py"] = revision(f"r{number}", parent, bodies)
    write(folder, files)
    request = Request(
        start=folder,
        history=False,
        roundtrip=False,
        everything=True,
        today=datetime.date(2026, 11, 1),
    )
    config = parse_config({"dialect": dialect}, Path("guard.toml"))
    findings = run(request, SettingsFiles.everywhere(config, folder)).report.findings
    first = {
        number: _first_line(files[f"{VERSIONS}/r{number}.py"])
        for number in range(1, len(revisions) + 1)
    }
    return [
        (f.revision or "", f.span.line - first[int((f.revision or "r0")[1:])] + 1, f.message)
        for f in findings
        if f.rule in ABOUT_ROWS or f.rule == "opaque-sql"
    ]


def _first_line(source: Content) -> int:
    lines = str(source).splitlines()
    return next(i for i, line in enumerate(lines, 1) if "op.execute" in line)


# Each runs in the last revision, after those that stand before it.
RUNS: list[tuple[str, list[str], str]] = [
    ("postgresql", [PURGE, "SELECT purge()"], CALLED),
    ("postgresql", [PURGE, "SELECT * FROM purge()"], CALLED),
    ("postgresql", [PURGE, "DO $$ BEGIN PERFORM purge(); END $$"], CALLED),
    ("postgresql", [PURGE, "DO $$ DECLARE x int; BEGIN x := purge(); END $$"], CALLED),
    ("postgresql", [PURGE, "INSERT INTO t (a) SELECT purge()"], CALLED),
    ("postgresql", [PURGE, "UPDATE t SET a = purge() WHERE id = 1"], CALLED),
    ("postgresql", [PURGE, "DELETE FROM t WHERE id = purge()"], CALLED),
    ("postgresql", [PURGE, "WITH x AS (SELECT purge()) SELECT * FROM x"], CALLED),
    ("postgresql", [PURGE, "CREATE TABLE z AS SELECT purge()"], CALLED),
    ("postgresql", [PURGE, "EXPLAIN ANALYZE SELECT purge()"], CALLED),
    ("postgresql", [PURGE, "COPY (SELECT purge()) TO STDOUT"], CALLED),
    ("postgresql", [PURGE, "DECLARE c CURSOR FOR SELECT purge()"], CALLED),
    ("postgresql", [PURGE, "ALTER FUNCTION purge() RENAME TO sweep", "SELECT sweep()"], f"sweep(), called here: {DELETES}"),
    ("postgresql", ["CREATE PROCEDURE purge() LANGUAGE sql BEGIN ATOMIC DELETE FROM parcels; END", "CALL purge()"], CALLED),
    ("postgresql", ["CREATE FUNCTION s.purge() RETURNS void LANGUAGE sql AS 'DELETE FROM parcels'", "SELECT s.purge()"], f"s.purge(), called here: {DELETES}"),
    ("postgresql", [PURGE, f"{PLPGSQL.format('sweep', 'void', 'PERFORM purge(); PERFORM sweep()')}", "SELECT sweep()"], f"sweep(), called here, by way of purge(): {DELETES}"),
    ("postgresql", [PURGE, "CREATE FUNCTION purge(a int) RETURNS void LANGUAGE sql AS ''", "SELECT purge()"], CALLED),
    ("postgresql", [ON_UPDATE, CHANGE], FIRED),
    ("postgresql", [ON_UPDATE, "ALTER TABLE t DISABLE TRIGGER ALL", "ALTER TABLE t ENABLE TRIGGER g", CHANGE], FIRED),
    ("postgresql", ["CREATE RULE r AS ON UPDATE TO t DO ALSO DELETE FROM parcels", CHANGE], f"Rule r of t, fired here: {DELETES}"),
    ("mysql", ["CREATE PROCEDURE purge() BEGIN DELETE FROM parcels; END", "CALL purge()"], CALLED),
    ("mysql", ["CREATE FUNCTION purge() RETURNS INT BEGIN DELETE FROM parcels; RETURN 1; END", "SELECT purge()"], CALLED),
    ("mysql", ["CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW DELETE FROM parcels", "INSERT INTO t VALUES (1)"], f"Trigger g of t, fired here: {DELETES}"),
    ("mysql", ["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM parcels"], f"Event e, which runs by itself: {DELETES}"),
    ("sqlite", ["CREATE TRIGGER g AFTER DELETE ON t BEGIN DELETE FROM parcels; END", "DELETE FROM t WHERE id = 1"], f"Trigger g of t, fired here: {DELETES}"),
    ("postgresql", ["SELECT purge(1)"], UNJUDGED.format("purge")),
    ("postgresql", ["UPDATE t SET a = f(b), c = f(d) WHERE e = g()"], UNJUDGED.format("f, g")),
    ("postgresql", [PURGE, "DROP FUNCTION purge()", "SELECT purge()"], UNJUDGED.format("purge")),
    ("postgresql", [PURGE, "DROP ROUTINE purge()", "SELECT purge()"], UNJUDGED.format("purge")),
    ("postgresql", [PLPGSQL.format("f", "void", "EXECUTE x"), "SELECT f()"], "f(), called here: This could not be judged: the SQL is put together while the block runs."),
    ("postgresql", ["CREATE FUNCTION f() RETURNS int AS 'a', 'b' LANGUAGE c", "SELECT f()"], "f(), called here: This could not be judged: it is written in c, which guard does not read."),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "revisions", "message"), RUNS)
def test_what_runs_is_found_where_it_runs(
    tmp_path: Path, dialect: str, revisions: list[str], message: str
) -> None:
    [(revision, line, said)] = found(tmp_path, dialect, *revisions)
    assert (revision, line) == (f"r{len(revisions)}", 1)
    assert said.startswith(message)


HARMLESS: list[tuple[str, list[str]]] = [
    ("postgresql", [PURGE]),
    ("postgresql", [ON_UPDATE]),
    ("postgresql", [ON_UPDATE, "INSERT INTO t VALUES (1)"]),
    ("postgresql", [ON_UPDATE, "UPDATE u SET a = 1 WHERE id = 2"]),
    ("postgresql", [ON_UPDATE, "DROP TRIGGER g ON t", CHANGE]),
    ("postgresql", [ON_UPDATE, "ALTER TABLE t DISABLE TRIGGER g", CHANGE]),
    ("postgresql", [PURGE, PURGE.replace("DELETE FROM parcels", "NULL"), "SELECT purge()"]),
    ("postgresql", [PURGE, "CREATE VIEW v AS SELECT purge()"]),
    ("postgresql", [PURGE, "ALTER TABLE t ALTER a SET DEFAULT purge()"]),
    ("postgresql", [PURGE.replace("parcels", "parcels WHERE old"), "SELECT purge()"]),
    ("postgresql", [PLPGSQL.format("f", "void", "CREATE TEMP TABLE x (a int); DELETE FROM x"), "SELECT f()"]),
    ("postgresql", [PLPGSQL.format("touch", "trigger", "NEW.at := now(); RETURN NEW"), "CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION touch()", CHANGE]),
    ("postgresql", ["SELECT setval('s', 1), now(), gen_random_uuid(), pg_advisory_xact_lock(1), set_config('a', 'b', true)"]),
    ("postgresql", ["UPDATE t SET a = st_setsrid(b, 4326), c = digest(d, 'sha1'), e = jsonb_path_query_first(f, '$') WHERE g"]),
    ("mysql", ["UPDATE t SET a = json_unquote(json_extract(b, '$.c')), d = find_in_set('x', e) WHERE f"]),
    ("sqlite", ["UPDATE t SET a = json_extract(b, '$.c'), d = strftime('%s', e) WHERE f"]),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "revisions"), HARMLESS)
def test_what_does_not_run_or_destroys_nothing(
    tmp_path: Path, dialect: str, revisions: list[str]
) -> None:
    assert found(tmp_path, dialect, *revisions) == []


def test_a_trigger_is_told_once_in_a_revision(tmp_path: Path) -> None:
    twice = f"{CHANGE}\n{CHANGE} AND b"
    assert [line for _, line, _ in found(tmp_path, "postgresql", ON_UPDATE, twice)] == [1]


def test_each_call_is_told(tmp_path: Path) -> None:
    twice = "SELECT purge()\nSELECT 1\nSELECT purge()"
    assert [line for _, line, _ in found(tmp_path, "postgresql", PURGE, twice)] == [1, 3]
