"""What a change does to revisions that are already released.

Released is what exists on the merge base or on the base's tip. Heads are counted on the merged
tree: each side of a merge may have one head of its own, and the result two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePath

import msgspec

from guard.facts import BrokenChain, DeletedRevision, Fact, MovedRevision, MultipleHeads
from guard.history import against_lock
from guard.history.applied import applied_to
from guard.history.base import Base
from guard.history.difference import Difference, text_difference
from guard.history.git import Repository
from guard.history.graph import NOT_HERE, Graph, graph_of, not_entered
from guard.history.helpers import Uses, edited_by_helpers, with_edited_helpers
from guard.history.inserted import with_inserted
from guard.history.read import NOTHING_READ, ParsedHistory, Place
from guard.history.released import Released, edited, same_data
from guard.history.sides import (
    Side,
    Version,
    contents_of,
    data_of,
    merged_graph,
    refuse_left_out,
    side_at,
    side_now,
)
from guard.history.squash import Replay, prove, replaced_by, squashes
from guard.history.then import read_then
from guard.note import Note
from guard.paths import relative
from guard.project.environments import Environment
from guard.project.sql_folders import runs_again
from guard.python_source import Sources
from guard.statement import Span

NOT_COUNTED = Note("heads-not-counted", "Heads were not counted, since the chain is broken.")


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions for which a squash stands, in the history that the base has."""

    revisions: frozenset[str] = frozenset()
    graph: Graph = Graph()
    parsed: ParsedHistory = NOTHING_READ


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`new` are the revisions that exist neither on the merge base nor on the base's tip.

    `before` is what the base's revisions do there, of those that do something else now.
    """

    new: frozenset[str] = frozenset()
    before: ParsedHistory = NOTHING_READ
    replaced: Replaced = Replaced()
    facts: tuple[Fact, ...] = ()
    notes: tuple[Note, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the revisions do here, how to read those of the base, and what replays both.

    `helpers` are the files that each revision may use.
    """

    place: Place
    parsed: ParsedHistory
    replay: Replay
    helpers: Mapping[str, tuple[Path, ...]] = {}


def compare(
    environment: Environment,
    graph: Graph,
    base: Base,
    *,
    repo: Repository | None,
    reading: Reading,
    heads: int = 1,
) -> Comparison:
    """Return what the change does to the released revisions of an Alembic environment.

    `graph` was built from the files of the reading's sources, with `root=repo.root`. `heads` is how
    many heads the project wants.
    """
    sources = reading.place.sources
    root = reading.place.root
    now = side_now(graph, root, sources)
    if repo is None or base.commit is None or base.tip is None:
        return _without_commit(environment, graph, base, now, root, heads)
    refuse_left_out(repo, environment)
    then = side_at(repo, environment, base.commit, now, sources)
    tip = then if base.tip == base.commit else side_at(repo, environment, base.tip, now, sources)
    merged = merged_graph(then, tip, now, repo.root)
    agreed = _agreed_with_lock(environment, base, (then, tip), now, root)
    reached, unapplied = applied_to(environment, base, (now, then, tip))
    if reached is not None:
        then, tip = then.only(reached), tip.only(reached)
    replaced = replaced_by(then, tip, now)
    released = Released(
        then=then,
        tip=tip,
        now=now,
        base=base.ref,
        replaced=replaced,
        unread=_unread(environment, then, now, root),
    )
    notes = [*released.notes(), *unapplied, *agreed]
    facts = [*released.facts()]
    uses = _unedited(then, facts, reading)
    affected = [*with_edited_helpers(uses, repo, base.commit, reading.place.sources)]
    used = [uses.was for uses, _ in affected]
    wanted = then.revisions.values() if replaced else [*_edited(then, now), *used]
    later = [was for was in _edited(tip, now) if was.header.revision not in then.revisions]
    before = read_then(repo, base.commit, wanted, reading.place)
    before |= read_then(repo, base.tip, later, reading.place)
    facts += edited_by_helpers(affected, before.revisions, base.ref)
    old = _replaced(replaced, then, before, repo) if replaced else Replaced()
    facts += _squashes(replaced, old, then, now, graph, base, reading)
    facts = [*with_inserted(facts, then, tip, now)]
    known = {problem.detail for problem in graph.problems}
    facts += [
        _gone_from_base(problem, then, base)
        for problem in merged.problems
        if problem.detail not in known
    ]
    if graph.problems:
        notes.append(NOT_COUNTED)
    else:
        facts += _heads(merged, tip.revisions.keys(), base, heads)
    ids = reached or then.revisions.keys() | tip.revisions.keys()
    return Comparison(
        new=frozenset(graph.revisions.keys() - ids),
        before=before,
        replaced=old,
        facts=tuple(without_consequences(facts, facts)),
        notes=tuple(notes),
    )


