"""The models beside the revisions: on what they agreed at the base, and no longer do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.facts import ModelChanged, ModelDifference
from guard.history.cache import Cache, Entry
from guard.history.read import code_of, reading
from guard.judge.replay import schemas_after
from guard.models.compare import differences, extra_table, missing_table
from guard.models.files import concerns_models, read
from guard.models.read import Models, compares_types, described, find_models, made_of
from guard.operations import Name, Opaque
from guard.paths import relative
from guard.project.environments import Environment
from guard.python_source import Sources
from guard.reader import ParsedRevision
from guard.reader.modules import Resolver
from guard.reader.result import Model
from guard.run.histories import ChangedHistory
from guard.run.released import Released
from guard.run.scope import Scope
from guard.run.services import Service, Services, open_histories
from guard.schema import ABSENT, Schema
from guard.source.database_literals import is_test
from guard.source.files import files_below
from guard.statement import Span

Drift = dict[str, tuple[ModelDifference, ...]]


class ComparedModels(msgspec.Struct, frozen=True, kw_only=True):
    """The tables that the change brought apart from their models, and those that were so before."""

    new: tuple[ModelChanged, ...] = ()
    known: tuple[ModelChanged, ...] = ()
    texts: dict[str, str] = {}


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The models and the schema of the revisions, now or at the base."""

    models: Models
    schema: Schema

    def drift(self, dialect: str | None) -> Drift:
        """Return what each table that has a model does not agree on with it."""
        found: Drift = {}
        for name, model in self.models.models.items():
            wanted = described(self.models, model)
            there = self.schema.table(model.table)
            if wanted is None or model.table.name == "alembic_version":  # Alembic's own
                continue
            if not there:
                found[name] = (missing_table(wanted),)
            else:
                found[name] = tuple(differences(wanted, there, dialect))
        return {name: told for name, told in found.items() if told}


def changed_models(scope: Scope, released: Released) -> dict[Path, bytes | None]:
    """Return what the base has of the Python files that changed; empty where no models are asked.

    None stands for a file that is new. Nothing is asked where none of them is a model's.
    """
    if scope.named and not any(map(partial(_concerns, scope), scope.named)):
        return {}
    before = python_before(scope, released)
    here = (read(scope.sources, path) for path in before)
    concerns = any(map(_is_of_models, (*here, *filter(None, before.values()))))
    is_named = not scope.named or any(path.resolve() in scope.named for path in before)
    return before if concerns and is_named else {}


def python_before(scope: Scope, released: Released) -> dict[Path, bytes | None]:
    """Return what the base has of the Python files that changed, None for those that are new."""
    names = {path: relative(path, released.repo.root) for path in released.changed}
    names = {p: name for p, name in names.items() if p.suffix == ".py" and not is_test(name)}
    if scope.tree is not None:
        scope.tree.fetch(names)
    known = {path: released.then[name] for path, name in names.items() if name in released.then}
    contents = released.repo.read_blobs(known.values())
    return {path: contents[known[path]] if path in known else None for path in names}


def _concerns(scope: Scope, path: Path) -> bool:
    """Return whether a file may have a part in the models, or be a revision."""
    return path.suffix == ".py" and concerns_models(read(scope.sources, path))


def histories_of(
    services: Services,
    histories: Sequence[tuple[Service, ChangedHistory]],
    changed: Mapping[Path, bytes | None] | None,
) -> list[tuple[Service, ChangedHistory]]:
    """Return the histories whose models may have changed: all where only models were named."""
    if changed is not None and not changed:
        return []
    if not histories:
        scope = services.scope
        request = msgspec.structs.replace(scope.request, paths=())
        everywhere = msgspec.structs.replace(scope, request=request)
        try:
            histories = open_histories(Services(everywhere, services.rules))
        except GuardError:
            return []
    return [
        (service, history)
        for service, history in histories
        if history.environment.kind == "alembic" and not history.graph.problems
    ]


def _is_of_models(data: bytes) -> bool:
    return b"down_revision" not in data and concerns_models(data)


def compare_models(
    scope: Scope, history: ChangedHistory, changed: Mapping[Path, bytes | None] | None
) -> ComparedModels:
    """Return the models of a history that no longer agree with its revisions.

    `changed` is what the base has of the files that changed; None where nothing is compared with
    it: then all that surely disagrees is told.
    """
    new, parsed = history.change.new, history.parsed.revisions
    order = [id_ for id_ in history.graph.order if id_ in parsed]
    brought = [parsed[id_] for id_ in order if id_ in new]
    if _of_several_databases(parsed[id_] for id_ in order):
        return ComparedModels()
    if changed is not None and _is_opaque(brought):
        return ComparedModels()
    models = models_now(scope, history)
    before = models if changed is None else models_then(scope, history, changed)
    if not models.models and not before.models:
        return ComparedModels()
    now = Side(models=models, schema=_schema(order, parsed, scope.dialect))
    if changed is None:
        sides, drift, known = (now, now), now.drift(scope.dialect), Drift()
    else:
        released = [id_ for id_ in order if id_ not in new]
        schema = _schema(released, {**parsed, **history.before.revisions}, scope.dialect)
        then = Side(models=before, schema=schema)
        sides, known = (then, now), then.drift(scope.dialect)
        drift = now.drift(scope.dialect) | _gone(scope, then.models, now)
    drift = _told(scope, history, drift, _perhaps_changed(brought))
    facts = list(_facts(scope, history, sides, drift, known))
    return ComparedModels(
        new=tuple(fact for fact, is_new in facts if is_new or changed is None),
        known=tuple(fact for fact, is_new in facts if not is_new and changed is not None),
        texts=_texts(scope, [fact.span.path for fact, _ in facts]),
    )


