"""Which `MetaData` holds a table: it may be made by a base class, a registry or an extension."""

from __future__ import annotations

from guard.reader.evaluate.run import Run, find
from guard.reader.evaluate.values import Class, Construct, DottedName, Sequence, Value
from guard.reader.libraries.sqlalchemy.clauses import last
from guard.reader.libraries.sqlalchemy.mapped import decorators, mro, paths


def metadata_of(run: Run, value: Value | None) -> Value | None:
    """Return the `MetaData`, or what makes it where nobody else does; None where it is not known.

    Two things whose tables are in one MetaData give the very same object, or equal names.
    """
    match value:
        case Class():
            return _of_class(run, value)
        case Construct(
            path="metadata" | "registry" | "Model" | "mapped", receiver=owner, called=False
        ):
            return metadata_of(run, owner)
        case Construct(path="generate_base" | "mapped_as_dataclass", receiver=owner):
            return metadata_of(run, owner)
        case Construct(receiver=Class(), called=False):
            return None
        case Construct(kwargs={"metadata": given}):
            return metadata_of(run, given)
        case Construct(path=path, called=True) if last(path) == "MetaData":
            return value
        case Construct(called=True):
            makers = (find(run.library.bases, path) for path in paths(value))
            return value if any(maker is not None for maker in makers) else None
        case DottedName(path):  # sqlmodel.SQLModel.metadata, that of a base out of sight
            base = DottedName(path.removesuffix(".metadata"))
            of_class = base != value and last(base.path)[:1].isupper()
            return base if of_class or _makes_tables(run, base) else None
    return None


def _of_class(run: Run, cls: Class) -> Value | None:
    order = mro(cls)
    for owner in order:
        for name in ("metadata", "registry"):
            if name in owner.attributes:
                return metadata_of(run, owner.attributes[name])
        for base in (*owner.bases, *decorators(run, owner)):
            if isinstance(base, DottedName) and _makes_tables(run, base):
                # SQLModel itself holds the tables, DeclarativeBase lets each of its heirs do so
                return base if last(base.path) == "SQLModel" else owner
            if isinstance(base, Construct) and (found := metadata_of(run, base)) is not None:
                return found
    outside = [b for owner in order for b in owner.bases if isinstance(b, DottedName)]
    return outside[0] if outside else None


def _makes_tables(run: Run, base: DottedName) -> bool:
    maker = find(run.library.bases, base.path)
    return maker is not None


def option(metadata: Value | None, name: str) -> Value | None:
    """Return an option that a `MetaData` was made with, such as its schema."""
    return metadata.kwargs.get(name) if isinstance(metadata, Construct) else None


def all_metadata(run: Run, value: Value) -> list[Value] | None:
    """Return those that `target_metadata` names, one or several; None where one is not known."""
    given = value.items if isinstance(value, Sequence) else [value]
    found = [metadata_of(run, one) for one in given]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) and found else None
