"""Columns, constraints and index keys, which CREATE TABLE and ALTER TABLE have in common."""

from __future__ import annotations

from typing import Any

import msgspec

from guard.operations import Column, Constraint, CreateIndex, Default, Generated, Name
from guard.sql.cursor import Cursor
from guard.sql.extents import skip_expression
from guard.sql.types import AFTER_TYPE, read_type, read_word

_ACTIONS = (("NO", "ACTION"), ("SET", "NULL"), ("SET", "DEFAULT"), ("CASCADE",), ("RESTRICT",))
_CONSTRAINT_STARTS = frozenset(["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE"])
_INDEX_STARTS = frozenset(["INDEX", "KEY", "FULLTEXT", "SPATIAL"])


def read_column(c: Cursor) -> Column:
    """Return a column's definition, up to what is no part of it (MySQL's FIRST and AFTER)."""
    name = c.column()
    type_, generated = None, None
    if c.at_end() or c.word in AFTER_TYPE:
        if c.source.dialect != "sqlite" and not c.at("GENERATED", "ALWAYS", "AS", "ROW"):
            raise c.fail(f"the type of column {name}")
    else:
        type_, generated = read_type(c)
    parts: dict[str, Any] = {"name": name, "type": type_, "generated": generated}
    if generated:
        parts["nullable"] = False
    constraints: list[Constraint] = []
    while not c.at_end() and (
        _read_key_option(c, parts, constraints) or _read_option(c, parts) or _skip_option(c)
    ):
        pass
    return Column(constraints=tuple(constraints), **parts)


def _read_key_option(c: Cursor, parts: dict[str, Any], constraints: list[Constraint]) -> bool:
    """Read an inline constraint, which may have a name; return False where there is none."""
    named = c.name("a constraint name") if c.take("CONSTRAINT") and not _unnamed(c) else None
    if c.take("PRIMARY", "KEY") or (c.source.mysql and c.take("KEY")):
        parts |= {"primary_key": True, "nullable": False}
        c.choose("ASC", "DESC")
        _conflict_clause(c)
        if c.source.dialect == "sqlite" and c.take("AUTOINCREMENT"):
            parts["generated"] = Generated(by="autoincrement")
        if named:
            constraints.append(_attributes(c, Constraint(type="primary key", name=named)))
    elif c.take("UNIQUE"):
        c.take("KEY")
        alike = _nulls_not_distinct(c)
        _conflict_clause(c)
        parts["unique"] = True
        if named:
            unique = Constraint(
                type="unique", name=named, columns=(parts["name"],), nulls_not_distinct=alike
            )
            constraints.append(_attributes(c, unique))
    elif c.word in ("CHECK", "REFERENCES"):
        columns = (parts["name"],) if c.at("REFERENCES") else ()
        constraints.append(_check_or_reference(c, named, columns))
    else:
        return named is not None and _read_option(c, parts)
    return True


def _read_option(c: Cursor, parts: dict[str, Any]) -> bool:
    """Read what else defines the column; return False where there is nothing of it."""
    if c.take("NOT", "NULL"):
        parts["nullable"] = False
        _conflict_clause(c)
    elif c.take("NULL"):
        parts["nullable"] = True
    elif c.take("DEFAULT"):
        parts["default"] = Default(skip_expression(c, inside_column=True).sql)
    elif c.source.mysql and c.take("ON", "UPDATE"):
        parts["on_update"] = _moment(c)
    elif c.word in ("GENERATED", "AS"):
        parts["generated"] = _read_generated(c)
    elif c.source.mysql and c.take("AUTO_INCREMENT"):
        parts["generated"] = Generated(by="autoincrement")
    elif c.take("COMMENT"):
        c.take("=")
        parts["comment"] = c.string("a comment")
    elif c.take("COLLATE"):
        c.take("=")
        collation = str(c.qualified("a collation"))
        if parts["type"] is not None:
            parts["type"] = msgspec.structs.replace(parts["type"], collation=collation)
    elif c.take("CHARACTER", "SET") or (c.source.mysql and c.choose("CHARSET")):
        c.take("=")
        charset = read_word(c)
        if parts["type"] is not None:
            parts["type"] = msgspec.structs.replace(parts["type"], charset=charset)
    else:
        return False
    return True


