"""Whether a column has another type in the database than in the model, as Alembic compares them."""

from __future__ import annotations

from guard.operations import Type
from guard.server import is_mysql
from guard.sql.tokens import words

# The types that guard knows by one name each, however they are spelled.
_KNOWN = words(
    "integer bigint smallint tinyint mediumint boolean numeric double real varchar char text "
    "tinytext mediumtext longtext bytea blob longblob mediumblob binary varbinary date time "
    "timestamp datetime interval json jsonb uuid xml inet cidr macaddr enum tsvector tsquery "
    "citext hstore money bit ltree int4range int8range numrange daterange tsrange tstzrange oid"
)
# What SQLAlchemy makes of a type that the dialect does not have.
_STAND_INS: dict[str, dict[str, Type]] = {
    "sqlite": {"uuid": Type(name="char", length=32), "interval": Type(name="datetime")},
    "mysql": {"uuid": Type(name="char", length=32), "interval": Type(name="datetime")},
    "postgresql": {"blob": Type(name="bytea"), "datetime": Type(name="timestamp")},
}
_SAME: dict[str, tuple[set[str], ...]] = {
    "sqlite": (),
    "mysql": ({"boolean", "tinyint"}, {"json", "longtext"}, {"double", "real"}),
    "postgresql": (),
}
# Where nobody named the dialect: what may be one type on one of them.
_ANYWHERE = (
    {"double", "real"},
    {"blob", "bytea", "binary", "varbinary", "longblob", "mediumblob"},
    {"datetime", "timestamp", "interval"},
    {"boolean", "tinyint", "integer"},
    {"json", "jsonb", "text", "longtext"},
    {"uuid", "char", "varchar"},
    {"enum", "varchar"},
)


def other_type(model: Type | None, table: Type | None, dialect: str | None) -> bool:
    """Return whether the types surely differ; sizes only count where both have them."""
    if model is None or table is None or model.variants or table.variants:
        return False
    model, table = _compiled(model, dialect), _compiled(table, dialect)
    if model.enum_name and table.enum_name and dialect == "postgresql":
        return model.enum_name.name != table.enum_name.name
    if not {model.name, table.name} <= _KNOWN:
        return False
    if model.name != table.name:
        return not any({model.name, table.name} <= row for row in _rows(dialect))
    if dialect == "postgresql" and model.timezone != table.timezone:
        return True
    if not (model.sized and table.sized):
        return False
    sizes = [_sizes(model), _sizes(table)]
    return len(sizes[0]) == len(sizes[1]) and sizes[0] != sizes[1]


def _compiled(type_: Type, dialect: str | None) -> Type:
    known = "mysql" if is_mysql(dialect) else dialect or ""
    return _STAND_INS.get(known, {}).get(type_.name, type_)


def _rows(dialect: str | None) -> tuple[set[str], ...]:
    if dialect is None:
        return _ANYWHERE
    return _SAME["mysql" if is_mysql(dialect) else dialect]


def _sizes(type_: Type) -> tuple[object, ...]:
    found = (type_.length, type_.precision, type_.scale)
    return tuple(size for size in found if size is not None)
