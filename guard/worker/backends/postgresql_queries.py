"""What is asked of PostgreSQL's catalogue, whole or of the relations that changed.

What belongs to an extension is the extension's; where a sequence stands is no part of a schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

FIRST = 16384  # the first oid that is no system object's
_OURS = r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_NAME = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END"  # as users write it


def _not_of_an_extension(catalog: str, oid: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass "
        f"AND e.objid = {oid} AND e.deptype = 'e')"
    )


def _made_later(catalog: str, oid: str) -> str:
    """Return a condition for what users made, which an index on the oid finds."""
    return f"{oid} >= {FIRST} AND {_not_of_an_extension(catalog, oid)}"


_RELATIONS = f"""
SELECT c.oid, {_NAME} || c.relname, c.relkind, c.relpersistence, n.nspname, c.relname,
       array_to_string(c.reloptions, ', '), c.relrowsecurity, c.relforcerowsecurity,
       (SELECT string_agg(a::text, ', ' ORDER BY a::text) FROM unnest(c.relacl) a),
       obj_description(c.oid, 'pg_class'),
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i WHERE i.inhrelid = c.oid),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
  AND {_not_of_an_extension("pg_class", "c.oid")} AND {{only}}
ORDER BY 2"""
_COLUMNS = f"""
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
       CASE WHEN a.attcollation <> t.typcollation THEN
           (SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation) END,
       col_description(a.attrelid, a.attnum), a.attacl::text,
       pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND {_OURS}
  AND {{only}}
ORDER BY a.attrelid, a.attnum"""
_NAMES_OF = """(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest({0}) WITH ORDINALITY k (num, n)
        JOIN pg_attribute a ON a.attrelid = {1} AND a.attnum = k.num)"""
_CONSTRAINTS = f"""
SELECT s.conrelid, s.conname, s.contype, pg_get_constraintdef(s.oid),
       {_NAMES_OF.format("s.conkey", "s.conrelid")},
       CASE WHEN s.contype = 'f' THEN (SELECT {_NAME} || p.relname FROM pg_class p
           JOIN pg_namespace n ON n.oid = p.relnamespace WHERE p.oid = s.confrelid) END,
       {_NAMES_OF.format("s.confkey", "s.confrelid")}
FROM pg_constraint s JOIN pg_namespace n ON n.oid = s.connamespace
WHERE s.conrelid <> 0 AND s.contype IN ('p', 'u', 'f', 'c', 'x') AND {_OURS}
  AND s.conparentid = 0 AND {{only}}
ORDER BY s.conrelid, s.contype <> 'p', s.contype, s.conname"""
_INDEXES = f"""
SELECT i.indrelid, c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid,
       {_NAMES_OF.format("i.indkey::int2[]", "i.indrelid")},
       i.indexprs IS NOT NULL, i.indnkeyatts
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint s WHERE s.conindid = i.indexrelid
                  AND s.contype IN ('p', 'u', 'x')) AND {{only}}