def _moment(c: Cursor) -> str:
    """Return CURRENT_TIMESTAMP, NOW() or the like."""
    start = c.next().start
    if c.word == "(":
        c.parens()
    return c.source.restore(c.source.masked[start : c.peek(-1).end])


def _unnamed(c: Cursor) -> bool:
    """MySQL and SQLite allow CONSTRAINT without a name."""
    starts = ("CHECK", "PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES")
    return not c.source.postgres and c.word in starts


def _skip_option(c: Cursor) -> bool:
    """Move past a part that changes nothing that rules look at."""
    if c.take("INITIALLY"):
        c.next()
    elif c.choose("STORAGE", "COMPRESSION", "COLUMN_FORMAT", "SRID", "ENGINE_ATTRIBUTE"):
        c.take("=")
        c.next()
    elif c.take("USING", "INDEX", "TABLESPACE"):
        c.name()
    elif c.at("WITH", "(") or c.at("OPTIONS", "("):
        c.next()
        c.parens()
    else:
        return any(c.take(*option) for option in _PLAIN_OPTIONS)
    return True


_PLAIN_OPTIONS = (
    ("DEFERRABLE",),
    ("NOT", "DEFERRABLE"),
    ("VISIBLE",),
    ("INVISIBLE",),
    ("ENFORCED",),
    ("NOT", "ENFORCED"),
    ("NO", "INHERIT"),
    ("WITH", "SYSTEM", "VERSIONING"),
    ("WITHOUT", "SYSTEM", "VERSIONING"),
)


def _expression(c: Cursor) -> str:
    """Return the SQL of an expression in parentheses."""
    inner = c.parens()
    last = c.peek(-2)
    if inner.at_end() or (last.kind == "op" and last.word not in (")", "]", "*")):
        inner.finish()
        raise inner.fail("an expression")
    return inner.sql


def _read_generated(c: Cursor) -> Generated:
    always = True
    if c.take("GENERATED"):
        always = c.take("ALWAYS")
        if not always:
            c.expect("BY", "DEFAULT")
            c.take("ON", "NULL")
    c.expect("AS")
    if c.take("IDENTITY"):
        if c.word == "(":
            c.parens()
        return Generated(by="identity", always=always)
    if c.take("ROW"):  # MariaDB: GENERATED ALWAYS AS ROW START
        c.next()
        return Generated(by="expression", sql="ROW", stored=True)
    sql = _expression(c)
    kind = c.choose("STORED", "VIRTUAL", "PERSISTENT")
    return Generated(by="expression", sql=sql, stored=None if kind is None else kind != "VIRTUAL")


def at_constraint(c: Cursor) -> bool:
    """Return whether a table constraint begins here, and no column."""
    if c.word in _CONSTRAINT_STARTS:
        return True
    return c.at("NOT", "NULL")  # PostgreSQL 18: CONSTRAINT n NOT NULL c, the name may be left out


def read_constraint(c: Cursor) -> tuple[Constraint, str | None]:
    """Return a table constraint, and the index that it takes over (USING INDEX)."""
    named = None
    if c.take("CONSTRAINT") and not _unnamed(c):
        if c.source.mysql:
            _if_not_exists(c)
        named = c.name("a constraint name")
    if c.at("CHECK"):
        return _check_or_reference(c, named, ()), None
    if c.take("PRIMARY", "KEY"):
        return _key(c, "primary key", named)
    if c.take("UNIQUE"):
        return _key(c, "unique", named)
    if c.take("FOREIGN", "KEY"):
        if c.word != "(" and c.source.mysql:
            _if_not_exists(c)
            index = c.name("an index name") if c.word != "(" else None
            named = named or index
        return _check_or_reference(c, named, _read_names(c)), None
    if c.take("EXCLUDE"):
        start = c.index
        if c.take("USING"):
            c.name("an access method")
        c.parens()
        while _skip_attribute(c, Constraint(type="exclude")):
            pass
        if c.take("WHERE"):
            c.parens()
        sql = Cursor(c.source, c.tokens, start, c.index).sql
        return _attributes(c, Constraint(type="exclude", name=named, sql=sql)), None
    if c.take("NOT", "NULL"):
        return _attributes(c, Constraint(type="not null", name=named, columns=(c.column(),))), None
    raise c.fail("a constraint")