def _told(scope: Scope, history: ChangedHistory, drift: Drift, unsure: Container[str]) -> Drift:
    """Return the drift without what Alembic would not tell, and without the unsure tables."""
    if not any(one.thing.endswith(": type") for told in drift.values() for one in told):
        return {name: told for name, told in drift.items() if name not in unsure}
    env_py = history.environment.script_location / "env.py"
    typed = compares_types(
        scope.sources.source(relative(env_py, scope.root), read(scope.sources, env_py))
    )
    return {
        name: tuple(one for one in told if typed or not one.thing.endswith(": type"))
        for name, told in drift.items()
        if name not in unsure
    }


def _of_several_databases(revisions: Iterable[ParsedRevision]) -> bool:
    """Return whether revisions name the database that a statement is for."""
    return any(s.database is not None for one in revisions for s in one.upgrade.statements)


def _schema(
    order: Sequence[str], revisions: Mapping[str, ParsedRevision], dialect: str | None
) -> Schema:
    """Return the schema that the revisions make in the only database that there is."""
    dialect = dialect or _most_meant(revisions.values())
    return schemas_after(order, revisions, dialect).get(None) or Schema.empty(dialect=dialect)


def _most_meant(revisions: Iterable[ParsedRevision]) -> str:
    """Return the dialect that most statements are for, where nobody named one."""
    told = [s.dialects for one in revisions for s in one.upgrade.statements if s.dialects]
    meant = Counter(dialect for dialects in told for dialect in dialects)
    return max(("postgresql", "sqlite", "mysql"), key=lambda dialect: meant[dialect])


def _is_opaque(revisions: Iterable[ParsedRevision]) -> bool:
    """Return whether a new revision holds what was not understood: it may bring anything."""
    return any(
        isinstance(operation, Opaque)
        for revision in revisions
        for statement in revision.upgrade.statements
        for operation in statement.operations
    )


def _perhaps_changed(revisions: Iterable[ParsedRevision]) -> set[str]:
    """Return the tables that new revisions change under conditions that nobody knows."""
    return {
        str(table)
        for revision in revisions
        for statement in revision.upgrade.statements
        if statement.condition is not None and not statement.guarded
        for operation in statement.operations
        if (table := getattr(operation, "table", None)) is not None
    }


def models_now(scope: Scope, history: ChangedHistory) -> Models:
    """Return the models of today, read anew where a file that may have a part in them changed."""
    location = history.environment.script_location
    cache = _open_cache(scope, "models of today", history.environment)
    code = code_of(scope.sources, _python_files(scope, history))
    models = cache.find(location, code)
    if models is None:
        models, consulted = _read(scope, history, scope.sources)
        cache.keep(location, code, models, followed=True)
        cache.depend_on((*consulted, location / "env.py"))
        cache.save()
    return made_of(models, scope.dialect)


def _open_cache(scope: Scope, what: str, environment: Environment) -> Cache[tuple[Model, ...]]:
    def decode(data: bytes) -> dict[str, Entry[tuple[Model, ...]]]:
        return msgspec.msgpack.decode(data, type=dict[str, Entry[tuple[Model, ...]]])

    places = (environment.script_location, *environment.sys_path)
    name = "\0".join((what, str(scope.dialect), *map(str, places)))
    return Cache(scope.request.cache, scope.root, name, decode, reading(scope.sources))


def models_then(
    scope: Scope, history: ChangedHistory, changed: Mapping[Path, bytes | None]
) -> Models:
    """Return the models of the base, which are kept for as long as it is the base."""
    location = history.environment.script_location
    cache = _open_cache(scope, "models", history.environment)
    commit = (scope.base.commit or "").encode()
    models = cache.find(location, commit)
    if models is None:
        sources = Sources(scope.tree, scope.sources.newer, changed)
        models, _ = _read(scope, history, sources)
        cache.keep(location, commit, models, followed=False)
        cache.save()
    return made_of(models, scope.dialect)


def _read(
    scope: Scope, history: ChangedHistory, sources: Sources
) -> tuple[tuple[Model, ...], Iterable[Path]]:
    """Return the models, and the files that had a part in what they are."""
    environment = history.environment
    search = (*environment.sys_path, environment.script_location)
    resolver = Resolver(scope.root, search, sources)
    env_py = environment.script_location / "env.py"
    gone = (path for path in sources.instead if path.suffix == ".py")
    others = (path for path in (*_python_files(scope, history), *gone) if sources.is_file(path))
    models = find_models(env_py, others, resolver, sources, scope.dialect)
    return models, resolver.consulted


