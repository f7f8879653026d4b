"""The graph of a history as rows of lanes, the newest first, as a log of git draws it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

LANE = 16  # pixels from one lane to the next
ROW = 44  # pixels from the top of a row to where its lanes go on straight
COLORS = 6  # of lanes, in turn


class Edge(msgspec.Struct, frozen=True):
    """A line through a row, from above or from the node to a lane below, in its lane's colour."""

    path: str
    color: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How a revision is drawn: its lane, the lines of its row, the lanes that go on below."""

    id: str
    lane: int
    edges: tuple[Edge, ...]
    below: tuple[int, ...]

    @property
    def color(self) -> int:
        """The colour of its own lane."""
        return self.lane % COLORS


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A revision, and those that run before it; where several are heads, the `first` lead."""

    id: str
    before: tuple[str, ...]
    first: bool = False


def x_of(lane: int) -> int:
    """Return the middle of a lane, in pixels from the left."""
    return LANE // 2 + lane * LANE


def newest_first(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes with each after all that follow it, branch by branch.

    `nodes` have each after those that run before it; what is on a cycle stands at the end.
    """
    by_id = {node.id: node for node in nodes}
    waits = dict.fromkeys(by_id, 0)
    for node in nodes:
        for id_ in _known(node, by_id):
            waits[id_] += 1
    heads = [node for node in nodes if not waits[node.id]]
    ready = sorted(heads, key=lambda node: node.first)
    order: list[Node] = []
    while ready:
        node = ready.pop()
        order.append(node)
        for id_ in reversed(_known(node, by_id)):
            waits[id_] -= 1
            if not waits[id_]:
                ready.append(by_id[id_])
    done = {node.id for node in order}
    return [*order, *(node for node in reversed(nodes) if node.id not in done)]


def _known(node: Node, nodes: Iterable[str]) -> list[str]:
    return [id_ for id_ in dict.fromkeys(node.before) if id_ in nodes and id_ != node.id]


def rows_of(nodes: Sequence[Node]) -> list[Row]:
    """Return a row for each of the nodes, which come newest first."""
    places = {node.id: number for number, node in enumerate(nodes)}
    lanes: list[str | None] = []  # what each lane leads to
    rows = []
    for number, node in enumerate(nodes):
        coming = [lane for lane, id_ in enumerate(lanes) if id_ == node.id]
        lane = coming[0] if coming else _free(lanes)
        edges = [_line(from_, lane, half="top") for from_ in coming]
        edges += [
            _line(other, other, half="whole")
            for other, id_ in enumerate(lanes)
            if id_ is not None and id_ != node.id
        ]
        for other in coming:
            lanes[other] = None
        edges += _leave(node, lane, lanes, places, number)
        while lanes and lanes[-1] is None:
            lanes.pop()
        below = tuple(other for other, id_ in enumerate(lanes) if id_ is not None)
        rows.append(Row(id=node.id, lane=lane, edges=tuple(edges), below=below))
    return rows


def _leave(
    node: Node, lane: int, lanes: list[str | None], places: Mapping[str, int], number: int
) -> list[Edge]:
    """Give what runs before the node a lane each, or the one that leads there already."""
    edges = []
    for id_ in _known(node, places):
        if places[id_] < number:
            continue  # a cycle
        to = next((other for other, there in enumerate(lanes) if there == id_), None)
        if to is None:
            free = lane >= len(lanes) or lanes[lane] is None
            to = lane if free else _free(lanes)
            lanes += [None] * (to + 1 - len(lanes))
            lanes[to] = id_
        edges.append(_line(lane, to, half="bottom"))
    return edges


def _free(lanes: Sequence[str | None]) -> int:
    return next((lane for lane, id_ in enumerate(lanes) if id_ is None), len(lanes))


def _line(from_: int, to: int, *, half: str) -> Edge:
    """Return the line; one that changes lanes has the colour of the outer one of them."""
    top = ROW // 2 if half == "bottom" else 0
    end = ROW // 2 if half == "top" else ROW
    start, stop = x_of(from_), x_of(to)
    color = max(from_, to) % COLORS
    if start == stop:
        return Edge(f"M{start} {top}V{end}", color)
    middle = (top + end) // 2
    return Edge(f"M{start} {top}C{start} {middle} {stop} {middle} {stop} {end}", color)
