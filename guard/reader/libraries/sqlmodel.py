"""SQLModel: SQLAlchemy's names, handed on, fields and a type of its own, and its tables."""

from __future__ import annotations

from guard.operations import AddColumn, Column, Name, Type
from guard.reader.evaluate.run import Base, Example, Library, Member, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    NONE,
    TRUE,
    Class,
    Construct,
    DottedName,
    GenericAlias,
    Mapping,
    Sequence,
    Unknown,
    Value,
    truth,
)
from guard.reader.libraries.sqlalchemy.annotations import (
    Described,
    default_type,
    described,
    evaluated,
)
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.mapped import named_column
from guard.reader.libraries.sqlalchemy.names import in_package

_TEXTS = {"builtins.str", "pathlib.Path", "pydantic.*.EmailStr", "pydantic.EmailStr"}
# Which type of column they are depends on SQLModel's version.
_VARYING = {"datetime.datetime", "pydantic.AwareDatetime", "pydantic.NaiveDatetime"}
_HANDED_ON = ("primary_key", "index", "unique")


def _field(run: Run, call: Call) -> Value:
    return Construct("sqlmodel.Field", call.args, call.kwargs, call.node)


def _auto_string(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    return Construct("sqlalchemy.String", args, kwargs)


def _columns(run: Run, member: Member) -> tuple[Value, ...] | None:
    """Return the column of a field: what is annotated is one, but for relationships."""
    if member.annotation is None or member.name.startswith("_") or member.name == "model_config":
        return ()
    annotation = evaluated(run, member.annotation, member.owner)
    value = member.value
    if isinstance(annotation, GenericAlias | DottedName) and last(annotation.path) == "ClassVar":
        return ()
    if isinstance(value, Construct) and last(value.path) == "Relationship":
        return ()
    if isinstance(value, Unknown) or (
        isinstance(value, Construct) and last(value.path) not in {"Field", "Column"}
    ):
        return None
    said = described(run, annotation, member.owner)
    in_extras = [e for e in said.extras if isinstance(e, Construct) and last(e.path) == "Field"]
    options = dict(value.kwargs) if isinstance(value, Construct) else {}
    for extra in in_extras:
        options = {**extra.kwargs, **options}
    made = options.get("sa_column")
    if isinstance(made, Construct) and last(made.path) == "Column":
        return (named_column(run, member, made),)
    if made is not None:
        return None
    return (_made_of(member, said, options, value),)


def _made_of(
    member: Member, said: Described, options: dict[str, Value], value: Value | None
) -> Construct:
    """Return the column that SQLModel makes of a field's type and options."""
    kind = options.get("sa_type") or _type_of(said, options)
    given = {name: options[name] for name in _HANDED_ON if name in options}
    optional = said.optional and truth(given.get("primary_key", FALSE)) is not True
    given["nullable"] = options.get("nullable", TRUE if optional else FALSE)
    args: list[Value] = [Text.of(member.name), kind or Unknown("its annotation")]
    if "foreign_key" in options and options["foreign_key"] != NONE:
        rule = {"ondelete": options["ondelete"]} if "ondelete" in options else {}
        args.append(Construct("sqlalchemy.ForeignKey", (options["foreign_key"],), rule))
    more = options.get("sa_column_args")
    if isinstance(more, Sequence):
        args += more.items
    wider = options.get("sa_column_kwargs")
    if isinstance(wider, Mapping):
        given |= {str(key): inner for key, (_, inner) in wider.pairs.items()}
    source = value.source if isinstance(value, Construct) else ""
    return Construct("sqlalchemy.Column", tuple(args), given, source)


def _type_of(said: Described, options: dict[str, Value]) -> Value | None:
    type_ = said.types[-1]
    path = type_.path if isinstance(type_, DottedName) else ""
    if path in _TEXTS:
        length = {"length": options["max_length"]} if "max_length" in options else {}
        return Construct("sqlalchemy.String", (), length)
    if path == "decimal.Decimal":
        parts = {"precision": "max_digits", "scale": "decimal_places"}
        numbers = {to: options[name] for to, name in parts.items() if name in options}
        return Construct("sqlalchemy.Numeric", (), numbers)
    if path in _VARYING or (isinstance(type_, GenericAlias) and path == "typing.Literal"):
        return None
    return default_type(type_)


def _table_name(run: Run, cls: Class, given: Value | None) -> Value | None:
    if truth(cls.keywords.get("table", FALSE)) is not True:
        return None
    return given or Text.of(cls.name.lower())


LIBRARY = Library(
    packages=frozenset({"sqlmodel"}),
    harmless=frozenset({"sqlmodel"}),
    names={**in_package("sqlmodel"), "sqlmodel.*.Field": _field},
    bases={"sqlmodel.*.SQLModel": Base(columns=_columns, table_name=_table_name)},
    bare=frozenset({"BaseModel"}),
    types={"sqlmodel.*.AutoString": _auto_string},
    examples=(
        Example(
            'op.add_column("t", sa.Column("a", sqlmodel.sql.sqltypes.AutoString(length=9)))',
            (
                AddColumn(
                    table=Name("t"), column=Column(name="a", type=Type(name="varchar", length=9))
                ),
            ),
            "import sqlalchemy as sa\nimport sqlmodel\nfrom alembic import op",
        ),
    ),
)
