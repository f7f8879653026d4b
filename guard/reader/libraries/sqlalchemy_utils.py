"""SQLAlchemy-Utils: its column types, as the types of SQLAlchemy that they are made of."""

from __future__ import annotations

from guard.operations import AddColumn, Column, Name, RefreshMaterializedView, Type
from guard.reader.evaluate.run import ColumnType, Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import NONE, TRUE, Const, Construct, Value, truth
from guard.reader.libraries.sqlalchemy import clauses
from guard.server import Dialect


def _made_of(name: str, *args: Value) -> Construct:
    return Construct(f"sqlalchemy.{name}", args)


def _on_postgresql(native: Value, otherwise: Construct) -> Construct:
    """Return the type that is another one on PostgreSQL."""
    return Construct("with_variant", (native, Text.of("postgresql")), receiver=otherwise)


def _always(name: str, *args: int) -> ColumnType:
    kind = _made_of(name, *map(Const, args))
    return lambda args, kwargs: kind


def _sized(length: int, parameter: str, position: int = 0) -> ColumnType:
    """Return the type of text whose length is an argument, `length` where it is not given."""

    def read(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
        given = args[position] if len(args) > position else kwargs.get(parameter)
        return _made_of("Unicode", given if given is not None else Const(length))

    return read


def _range(name: str) -> ColumnType:
    kind = _on_postgresql(_made_of(name), _made_of("String", Const(255)))
    return lambda args, kwargs: kind


def _choice(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    impl = args[1] if len(args) > 1 else kwargs.get("impl")
    return impl if impl not in (None, NONE) else _made_of("Unicode", Const(255))


def _uuid(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    given = {**dict(zip(("binary", "native"), args, strict=False)), **kwargs}
    binary = truth(given.get("binary", TRUE)) is not False
    kind = _made_of("BINARY", Const(16)) if binary else _made_of("CHAR", Const(32))
    if truth(given.get("native", TRUE)) is False:
        return kind
    return _on_postgresql(_made_of("UUID"), kind)


def _password(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    length = args[0] if args else kwargs.get("max_length", Const(1024))
    return _on_postgresql(_made_of("BYTEA"), _made_of("VARBINARY", length))


def _json(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    return _on_postgresql(_made_of("JSON"), _made_of("UnicodeText"))


def _week_days(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    return _on_postgresql(_made_of("BIT", Const(7)), _made_of("BINARY", Const(7)))


_TYPES: dict[str, ColumnType] = {
    "ArrowType": _always("DateTime"),
    "ChoiceType": _choice,
    "ColorType": _sized(20, "max_length"),
    "CountryType": _always("String", 2),
    "CurrencyType": _always("String", 3),
    "DateRangeType": _range("DATERANGE"),
    "DateTimeRangeType": _range("TSRANGE"),
    "EmailType": _sized(255, "length"),
    "EncryptedType": _always("LargeBinary"),
    "EnrichedDateTimeType": _always("DateTime"),
    "EnrichedDateType": _always("Date"),
    "IPAddressType": _sized(50, "max_length"),
    "Int8RangeType": _range("INT8RANGE"),
    "IntRangeType": _range("INT4RANGE"),
    "JSONType": _json,
    "LocaleType": _always("Unicode", 10),
    "LtreeType": _always("LTREE"),
    "NumericRangeType": _range("NUMRANGE"),
    "PasswordType": _password,
    "PhoneNumberType": _sized(20, "max_length", position=1),
    "ScalarListType": _always("UnicodeText"),
    "StringEncryptedType": _always("String"),
    "TSVectorType": _always("TSVECTOR"),
    "TimezoneType": _always("Unicode", 50),
    "URLType": _always("UnicodeText"),
    "UUIDType": _uuid,
    "WeekDaysType": _week_days,
}


def _refresh(run: Run, call: Call) -> Value:
    """`refresh_materialized_view(session, name, concurrently)`."""
    view = clauses.name(call.get(1, "name"))
    concurrently = clauses.flag(call.get(2, "concurrently"))
    made = RefreshMaterializedView(name=view, concurrently=concurrently)
    run.emit([made], call.node, call.frame)
    return NONE


def _adds(written: str, type_: Type, dialect: Dialect = "postgresql") -> Example:
    return Example(
        f'op.add_column("t", sa.Column("a", {written}))',
        (AddColumn(table=Name("t"), column=Column(name="a", type=type_)),),
        "import sqlalchemy as sa\nimport sqlalchemy_utils\nfrom alembic import op",
        dialect,
    )


LIBRARY = Library(
    names={
        "sqlalchemy_utils.*.refresh_materialized_view": _refresh,
    },
    types={f"sqlalchemy_utils.*.{name}": kind for name, kind in _TYPES.items()},
    examples=(
        _adds("sqlalchemy_utils.EmailType(length=99)", Type(name="varchar", length=99)),
        _adds("sqlalchemy_utils.types.email.EmailType()", Type(name="varchar", length=255)),
        _adds("sqlalchemy_utils.URLType", Type(name="text")),
        _adds("sqlalchemy_utils.IPAddressType(9)", Type(name="varchar", length=9)),
        _adds("sqlalchemy_utils.CountryType()", Type(name="varchar", length=2)),
        _adds("sqlalchemy_utils.ChoiceType([('a', 'b')])", Type(name="varchar", length=255)),
        _adds("sqlalchemy_utils.ChoiceType([(1, 'b')], sa.Integer())", Type(name="integer")),
        _adds("sqlalchemy_utils.types.uuid.UUIDType(binary=False)", Type(name="uuid")),
        _adds(
            "sqlalchemy_utils.types.uuid.UUIDType(binary=False)",
            Type(name="char", length=32, variants={"postgresql": Type(name="uuid")}),
            "mysql",
        ),
        _adds(
            "sqlalchemy_utils.UUIDType",
            Type(name="binary", length=16, variants={"postgresql": Type(name="uuid")}),
            "mysql",
        ),
        _adds("sqlalchemy_utils.JSONType()", Type(name="json")),
        _adds(
            "sqlalchemy_utils.JSONType()",
            Type(name="text", variants={"postgresql": Type(name="json")}),
            "mysql",
        ),
        _adds("sqlalchemy_utils.TSVectorType('a', 'b')", Type(name="tsvector")),
        Example(
            'refresh_materialized_view(orm.Session(op.get_bind()), "v", concurrently=True)',
            (RefreshMaterializedView(name=Name("v"), concurrently=True),),
            "from alembic import op\nfrom sqlalchemy import orm\n"
            "from sqlalchemy_utils import refresh_materialized_view",
            runs=False,  # it flushes the session first, which only a live connection can
        ),
    ),
)