def _unread(environment: Environment, then: Side, now: Side, root: Path) -> frozenset[str]:
    """The files here that Alembic does not find, since they lie in sub-folders.

    None, where released ones do too: then some program has it enter them.
    """
    found = [root / name for name in (*then.files, *now.files)]
    nested = {relative(path, root) for path in not_entered(environment, found)}
    return frozenset() if nested & then.files.keys() else frozenset(nested)


def _unedited(then: Side, facts: Iterable[Fact], reading: Reading) -> list[Uses]:
    """The released revisions of which no fact says that something became of them."""
    touched = {fact.revision for fact in facts if not isinstance(fact, MovedRevision)}
    return [
        Uses(was, reading.parsed.revisions[id_], reading.helpers.get(id_, ()))
        for id_, was in then.revisions.items()
        if id_ in reading.parsed.revisions and id_ not in touched
    ]


def _gone_from_base(problem: BrokenChain, then: Side, base: Base) -> BrokenChain:
    """The problem of the merged tree, said so where the base has done away with a parent."""
    if problem.missing not in then.revisions:
        return problem
    detail = problem.detail.replace(NOT_HERE, f"{base.ref} no longer has")
    return msgspec.structs.replace(problem, detail=detail)


def _without_commit(
    environment: Environment, graph: Graph, base: Base, now: Side, root: Path, heads: int
) -> Comparison:
    """What the lock says, or what a database has, where no commit tells what is released."""
    lock = (base.lock or {}).get(against_lock.key_of(environment, root), {})
    reached, notes = applied_to(environment, base, (now,))
    if reached is not None:
        lock = {id_: one for id_, one in lock.items() if id_ in reached}
    facts = [*against_lock.facts(lock, now), *_heads(graph, lock.keys(), base, heads)]
    ids = reached or lock.keys()
    return Comparison(
        new=frozenset(graph.revisions.keys() - ids),
        facts=tuple(without_consequences(facts, facts)),
        notes=tuple(notes),
    )


def _agreed_with_lock(
    environment: Environment, base: Base, sides: Iterable[Side], now: Side, root: Path
) -> list[Note]:
    if base.lock is None:
        return []
    lock = base.lock.get(against_lock.key_of(environment, root), {})
    return against_lock.differences(lock, sides, now, base.ref)


def without_consequences(facts: Iterable[Fact], of: Iterable[Fact]) -> Iterator[Fact]:
    """Yield the facts but for the broken chains that follow from a deletion, which tells them."""
    gone = {fact.revision for fact in of if isinstance(fact, DeletedRevision) and fact.orphans}
    for fact in facts:
        if not (isinstance(fact, BrokenChain) and fact.missing in gone):
            yield fact


def _replaced(
    replaced: Mapping[str, str], then: Side, before: ParsedHistory, repo: Repository
) -> Replaced:
    files = {name: (repo.root / name, version.header) for name, version in then.files.items()}
    return Replaced(revisions=frozenset(replaced), graph=graph_of(files), parsed=before)


def _squashes(
    replaced: Mapping[str, str],
    old: Replaced,
    then: Side,
    now: Side,
    graph: Graph,
    base: Base,
    reading: Reading,
) -> Iterator[Fact]:
    before, after = old.parsed.revisions, reading.parsed.revisions
    for squash in squashes(replaced, old.graph, then, now, base.ref):
        yield prove(squash, old.graph, graph, before, after, reading.replay)


def _edited(side: Side, now: Side) -> Iterator[Version]:
    """The versions of a side that say something else now."""
    for id_, was in side.revisions.items():
        here = now.revisions.get(id_)
        if here is not None and not same_data(was, here):
            yield was