def _key(c: Cursor, kind: Any, named: str | None) -> tuple[Constraint, str | None]:
    if c.take("USING", "INDEX"):
        index = c.name("an index name")
        return _attributes(c, Constraint(type=kind, name=named)), index
    if kind == "unique":
        c.choose("KEY", "INDEX")
        _if_not_exists(c)
    alike = _nulls_not_distinct(c)
    if c.word not in ("(", "USING"):
        written = c.name("an index name")
        named = named or written
    if c.take("USING"):
        c.name("an index type")
    columns = read_keys(c.parens())
    constraint = Constraint(type=kind, name=named, columns=columns, nulls_not_distinct=alike)
    return _attributes(c, constraint), None


def _read_names(c: Cursor) -> tuple[str, ...]:
    """Return the columns of a foreign key; the last may be PostgreSQL's PERIOD."""
    items = c.parens().items()
    if items[-1].at("PERIOD") and items[-1].is_name(1):
        items[-1].next()
    return tuple(item.column() for item in items)


def _check_or_reference(c: Cursor, named: str | None, columns: tuple[str, ...]) -> Constraint:
    if c.take("CHECK"):
        return _attributes(c, Constraint(type="check", name=named, sql=_expression(c)))
    c.expect("REFERENCES")
    target = c.qualified("the referenced table")
    target_columns: tuple[str, ...] = ()
    if c.word == "(":
        target_columns = _read_names(c)
    constraint = Constraint(
        type="foreign key",
        name=named,
        columns=columns,
        target=target,
        target_columns=target_columns,
    )
    return _attributes(c, constraint)


_KEYS = ("unique", "primary key")
_ALWAYS_VALID = (*_KEYS, "exclude")  # PostgreSQL refuses NOT VALID for these


def _attributes(c: Cursor, constraint: Constraint) -> Constraint:
    """Return the constraint with what is written after it."""
    changes: dict[str, Any] = {}
    while not c.at_end():
        if c.take("ON", "DELETE"):
            changes["on_delete"] = _action(c)
        elif constraint.target and c.take("ON", "UPDATE"):
            changes["on_update"] = _action(c)
        elif c.at("NOT", "VALID") and c.source.postgres and constraint.type in _ALWAYS_VALID:
            raise c.fail(f"a {constraint.type.upper()} without NOT VALID")
        elif c.take("NOT", "VALID") or c.take("NOT", "ENFORCED"):
            changes["not_valid"] = True
        elif c.take("NOT", "DEFERRABLE") or c.take("ENFORCED") or c.take("NO", "INHERIT"):
            pass
        elif c.take("DEFERRABLE"):
            changes["deferrable"] = True
        elif c.take("INITIALLY", "DEFERRED"):
            changes |= {"deferrable": True, "initially_deferred": True}
        elif c.take("INITIALLY", "IMMEDIATE"):
            pass
        elif constraint.type in _KEYS and c.take("INCLUDE"):
            changes["include"] = tuple(item.column() for item in c.parens().items())
        elif not _skip_attribute(c, constraint):
            break
    return msgspec.structs.replace(constraint, **changes)


def _skip_attribute(c: Cursor, constraint: Constraint) -> bool:
    if c.take("MATCH"):
        c.next()
    elif c.take("USING", "INDEX", "TABLESPACE") or (c.source.mysql and c.take("USING")):
        c.name()
    elif constraint.type in _ALWAYS_VALID and (c.at("INCLUDE") or c.at("WITH")):
        c.next()
        c.parens()
    elif constraint.type in ("unique", "primary key") and c.take("COMMENT"):
        c.string("a comment")
    elif constraint.type in ("unique", "primary key") and c.choose("KEY_BLOCK_SIZE"):
        c.take("=")
        c.next()
    elif c.at("ON", "CONFLICT"):
        _conflict_clause(c)
    else:
        return False
    return True


def _action(c: Cursor) -> str:
    for words in _ACTIONS:
        if c.take(*words):
            if words[0] == "SET" and c.word == "(":
                c.parens()
            return " ".join(words)
    if c.at_hole():
        return c.source.text[c.peek().start : c.next().end]
    raise c.fail("NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT")


