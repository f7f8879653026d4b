"""Changes in types, domains, views, schemas and everything else that has a name."""

from __future__ import annotations

from msgspec.structs import replace

from guard.action_words import ObjectType
from guard.operations import (
    AddEnumValue,
    AlterDomain,
    Body,
    CreateDomain,
    CreateEnum,
    CreateObject,
    CreateSchema,
    CreateView,
    DropDatabase,
    DropObject,
    DropSchema,
    Name,
    RefreshMaterializedView,
    RenameEnumValue,
    RenameObject,
    Type,
)
from guard.schema.catalog import Draft
from guard.schema.model import UNKNOWN, Domain, EnumType, Other, StoredType, View
from guard.schema.tables import move_table, remove_table

ROUTINES: tuple[ObjectType, ...] = ("function", "procedure")


def create_enum(operation: CreateEnum, draft: Draft) -> None:
    draft.put_object(
        EnumType(name=operation.name, values=operation.values, created_by=draft.revision)
    )


def add_enum_value(operation: AddEnumValue, draft: Draft) -> None:
    found = draft.object("enum", operation.name)
    if not isinstance(found, EnumType):
        draft.put_object(EnumType(name=operation.name))
        return
    if found.values is None or operation.value in found.values:
        return
    values = list(found.values)
    where, _, neighbour = (operation.position or "").partition(" ")
    at = len(values)
    if neighbour in values:
        at = values.index(neighbour) + (where == "after")
    values.insert(at, operation.value)
    draft.put_object(replace(found, values=tuple(values)))


def rename_enum_value(operation: RenameEnumValue, draft: Draft) -> None:
    found = draft.object("enum", operation.name)
    if isinstance(found, EnumType) and found.values is not None:
        values = (operation.new if v == operation.value else v for v in found.values)
        draft.put_object(replace(found, values=tuple(values)))


def create_domain(operation: CreateDomain, draft: Draft) -> None:
    draft.put_object(
        Domain(
            name=operation.name,
            type=operation.type,
            checks=operation.checks,
            not_null=operation.not_null,
            has_default=operation.has_default,
            created_by=draft.revision,
        )
    )


def alter_domain(operation: AlterDomain, draft: Draft) -> None:
    found = draft.object("domain", operation.name)
    domain = found if isinstance(found, Domain) else Domain(name=operation.name, certain=False)
    match operation.action:
        case "add-constraint":
            domain = replace(domain, checks=domain.checks + 1)
        case "drop-constraint":
            domain = replace(domain, checks=max(domain.checks - 1, 0))
        case "set-not-null" | "drop-not-null" as action:
            domain = replace(domain, not_null=action == "set-not-null")
        case "set-default" | "drop-default" as action:
            domain = replace(domain, has_default=action == "set-default")
    draft.put_object(domain)


def create_view(operation: CreateView, draft: Draft) -> None:
    draft.put_object(
        View(
            name=operation.name,
            columns=operation.columns,
            query=operation.query,
            materialized=operation.materialized,
            populated=operation.with_data,
            created_by=draft.revision,
            certain=not operation.replace or _is_settled(draft, "view", operation.name),
        )
    )


def refresh_view(operation: RefreshMaterializedView, draft: Draft) -> None:
    found = draft.object("view", operation.name)
    if isinstance(found, View):
        draft.put_object(replace(found, populated=operation.with_data))


def create_schema(operation: CreateSchema, draft: Draft) -> None:
    found = draft.object("schema", operation.name)
    if not (found and operation.if_not_exists):
        draft.put_object(
            Other(
                name=operation.name,
                object_type="schema",
                created_by=draft.revision,
                certain=not operation.if_not_exists,
            )
        )


def drop_schema(operation: DropSchema | DropDatabase, draft: Draft) -> None:
    """Take away all that is in a schema; on MySQL a database is the same thing."""
    schema = operation.name.name
    for table in draft.tables():
        if _lives_in(draft, table.name, schema):
            remove_table(draft, table.name)
    for item in draft.objects():
        if _lives_in(draft, item.name, schema):
            draft.drop_object(item.object_type, item.name)
    draft.drop_object("schema", operation.name)