def compare_sql(
    environment: Environment,
    ids: Mapping[str, str],
    base: Base,
    *,
    repo: Repository | None,
    sources: Sources,
    root: Path,
    read: Callable[[Mapping[Path, bytes]], ParsedHistory],
) -> Comparison:
    """Return what the change does to the released files of a folder of .sql files.

    `ids` are the migrations' ids by path, relative to the repository's `root`; `read` returns what
    other versions of their files do. A file is edited when its text differs. What Flyway runs
    again (`R__`, callbacks) may be edited, and is then new.
    """
    if repo is None or base.commit is None or base.tip is None:
        return _sql_without_commit(environment, ids, base, root, sources)
    then, tip = (
        {
            relative(path, repo.root): data
            for path, data in contents_of(
                repo, environment, repo.files_through_links(commit)
            ).items()
            if path.suffix == ".sql"
        }
        for commit in (base.commit, base.tip)
    )
    now = {name: data_of(repo.root / name, sources) for name in ids}
    facts: list[Fact] = []
    run_again = {name for name in ids if runs_again(name)}
    for name, data in sorted(then.items()):
        if name not in tip or name in run_again:
            continue  # the base itself has done away with it, or it is made to be edited
        id_ = ids.get(name, PurePath(name).stem)
        if name not in now:
            same = (other for other in now if other not in then and now[other] == data)
            renamed_to = next(same, None)
            gone = DeletedRevision(
                span=Span(name, 1), revision=id_, base=base.ref, renamed_to=renamed_to
            )
            facts.append(gone)
        elif difference := _sql_difference((data, tip[name]), now[name]):
            facts.append(
                edited(name, id_, base.ref, difference, now[name].decode("utf-8", "replace"))
            )
    runs = {name for name in run_again if now[name] not in (then.get(name), tip.get(name))}
    released = {ids[name] for name in (then.keys() | tip.keys()) & ids.keys() - runs}
    versions = {n: data for n, data in then.items() if n in now and now[n] != data}
    before = read({repo.root / name: data for name, data in versions.items()})
    return Comparison(new=frozenset(ids.values()) - released, before=before, facts=tuple(facts))


def _sql_without_commit(
    environment: Environment, ids: Mapping[str, str], base: Base, root: Path, sources: Sources
) -> Comparison:
    lock = (base.lock or {}).get(against_lock.key_of(environment, root), {})
    files = {name: data_of(root / name, sources) for name in ids}
    return Comparison(
        new=frozenset(ids.values()) - lock.keys(),
        facts=tuple(against_lock.facts_of_sql(lock, ids, files)),
    )


def _sql_difference(accepted: Iterable[bytes], now: bytes) -> Difference | None:
    """The lines that differ, None where the text is one of those that are accepted."""
    after = now.decode("utf-8", "replace")
    differences = [text_difference(data.decode("utf-8", "replace"), after) for data in accepted]
    return differences[0] if all(differences) else None


# Heads


def branches(graph: Graph) -> int:
    """Return how many heads the branch labels of the history tell apart."""
    labels: dict[str, frozenset[str]] = {}
    for id_ in graph.order:
        revision = graph.revisions[id_]
        inherited = (labels.get(parent, frozenset()) for parent in revision.parents)
        labels[id_] = frozenset(revision.branch_labels).union(*inherited)
    return len({labels[head] for head in graph.heads if labels[head]})


def _heads(
    graph: Graph, released: Collection[str], base: Base, wanted: int
) -> Iterator[MultipleHeads]:
    """More heads than the project wants or its branch labels tell apart."""
    if len(graph.heads) <= max(wanted, branches(graph)):
        return
    shown = {
        header.revision: (name, header.line)
        for name, header in graph.files.items()
        if header.revision
    }
    heads = [
        (id_, shown[id_][0], base.ref if id_ in released else "this change") for id_ in graph.heads
    ]
    heads.sort(key=lambda head: (head[2] != "this change", head))
    first = heads[0][0]
    new = [id_ for id_, _, where in heads if where == "this change"]
    left = _first_after(released, new[0], graph) if len(new) == 1 else None
    yield MultipleHeads(
        span=Span(*shown[first]),
        revision=first,
        heads=tuple(heads),
        first=shown[left][0] if left else None,
    )


def _first_after(released: Collection[str], head: str, graph: Graph) -> str | None:
    """Return the one revision below the head that follows a released one; None: there are more."""
    # A parent may be gone, which is a finding of its own.
    while head in graph.revisions and len(parents := graph.revisions[head].parents) == 1:
        if parents[0] in released:
            return head
        head = parents[0]
    return None