def _conflict_clause(c: Cursor) -> None:
    if c.take("ON", "CONFLICT"):
        c.next()


def _nulls_not_distinct(c: Cursor) -> bool:
    alike = c.take("NULLS", "NOT", "DISTINCT")
    if not alike:
        c.take("NULLS", "DISTINCT")
    return alike


def _if_not_exists(c: Cursor) -> bool:
    return c.take("IF", "NOT", "EXISTS")


def read_keys(c: Cursor) -> tuple[str, ...]:
    """Return the keys of a constraint: the names of columns, the SQL of expressions."""
    return read_index_keys(c)[0]


def read_index_keys(c: Cursor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return an index's keys, and those that say more (an order, an operator class) as written."""
    keys: list[str] = []
    more: list[str] = []
    for item in c.items():
        written = item.sql
        key = _read_key(item)
        keys.append(key)
        if written not in (key, f"({key})", f'"{key}"', f"`{key}`", f"{key} ASC"):
            more.append(written)
    return tuple(keys), tuple(more)


def _read_key(c: Cursor) -> str:
    if c.at_end():
        raise c.fail("a column name")
    after = c.peek(1)
    prefix = c.source.mysql and after.word == "(" and c.peek(2).kind == "number"
    if c.is_name() and (prefix or after.kind in ("end", "word", "quoted")):
        key = c.name("a column name")
    elif not c.source.postgres:
        return c.parens().sql if c.word == "(" else c.skip_to("ASC", "DESC", "COLLATE").sql
    else:
        written = skip_expression(c, inside_column=True)
        key = written.parens().sql if written.word == "(" else written.sql
    if c.source.postgres:
        _finish_key(c)
    return key


def _finish_key(c: Cursor) -> None:
    """Move past what PostgreSQL allows after a key: collation, operator class, order."""
    if c.take("COLLATE"):
        c.qualified("a collation")
    if c.is_name() and c.word not in ("ASC", "DESC", "NULLS", "WITHOUT") and not c.at_hole():
        c.qualified("an operator class")
        if c.word == "(":
            c.parens()
    c.choose("ASC", "DESC")
    if c.take("NULLS"):
        c.choose("FIRST", "LAST")
    c.take("WITHOUT", "OVERLAPS")  # the last column of a temporal key
    if not c.at_end() and not c.at_hole():
        raise c.fail("a comma or )")


def at_inline_index(c: Cursor) -> bool:
    """Return whether MySQL's KEY or INDEX begins here, inside a table's definition."""
    return c.source.mysql and c.word in _INDEX_STARTS


def read_inline_index(c: Cursor, table: Name) -> CreateIndex:
    """Return the index that a MySQL table definition or ALTER TABLE makes."""
    method = c.choose("FULLTEXT", "SPATIAL")
    c.choose("INDEX", "KEY")
    if_not_exists = _if_not_exists(c)
    name = c.name("an index name") if c.word not in ("(", "USING") else None
    if c.take("USING"):
        method = c.name("an index type")
    columns, more = read_index_keys(c.parens())
    found = read_index_options(c)
    return CreateIndex(
        table=table,
        name=name,
        columns=columns,
        detail=", ".join(more) or None,
        if_not_exists=if_not_exists,
        method=(method or found.pop("method", None) or "").lower() or None,
        algorithm=found.get("algorithm"),
        lock=found.get("lock"),
    )


def read_index_options(c: Cursor) -> dict[str, str]:
    """Return MySQL's options after an index: `method`, `algorithm`, `lock`."""
    found: dict[str, str] = {}
    while not c.at_end():
        if c.take("USING"):
            found["method"] = c.name("an index type")
        elif option := c.choose("ALGORITHM", "LOCK"):
            c.take("=")
            found[option.lower()] = c.next().word.lower()
        elif c.take("COMMENT"):
            c.string("a comment")
        elif c.choose("VISIBLE", "INVISIBLE", "IGNORED") or c.take("NOT", "IGNORED"):
            pass
        elif c.take("WITH", "PARSER") or c.choose("KEY_BLOCK_SIZE"):
            c.take("=")
            c.next()
        else:
            break
    return found