def _lives_in(draft: Draft, name: Name, schema: str) -> bool:
    return draft.catalog.key(name)[0] == draft.catalog.key(Name("", schema))[0]


def create_object(operation: CreateObject, draft: Draft) -> None:
    kind, name = operation.object_type, operation.name
    softly = operation.replace or operation.if_not_exists
    item = Other(
        name=name,
        object_type=kind,
        body=_body(operation, draft),
        columns=operation.columns,
        created_by=draft.revision,
        certain=not softly or (kind != "extension" and _is_settled(draft, kind, name)),
    )
    if operation.table is None:
        if not (operation.if_not_exists and draft.object(item.object_type, item.name)):
            draft.put_object(item)
        return
    table = draft.table_or_new(operation.table)
    others = tuple(o for o in table.objects if not _same(draft, o, item.object_type, item.name))
    draft.put(replace(table, objects=(*others, item)))


def _body(operation: CreateObject, draft: Draft) -> Body | None:
    """Return what it does when it runs; of two with other arguments that may be either's."""
    body, kind = operation.body, operation.object_type
    if body is None or kind not in ROUTINES or draft.dialect not in (None, "postgresql"):
        return body
    found = draft.object(kind, operation.name)
    if not isinstance(found, Other) or found.body is None:
        return body
    if found.body.arguments == body.arguments:
        return body
    return replace(body, operations=found.body.operations + body.operations)


def _is_settled(draft: Draft, kind: StoredType, name: Name) -> bool:
    """Return whether it is known that there is, or that there is not, such an object already."""
    return draft.object(kind, name) is not UNKNOWN


def drop_object(operation: DropObject, draft: Draft) -> None:
    kind, name = operation.object_type, operation.name
    if kind == "routine":
        for each in ROUTINES:
            draft.drop_object(each, name)
    table = draft.table_or_new(operation.table) if operation.table else draft.owner(kind, name)
    if not table:
        draft.drop_object(kind, name)
        if kind in ("view", "materialized view") and draft.table(name):
            remove_table(draft, name)  # what kept the indexes of a materialized view
        return
    kept = tuple(o for o in table.objects if not _same(draft, o, kind, name))
    draft.put(replace(table, objects=kept))


def _same(draft: Draft, item: Other, object_type: ObjectType, name: Name) -> bool:
    return item.object_type == object_type and draft.same(item.name.name, name.name)


def rename_object(operation: RenameObject, draft: Draft) -> None:
    kind, name = operation.object_type, operation.name
    new = Name(operation.new.name, operation.new.schema or name.schema)
    if kind == "schema":
        _rename_schema(draft, name.name, new.name)
    table = draft.owner(kind, name)
    if table:
        objects = tuple(
            replace(o, name=new) if _same(draft, o, kind, name) else o for o in table.objects
        )
        draft.put(replace(table, objects=objects))
        return
    found = draft.object(kind, name)
    draft.drop_object(kind, name)
    if not found:
        return
    draft.put_object(replace(found, name=new))
    if isinstance(found, (EnumType, Domain)):
        _rename_type(draft, name, new)


def _rename_type(draft: Draft, old: Name, new: Name) -> None:
    def followed(kind: Type | None) -> Type | None:
        if kind is None:
            return None
        if draft.same_table(kind.enum_name, old):
            return replace(kind, enum_name=new)
        return replace(kind, name=str(new)) if kind.name == str(old) else kind

    for table in draft.tables():
        columns = tuple(replace(c, type=followed(c.type)) for c in table.columns)
        if columns != table.columns:
            draft.put(replace(table, columns=columns))


def _rename_schema(draft: Draft, old: str, new: str) -> None:
    for table in draft.tables():
        if _lives_in(draft, table.name, old):
            move_table(draft, table.name, Name(table.name.name, new))
    for item in draft.objects():
        if _lives_in(draft, item.name, old):
            draft.drop_object(item.object_type, item.name)
            draft.put_object(replace(item, name=Name(item.name.name, new)))
