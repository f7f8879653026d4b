"""The replayed schema against a live PostgreSQL that runs the same SQL."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import Psql

from guard.schema import EnumType, Schema
from guard.show.ddl import as_sql
from guard.sql import read_sql

pytestmark = pytest.mark.server

SHAPE = """
SELECT json_build_object(
  'columns', (SELECT json_agg(format('%s.%s %s', c.relname, a.attname,
        format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END)
        ORDER BY c.relname, a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped),
  'constraints', (SELECT json_agg(format('%s: %s %s (%s)%s', conrelid::regclass, conname, contype,
        CASE WHEN contype = 'c' THEN '' ELSE array_to_string(ARRAY(SELECT attname
          FROM unnest(conkey) WITH ORDINALITY k(n, i)
          JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i), ', ') END,
        CASE WHEN contype = 'f' THEN ' ' || confrelid::regclass ELSE '' END
          || CASE WHEN convalidated THEN '' ELSE ' not valid' END) ORDER BY 1)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0),
  'indexes', (SELECT json_agg(format('%s: %s %s', i.indrelid::regclass, c.relname, i.indisunique)
        ORDER BY 1)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype <> 'f')),
  'enums', (SELECT json_agg(format('%s (%s)', typname, (SELECT string_agg(enumlabel, ', '
        ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) ORDER BY 1)
    FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'))
"""
LETTERS = {"primary key": "p", "unique": "u", "foreign key": "f", "check": "c", "exclude": "x"}
TYPES = {"timestamp": "timestamp without time zone", "varchar": "character varying"}


def replayed_and_real(psql: Psql, statements: list[str]) -> tuple[Schema, Any, str]:
    """Run the statements; return the replay, what is there, and which statements succeeded."""
    script = ["SET client_min_messages = error;", "DROP SCHEMA public CASCADE;"]
    script.append("CREATE SCHEMA public;")
    for statement in statements:
        script += [f"{statement};", "\\echo state :SQLSTATE"]
    lines = psql("\n".join([*script, SHAPE.replace("\n", " ") + ";"])).splitlines()
    states = [line.removeprefix("state ") for line in lines if line.startswith("state ")]
    assert len(states) == len(statements)
    schema, done = Schema.empty(dialect="postgresql"), []
    for statement, state in zip(statements, states, strict=True):
        assert state != "42601", f"syntax error in {statement}"
        if state == "00000":
            done.append(statement)
            for read in read_sql(statement, "postgresql").statements:
                for operation in read.operations:
                    schema = schema.apply(operation)
    found = json.loads(lines[-1].replace('\\"', "")).items()  # regclass quotes what it must
    real = {key: sorted(value or []) for key, value in found}
    return schema, real, ";\n".join(done)


def shape(schema: Schema) -> dict[str, list[str]]:
    columns, constraints, indexes = [], [], []
    for table in schema.tables():
        for column in table.columns:
            kind = str(column.type).replace(", ", ",")
            bare = kind.partition("(")[0]
            kind = TYPES.get(bare, bare) + kind.removeprefix(bare)
            required = "" if column.nullable else " not null"
            columns.append(f"{table.name}.{column.name} {kind}{required}")
        for constraint in table.constraints:
            names = "" if constraint.type == "check" else ", ".join(constraint.columns)
            target = f" {constraint.target}" if constraint.target else ""
            valid = " not valid" if constraint.not_valid else ""
            letter = LETTERS[constraint.type]
            constraints.append(f"{table.name}: {constraint.name} {letter} ({names}){target}{valid}")
        for index in table.indexes:
            indexes.append(f"{table.name}: {index.name} {'t' if index.unique else 'f'}")
    enums = [
        f"{item.name} ({', '.join(item.values or ())})"
        for item in schema.objects()
        if isinstance(item, EnumType)
    ]
    return {
        "columns": sorted(columns),
        "constraints": sorted(constraints),
        "indexes": sorted(indexes),
        "enums": sorted(enums),
    }


SCRIPTS = {
    "names made up": """
        CREATE TABLE a (id serial PRIMARY KEY, x text UNIQUE CHECK (x <> ''), y int CHECK (y > 1),
            CHECK (y < id), CHECK (id > 0), UNIQUE (x, y));
        CREATE TABLE b (a int REFERENCES a, x text, y int, FOREIGN KEY (x, y) REFERENCES a (x, y));
        CREATE INDEX ON b (x, lower(x), (y + 1)); CREATE INDEX ON b (x); CREATE INDEX ON b (x);
        ALTER TABLE a RENAME TO c; CREATE TABLE a (id int PRIMARY KEY, x text UNIQUE);
        ALTER TABLE a ADD UNIQUE (x, id); ALTER TABLE a ADD CHECK (x IS NOT NULL)
    """,
    "keys that repeat each other": """
        CREATE TABLE a (id int PRIMARY KEY UNIQUE, x text UNIQUE, UNIQUE (id), UNIQUE (x),
            CONSTRAINT named UNIQUE (x)); ALTER TABLE a ADD CONSTRAINT again UNIQUE (x)
    """,
    "long names": f"""
        CREATE TABLE {"t" * 60} ({"c" * 40} int UNIQUE, {"d" * 20} int, e int PRIMARY KEY);
        CREATE INDEX ON {"t" * 60} ({"c" * 40}, {"d" * 20})
    """,
    "a dropped column takes its own": """
        CREATE TABLE a (x int, y int, z int, UNIQUE (x, y), CHECK (x > y), CHECK (z > y));
        CREATE INDEX one ON a (x, z); CREATE INDEX two ON a (z) WHERE x > 1;
        CREATE INDEX three ON a ((x + z)); CREATE INDEX four ON a (y); ALTER TABLE a DROP x
    """,
    "cascades": """
        CREATE TABLE a (id int PRIMARY KEY, x int UNIQUE);
        CREATE TABLE b (a int REFERENCES a, x int REFERENCES a (x));
        ALTER TABLE a DROP COLUMN x CASCADE; DROP TABLE a CASCADE
    """,
    "a dropped key takes the foreign keys that use it": """
        CREATE TABLE a (id int PRIMARY KEY, x int UNIQUE);
        CREATE TABLE b (a int REFERENCES a, x int REFERENCES a (x));
        ALTER TABLE a DROP CONSTRAINT a_pkey CASCADE
    """,
    "not valid, validated, renamed": """
        CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (a int);
        ALTER TABLE b ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES a NOT VALID;
        ALTER TABLE a ADD CONSTRAINT ck CHECK (x > 1) NOT VALID;
        ALTER TABLE a VALIDATE CONSTRAINT ck; ALTER TABLE a RENAME CONSTRAINT ck TO check_x;
        ALTER TABLE a RENAME x TO "New Name"; ALTER INDEX a_pkey RENAME TO key_of_a
    """,
    "an index becomes a constraint": """
        CREATE TABLE a (id int NOT NULL, x int); CREATE UNIQUE INDEX i ON a (id);
        CREATE UNIQUE INDEX j ON a (x); ALTER TABLE a ADD CONSTRAINT k PRIMARY KEY USING INDEX i;
        ALTER TABLE a ADD UNIQUE USING INDEX j
    """,
    "types": """
        CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE a (m mood, n varchar(20));
        ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'; ALTER TYPE mood RENAME VALUE 'sad' TO 'x';
        ALTER TYPE mood RENAME TO state; ALTER TABLE a ALTER n TYPE text;
        ALTER TABLE a ALTER m SET NOT NULL
    """,
    "partitions": """
        CREATE TABLE p (id int NOT NULL, x text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (5); CREATE TABLE q (LIKE p);
        ALTER TABLE p ATTACH PARTITION q DEFAULT; ALTER TABLE p ADD COLUMN z int NOT NULL;
        ALTER TABLE p DROP COLUMN x; ALTER TABLE p RENAME z TO y; ALTER TABLE p ALTER y TYPE bigint
    """,
    "an index of a partitioned table goes with its parts": """
        CREATE TABLE p (id int NOT NULL, x text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (5); CREATE INDEX a ON p (x);
        CREATE INDEX b ON ONLY p (id); CREATE INDEX b1 ON p1 (id); CREATE INDEX own ON p1 (x, id);
        ALTER INDEX b ATTACH PARTITION b1; ALTER INDEX b RENAME TO c; DROP INDEX a; DROP INDEX c
    """,
    "a partitioned table goes with its parts": """
        CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE r (id int);
        CREATE TABLE p1 PARTITION OF p DEFAULT; DROP TABLE p
    """,
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_replay_agrees_with_postgresql(psql: Psql, script: str) -> None:
    statements = [part.strip() for part in SCRIPTS[script].split(";")]
    replayed, real, done = replayed_and_real(psql, statements)
    assert done == ";\n".join(statements), "all of it succeeds"
    assert shape(replayed) == real


@pytest.mark.parametrize("script", sorted(SCRIPTS.keys() - {"keys that repeat each other"}))
def test_postgresql_takes_the_sql_of_a_schema_and_makes_the_same(psql: Psql, script: str) -> None:
    replayed, real, _ = replayed_and_real(psql, SCRIPTS[script].split(";"))
    sql = [part for part in as_sql(replayed).strip().rstrip(";").split(";") if part.strip()]
    again, real_again, done = replayed_and_real(psql, sql)
    assert done == ";\n".join(sql), "all of it succeeds"
    assert real_again == real
    assert shape(again) == real


T = st.sampled_from(["users", "orders", '"Items"'])
C = st.sampled_from(["id", "name", "total", '"Name"'])
N = st.sampled_from(["one", "two", "users_name_key"])
K = st.sampled_from(["integer", "text", "bigint", "varchar(20)"])
TEMPLATES: list[tuple[str, tuple[Any, ...]]] = [
    ("CREATE TABLE {} (id serial PRIMARY KEY, name text UNIQUE, {} int)", (T, C)),
    ("CREATE TABLE {} ({} int CHECK ({} > 1), total bigint, UNIQUE ({}))", (T, C, C, C)),
    ("CREATE TABLE {} (id int REFERENCES {}, {} text NOT NULL)", (T, T, C)),
    ("DROP TABLE {}", (T,)),
    ("DROP TABLE {} CASCADE", (T,)),
    ("ALTER TABLE {} RENAME TO {}", (T, T)),
    ("ALTER TABLE {} ADD COLUMN {} {}", (T, C, K)),
    ("ALTER TABLE {} ADD COLUMN {} {} UNIQUE", (T, C, K)),
    ("ALTER TABLE {} ADD COLUMN {} int REFERENCES {} ({})", (T, C, T, C)),
    ("ALTER TABLE {} DROP COLUMN {}", (T, C)),
    ("ALTER TABLE {} DROP COLUMN {} CASCADE", (T, C)),
    ("ALTER TABLE {} RENAME COLUMN {} TO {}", (T, C, C)),
    ("ALTER TABLE {} ALTER COLUMN {} TYPE {}", (T, C, K)),
    ("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", (T, C)),
    ("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", (T, C)),
    ("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", (T, N, C)),
    ("ALTER TABLE {} ADD CHECK ({} IS NOT NULL)", (T, C)),
    ("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE ({})", (T, N, C)),
    ("ALTER TABLE {} ADD UNIQUE ({})", (T, C)),
    ("ALTER TABLE {} ADD PRIMARY KEY ({})", (T, C)),
    ("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({})", (T, C, T, C)),
    ("ALTER TABLE {} VALIDATE CONSTRAINT {}", (T, N)),
    ("ALTER TABLE {} DROP CONSTRAINT {}", (T, N)),
    ("ALTER TABLE {} DROP CONSTRAINT users_pkey", (T,)),
    ("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", (T, N, N)),
    ("CREATE INDEX {} ON {} ({}, lower({}))", (N, T, C, C)),
    ("CREATE UNIQUE INDEX {} ON {} ({}) WHERE {} IS NOT NULL", (N, T, C, C)),
    ("CREATE INDEX ON {} ({})", (T, C)),
    ("DROP INDEX {}", (N,)),
    ("ALTER INDEX {} RENAME TO {}", (N, N)),
    ("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}", (T, N, N)),
]
START = [
    "CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE, total bigint)",
    "CREATE TABLE orders (id int REFERENCES users, name text, total int)",
]


def statements() -> st.SearchStrategy[str]:
    """Return one of the templates, filled."""
    return st.sampled_from(TEMPLATES).flatmap(
        lambda template: st.tuples(*template[1]).map(lambda words: template[0].format(*words))
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(statements(), min_size=5, max_size=25))
def test_the_replay_agrees_whatever_is_done(psql: Psql, steps: list[str]) -> None:
    replayed, real, done = replayed_and_real(psql, START + steps)
    assert shape(replayed) == real, done