ORDER BY i.indrelid, c.relname"""
# What is no table: its kind, its name, and its definition in one line.
_OTHERS = f"""
SELECT 'type', {_NAME} || t.typname, concat('ENUM (', (SELECT string_agg(
       quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e
       WHERE e.enumtypid = t.oid), ')')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND {_OURS} AND {_made_later("pg_type", "t.oid")}
UNION ALL
SELECT 'domain', {_NAME} || t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
       CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault,
       (SELECT string_agg(s.conname || ' ' || pg_get_constraintdef(s.oid), ' ' ORDER BY s.conname)
        FROM pg_constraint s WHERE s.contypid = t.oid AND s.contype = 'c'))
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND {_OURS} AND {_made_later("pg_type", "t.oid")}
UNION ALL
SELECT 'type', {_NAME} || t.typname, '(' || (SELECT string_agg(a.attname || ' '
       || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_attribute a
       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')'
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
WHERE t.typtype = 'c' AND {_OURS} AND {_made_later("pg_type", "t.oid")}
UNION ALL
SELECT 'type', {_NAME} || t.typname, 'RANGE of ' || format_type(r.rngsubtype, NULL)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_range r ON r.rngtypid = t.oid
WHERE t.typtype = 'r' AND {_OURS} AND {_made_later("pg_type", "t.oid")}
UNION ALL
SELECT 'sequence', {_NAME} || c.relname, concat_ws(' ', 'AS', format_type(q.seqtypid, NULL),
       'START', q.seqstart, 'INCREMENT', q.seqincrement, 'MIN', q.seqmin, 'MAX', q.seqmax,
       CASE WHEN q.seqcycle THEN 'CYCLE' END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE {_OURS} AND {_made_later("pg_class", "c.oid")}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                  AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_class'::regclass)
UNION ALL
SELECT 'function', {_NAME} || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       CASE WHEN p.prokind = 'a' THEN 'AGGREGATE' ELSE pg_get_functiondef(p.oid) END
       || coalesce(' GRANTED ' || p.proacl::text, '')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_OURS} AND {_made_later("pg_proc", "p.oid")}
UNION ALL
SELECT 'trigger', g.tgname, pg_get_triggerdef(g.oid)
       || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' (enabled: ' || g.tgenabled::text || ')' END
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND {_OURS}
UNION ALL
SELECT 'policy', y.policyname || ' on ' || y.tablename, concat_ws(' ', y.permissive, 'FOR', y.cmd,
       'TO', array_to_string(y.roles, ', '), 'USING ' || y.qual, 'CHECK ' || y.with_check)
FROM pg_policies y
UNION ALL
SELECT 'rule', r.rulename || ' on ' || c.relname, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {_OURS}
UNION ALL
SELECT 'statistics', {_NAME} || s.stxname, pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {_OURS}
UNION ALL
SELECT 'collation', {_NAME} || l.collname, l.collprovider::text
FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE {_OURS} AND {_made_later("pg_collation", "l.oid")}
UNION ALL
SELECT 'event trigger', v.evtname, v.evtevent || ' ' || v.evtfoid::regproc::text
FROM pg_event_trigger v
UNION ALL
SELECT 'extension', x.extname, '' FROM pg_extension x WHERE x.extname <> 'plpgsql'
UNION ALL
SELECT 'schema', n.nspname, coalesce('GRANTED ' || n.nspacl::text, '') FROM pg_namespace n
WHERE {_OURS} AND {_not_of_an_extension("pg_namespace", "n.oid")}
UNION ALL
SELECT 'default privileges', concat_ws(' ', n.nspname, a.defaclobjtype), a.defaclacl::text
FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
ORDER BY 1, 2"""
# What values the types take that a migration or an extension makes: of enums and domains.
_TYPES = f"""
SELECT format_type(t.oid, NULL), t.typtype, CASE WHEN t.typtype = 'd' THEN
       format_type(t.typbasetype, t.typtypmod) END,
       (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = t.oid)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd') AND {_OURS}"""
# A mark for each relation, another one as soon as anything of it changes: how many rows of the
# catalogue describe it, and which transaction wrote the last of them, where it is not frozen. One
# mark is for all that is no relation, one for extensions, one for names of schemas and for
# privileges, which change without a lock on the relation. They come as one text, since nearly all
# are as they were.
OTHERS, EXTENSIONS, UNLOCKED = "0", "x", "u"  # in the place of an oid
BETWEEN, SEPARATOR = "\x1f", "\x1e"
_MARK = (
    "concat(count(*), ' ', txid_snapshot_xmax(txid_current_snapshot())"
    " - nullif(min(age(p.mark)), 2147483647))"
)
_OF_SEQUENCES = """
    SELECT {0} FROM pg_depend d JOIN pg_sequence q ON q.seqrelid = d.objid
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.objid >= {2} AND {1}"""


def _marks_of(chosen: Callable[[str], str]) -> str:
    """Return what gives the marks; `chosen` says, of a column, that its relation is asked for."""
    return f"""
SELECT string_agg(concat_ws('{BETWEEN}', oid, schema, name, kind, mark), '{SEPARATOR}') FROM (
SELECT c.oid::text, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       m.mark
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN (
    SELECT p.owner, {_MARK} AS mark FROM (
        SELECT oid AS owner, xmin AS mark FROM pg_class WHERE {chosen("oid")}
        UNION ALL SELECT i.indrelid, unnest(ARRAY[i.xmin, r.xmin])
            FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid WHERE {chosen("i.indrelid")}
        UNION ALL SELECT attrelid, xmin FROM pg_attribute
            WHERE {chosen("attrelid")} AND attnum > 0
        UNION ALL SELECT adrelid, xmin FROM pg_attrdef WHERE {chosen("adrelid")}
        UNION ALL SELECT conrelid, xmin FROM pg_constraint WHERE {chosen("conrelid")}
        UNION ALL SELECT inhrelid, xmin FROM pg_inherits WHERE {chosen("inhrelid")}
        UNION ALL SELECT ev_class, xmin FROM pg_rewrite WHERE {chosen("ev_class")}
        UNION ALL SELECT objoid, xmin FROM pg_description
            WHERE {chosen("objoid")} AND classoid = 'pg_class'::regclass
        UNION ALL {_OF_SEQUENCES.format("d.refobjid, d.xmin", chosen("d.refobjid"), FIRST)}
    ) p GROUP BY 1) m ON m.owner = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {chosen("c.oid")} AND {_OURS}
UNION ALL
SELECT '{OTHERS}', '', '', '', {_MARK} FROM (
    SELECT xmin AS mark FROM pg_type WHERE oid >= {FIRST} AND typtype IN ('e', 'd', 'r')
    UNION ALL SELECT unnest(ARRAY[c.xmin, a.xmin]) FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'c' AND c.oid >= {FIRST}
    UNION ALL SELECT xmin FROM pg_enum
    UNION ALL SELECT xmin FROM pg_constraint WHERE conrelid = 0
    UNION ALL SELECT xmin FROM pg_range WHERE rngtypid >= {FIRST}
    UNION ALL SELECT unnest(ARRAY[q.xmin, c.xmin]) FROM pg_sequence q
        JOIN pg_class c ON c.oid = q.seqrelid AND c.oid >= {FIRST}
    UNION ALL {_OF_SEQUENCES.format("d.xmin", "true", FIRST)}
    UNION ALL SELECT xmin FROM pg_proc WHERE oid >= {FIRST}
    UNION ALL SELECT xmin FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT xmin FROM pg_policy
    UNION ALL SELECT xmin FROM pg_rewrite WHERE ev_class >= {FIRST} AND rulename <> '_RETURN'
    UNION ALL SELECT xmin FROM pg_statistic_ext
    UNION ALL SELECT xmin FROM pg_collation WHERE oid >= {FIRST}
    UNION ALL SELECT xmin FROM pg_event_trigger
    UNION ALL SELECT xmin FROM pg_namespace
    UNION ALL SELECT xmin FROM pg_default_acl) p
UNION ALL
SELECT '{UNLOCKED}', '', '', '', {_MARK} FROM (
    SELECT xmin AS mark FROM pg_namespace
    UNION ALL SELECT xmin FROM pg_class WHERE oid >= {FIRST} AND relacl IS NOT NULL
    UNION ALL SELECT xmin FROM pg_attribute WHERE attrelid >= {FIRST}
        AND attnum > 0 AND attacl IS NOT NULL) p
UNION ALL
SELECT '{EXTENSIONS}', '', '', '', {_MARK} FROM (
    SELECT xmin AS mark FROM pg_extension
    UNION ALL SELECT xmin FROM pg_depend WHERE refclassid = 'pg_extension'::regclass) p) one"""


_MARKS = _marks_of(f"{{}} >= {FIRST}".format)
# Of these relations alone, and of the tables whose indexes these are.
_SOME_MARKS = f"""WITH asked AS MATERIALIZED (
    SELECT unnest($1) AS oid UNION SELECT indrelid FROM pg_index WHERE indexrelid = ANY($1))
{_marks_of("{} = ANY(ARRAY(SELECT oid FROM asked))".format)}"""
# Of a connection: on which relations its transaction has locks with which it may have written to
# them, and whether it may have changed more than rows.
_LOCKED = """
SELECT relation::text, bool_or(mode <> 'RowExclusiveLock') FROM pg_locks
WHERE pid = $1 AND locktype = 'relation' AND mode NOT IN ('AccessShareLock', 'RowShareLock')
GROUP BY 1"""
# Of which relations each query tells, and which column says so.
_OF_RELATIONS = (
    (_RELATIONS, "c.oid"),
    (_COLUMNS, "a.attrelid"),
    (_CONSTRAINTS, "s.conrelid"),
    (_INDEXES, "i.indrelid"),
)
_OF_THE_REST = (_OTHERS, _TYPES)


# Planned once, and not for each relation that is asked for: that takes longer than the answer.
_PLAN_ONCE = """
SELECT set_config(name, 'force_generic_plan', false) FROM pg_settings
WHERE name = 'plan_cache_mode'"""


def _prepared() -> list[str]:
    found = [
        _PLAN_ONCE,
        f"PREPARE guard_marks AS {_MARKS}",
        f"PREPARE guard_some_marks(oid[]) AS {_SOME_MARKS}",
        f"PREPARE guard_locked(int) AS {_LOCKED}",
    ]
    for number, (query, relation) in enumerate(_OF_RELATIONS):
        some = query.format(only=f"{relation} = ANY($1)")
        found.append(f"PREPARE guard_all_{number} AS {query.format(only='true')}")
        found.append(f"PREPARE guard_some_{number}(oid[]) AS {some}")
    for number, query in enumerate(_OF_THE_REST):
        found.append(f"PREPARE guard_rest_{number} AS {query}")
    return found


PREPARE = ";".join(_prepared())
PARTS = len(_OF_RELATIONS)  # results of each of the two that ask for relations
SNAPSHOT = "SELECT txid_current_snapshot()"  # another one as soon as anything is written
MARKS = "EXECUTE guard_marks"
RELATIONS = ";".join(f"EXECUTE guard_all_{number}" for number in range(len(_OF_RELATIONS)))
REST = ";".join(f"EXECUTE guard_rest_{number}" for number in range(len(_OF_THE_REST)))


def locked_by(pid: int) -> str:
    """Return what asks which relations the open transaction of that process may have written to."""
    return f"EXECUTE guard_locked({pid})"


def some_marks(oids: Iterable[str]) -> str:
    """Return what asks for the marks of no more than these relations, and of what is none."""
    return f"EXECUTE guard_some_marks({_array(oids)})"


def some_relations(oids: Iterable[str]) -> str:
    """Return what asks for no more than these relations."""
    asked = _array(oids)
    return ";".join(f"EXECUTE guard_some_{n}({asked})" for n in range(len(_OF_RELATIONS)))


def _array(oids: Iterable[str]) -> str:
    return "'{" + ",".join(oids) + "}'"