def _python_files(scope: Scope, history: ChangedHistory) -> Iterator[Path]:
    """Yield the files that may hold models, where env.py does not say which."""
    repo = scope.repo
    present = (
        files_below(scope.root) if repo is None else map(repo.root.joinpath, repo.present_files())
    )
    for path in present:
        inside = any(path.is_relative_to(f) for f in history.environment.version_locations)
        if path.suffix == ".py" and not inside and not is_test(relative(path, scope.root)):
            yield path


def _gone(scope: Scope, before: Models, now: Side) -> Drift:
    """Return the tables whose models are gone, and that the revisions leave where they are."""
    return {
        name: (extra_table(),)
        for name, model in before.models.items()
        if name not in now.models.models
        and now.schema.table(model.table)
        and model.table.name.encode() not in read(scope.sources, scope.root / model.place.span.path)
    }


def _facts(
    scope: Scope,
    history: ChangedHistory,
    sides: tuple[Side, Side],
    drift: Drift,
    known: Drift,
) -> Iterator[tuple[ModelChanged, bool]]:
    """Yield a fact for each table, and whether the change brought it."""
    then, now = sides
    for name, told in drift.items():
        old, table = known.get(name, ()), _model(sides, name).table
        lacking = {one.thing for one in old if not one.schema}
        brought = tuple(
            one for one in told if one not in old and (one.schema or one.thing not in lacking)
        )
        if then is now or (name not in then.models.models and then.schema.table(table)):
            brought = ()  # it was there before anybody read a model of it
        if brought:
            yield _fact(scope, history, sides, name, brought), True
        rest = (one for one in told if one not in brought)
        if sure := tuple(one for one in rest if _is_sure(now.schema, table, one)):
            yield _fact(scope, history, sides, name, sure), False


def _is_sure(schema: Schema, name: Name, one: ModelDifference) -> bool:
    """Return whether the revisions made all of it, so that the difference is no lack of theirs."""
    table = schema.table(name)
    if not table:
        return table is ABSENT
    column = schema.column(name, one.column) if one.column else None
    is_made = table.certain and (bool(one.schema) or table.complete)
    return is_made and (not column or column.certain)


def _model(sides: tuple[Side, Side], table: str) -> Model:
    then, now = sides
    return now.models.models.get(table) or then.models.models[table]


def _fact(
    scope: Scope,
    history: ChangedHistory,
    sides: tuple[Side, Side],
    table: str,
    told: tuple[ModelDifference, ...],
) -> ModelChanged:
    model = sides[1].models.models.get(table)
    named = [_named(one, model) for one in _with_cause(sides, model, told, scope.dialect)]
    written = [model.columns[c] for one in told if model and (c := one.column) in model.columns]
    place = written[0].span if written else _model(sides, table).place.span
    if not (scope.root / place.path).is_file():  # the model went with its file
        place = Span(relative(history.environment.script_location / "env.py", scope.root), 1)
    return ModelChanged(
        span=place if model else Span(place.path, 1),
        table=table,
        model=model.place.label if model else None,
        differences=tuple(named),
        new=tuple(id_ for id_ in history.graph.order if id_ in history.change.new)
        if scope.compares
        else (),
        command=_command(scope, history.environment),
    )


def _with_cause(
    sides: tuple[Side, Side],
    model: Model | None,
    told: tuple[ModelDifference, ...],
    dialect: str | None,
) -> tuple[ModelDifference, ...]:
    """Return the differences, each with whether it is a new revision that made it."""
    then, now = sides
    wanted = described(now.models, model) if model else None
    if wanted is None or then is now:
        return told
    there = then.schema.table(wanted.name)
    before = {*differences(wanted, there, dialect)} if there else {missing_table(wanted)}
    return tuple(msgspec.structs.replace(o, by_revision=o not in before) for o in told)


def _named(one: ModelDifference, model: Model | None) -> ModelDifference:
    place = model.columns.get(one.column or "") if model else None
    return msgspec.structs.replace(one, label=place.label) if place else one


def _command(scope: Scope, environment: Environment) -> str:
    """Return the command that writes a revision for the environment, without its message."""
    config = environment.config_path
    if config is not None and config.parent == environment.script_location:
        return "flask db migrate"
    options = ""
    start = scope.request.start.resolve()
    if config is not None and config not in (start / "alembic.ini", start / "pyproject.toml"):
        options += f" -c {relative(config, start)}"
    if environment.section != "alembic":
        options += f" -n {environment.section}"
    return f"alembic{options} revision --autogenerate"


def _texts(scope: Scope, paths: Iterable[str]) -> dict[str, str]:
    texts = {}
    for path in paths:
        data = read(scope.sources, scope.root / path)
        texts[path] = data.decode("utf-8", "replace")
    return texts
