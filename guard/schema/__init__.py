"""The schema that a history of revisions makes, replayed from their operations alone."""

from guard.schema.model import (
    ABSENT,
    UNKNOWN,
    Difference,
    Domain,
    EnumType,
    Index,
    Missing,
    Object,
    Other,
    ReadOnlySchema,
    Reference,
    StoredColumn,
    StoredConstraint,
    Table,
    View,
)
from guard.schema.state import Schema

__all__ = [
    "ABSENT",
    "UNKNOWN",
    "Difference",
    "Domain",
    "EnumType",
    "Index",
    "Missing",
    "Object",
    "Other",
    "ReadOnlySchema",
    "Reference",
    "Schema",
    "StoredColumn",
    "StoredConstraint",
    "Table",
    "View",
]
