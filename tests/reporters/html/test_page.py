"""The HTML report: what stands on the page, for everybody, and nothing that others put there."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest
from branch import branch
from hostile import CONTROLS, HOSTILE, report
from page import Element, having, read_page
from reported import report_of, revision, shop
from reports import REPORT, UNFINISHED, rendered

from guard.effects import Effect
from guard.facts import SchemaChange
from guard.finding import Finding, Report, Timing
from guard.operations import Column, CreateTable, Name, Type
from guard.reporters.chronicle import Chapter, Chronicle, Deed, Way
from guard.schema import Schema
from guard.server import Server
from guard.statement import Span, Statement, Steps


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Element:
    """The report on a change of the shop."""
    repo = shop(tmp_path_factory.mktemp("shop"), released=40)
    return read_page(report_of(repo.root))


def rows(page: Element) -> list[str]:
    return [row.one("code", "id").text for row in page.all("li", "rev")]


def row(page: Element, id_: str) -> Element:
    return having(page.all("li", "rev"), lambda one: one.one("code", "id").text == id_)


# What it shows


def test_the_verdict_and_the_counts_stand_first(page: Element) -> None:
    assert page.one("h1").text == "Refused: 3 errors."
    tiles = [tile.text for tile in page.all("li", "tile")]
    assert tiles[0].startswith("3 error")
    assert "2 new revisions" in tiles


def test_each_finding_has_its_place_its_source_and_what_to_do(page: Element) -> None:
    card = having(
        page.all("details", "card"), lambda one: one.attributes["data-rule"] == "drop-column"
    )
    assert card.one("h3").text.startswith("Dropping column orders.note deletes its values")
    assert "migrations/versions/e1.py:10" in card.one("summary").text
    assert 'op.drop_column("orders", "note")' in card.one("pre", "source").text
    assert "What to do" in card.text
    assert "guard approve e1 --rule drop-column --object orders.note" in card.text
    assert card.attributes["data-severity"] == "error"


def test_the_graph_has_every_revision_the_newest_first(page: Element) -> None:
    order = rows(page)
    assert set(order[:2]) == {"e1", "f1"}
    assert order[2] == "d039"
    assert order[-4:-3] == ["c1"]
    assert order[-1] == "a1"
    assert len(order) == 46
    assert [one.text for one in row(page, "c1").all("span", "badge")] == ["merge"]


def test_new_revisions_and_heads_are_told_in_words_and_by_shape(page: Element) -> None:
    assert [one.text for one in row(page, "f1").all("summary")[0].all("span", "badge")] == [
        "new",
        "head",
    ]
    assert row(page, "f1").all("circle", "new")
    assert not row(page, "d039").all("", "new")


def test_older_released_revisions_are_folded_and_say_one_line(page: Element) -> None:
    tail = page.all("li", "tail")
    assert len(tail) == 46 - 2 - 8
    assert "Show 36 older released revisions" in page.text
    assert not any(one.all("details") for one in tail)


def test_a_revision_tells_its_operations_their_locks_and_who_waits(page: Element) -> None:
    up, down = row(page, "f1").all("table")
    assert up.one("caption").text == "Upgrade"
    create, index, _ = [line.text for line in up.one("tbody").all("tr")]
    assert create.startswith("10 create-table shipments id")
    assert create.endswith("the table is new: nobody waits")
    assert index.startswith("11 create-index orders.ix_note (note) SHARE on orders blocks writes")
    assert index.endswith("reads every row")
    assert "CREATE INDEX ix_note ON orders (note);" in row(page, "f1").all("pre")[0].text
    # A downgrade comes when the table has long been in use.
    assert "ACCESS EXCLUSIVE on shipments blocks reads, writes" in down.text
    assert row(page, "f1").all("summary")[0].text.endswith("writes wait")


def test_a_revision_tells_its_schema_before_and_after(page: Element) -> None:
    lines = [line.text for line in row(page, "e1").one("ul", "diff").all("li")]
    assert lines == ["removed: − note varchar(200)"]


def test_the_whole_change_is_told_with_what_stays(page: Element) -> None:
    schema = having(page.all("section"), lambda one: one.attributes.get("id") == "schema")
    blocks = {
        one.one("p").text: [line.text for line in one.all("li")]
        for one in schema.all("div", "block")
    }
    assert list(blocks) == ["orders changed", "shipments new"]
    assert blocks["orders changed"] == [
        "id integer not null serial",
        "removed: − note varchar(200)",
        "orders_pkey primary key (id)",
        "added: + ix_note index (note)",
    ]


USERS = (
    "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('nick', sa.String(80)), sa.Column('age', sa.Integer()))"
)
# What a new revision does, and what the page says of the table: its title, and how it is otherwise.
RENAMED: dict[str, tuple[str, str, list[str]]] = {
    "a table": ("op.rename_table('users', 'members')", "members was users renamed", []),
    "a table, in two steps": (
        "op.rename_table('users', 'people')\nop.rename_table('people', 'members')",
        "members was users renamed",
        [],
    ),
    "a column": (
        "op.alter_column('users', 'nick', new_column_name='name')",
        "users changed",
        ["renamed: → name varchar(80) was nick"],
    ),
    "a column that is changed as well": (
        "op.alter_column('users', 'nick', new_column_name='name', type_=sa.Text())",
        "users changed",
        ["removed: − nick varchar(80)", "renamed: → name text was nick"],
    ),
    "a table, a column of it, and one more": (
        "op.rename_table('users', 'members')\n"
        "op.alter_column('members', 'nick', new_column_name='name')\n"
        "op.add_column('members', sa.Column('nick', sa.Text()))",
        "members was users renamed",
        ["renamed: → name varchar(80) was nick", "added: + nick text"],
    ),
    "two columns for each other": (
        "op.alter_column('users', 'nick', new_column_name='x')\n"
        "op.alter_column('users', 'age', new_column_name='nick')\n"
        "op.alter_column('users', 'x', new_column_name='age')",
        "users changed",
        ["renamed: → age varchar(80) was nick", "renamed: → nick integer was age"],
    ),
    "there and back": (
        "op.alter_column('users', 'nick', new_column_name='x')\n"
        "op.alter_column('users', 'x', new_column_name='nick')\n"
        "op.add_column('users', sa.Column('x', sa.Text()))",
        "users changed",
        ["added: + x text"],
    ),
    "a drop and an addition": (
        "op.drop_column('users', 'nick')\nop.add_column('users', sa.Column('name', sa.Text()))",
        "users changed",
        ["removed: − nick varchar(80)", "added: + name text"],
    ),
}


@pytest.mark.parametrize(("upgrade", "title", "lines"), RENAMED.values(), ids=RENAMED)
def test_a_rename_is_no_drop(upgrade: str, title: str, lines: list[str], tmp_path: Path) -> None:
    released = {"guard.toml": 'dialect = "postgresql"\n'} | revision("a1", None, USERS)
    body = upgrade.replace("\n", "\n    ")
    root = branch(tmp_path, released, revision("b2", "a1", body)).root
    page = read_page(report_of(root, "lint"))
    whole = having(page.all("section"), lambda one: one.attributes.get("id") == "schema")
    for part in (row(page, "b2"), whole):
        block = part.one("div", "block")
        told = [line.text for line in block.all("li") if ":" in line.text]
        assert (block.one("p").text, told) == (title, lines)


NOTHING = Way(steps=Steps(direction="upgrade"))


def test_the_round_trip_of_each_revision_is_told() -> None:
    chapters = tuple(
        Chapter(id=id_, path=f"{id_}.py", state="new", upgrade=NOTHING)
        for id_ in ("whole", "part", "bad")
    )
    failure = Finding(
        rule="rows-lost", severity="error", message="x", remedy="y", span=Span("bad.py", 1),
        evidence=("seen",),
    )  # fmt: skip
    trip = Report(
        findings=(failure,),
        timings=(
            Timing(revision="whole", path="whole.py", up=0.0004, down=0.25, up_again=12.04),
            Timing(revision="part", path="part.py", up=0.0301),
            Timing(revision="bad", path="bad.py", up=1, down=1, up_again=1),
        ),
    )
    page = read_page(rendered("html", trip, chronicles=(Chronicle(name="x", chapters=chapters),)))
    said = {id_: row(page, id_).one("p", "trip").text for id_ in ("whole", "part", "bad")}
    assert said == {
        "whole": "Round trip Ran up, down and up again (up 1 ms, down 0.25 s, up again 12.0 s).",
        "part": "Round trip Ran up only (up 30 ms).",
        "bad": "Round trip It ran, and something went wrong: see its findings"
        " (up 1.00 s, down 1.00 s, up again 1.00 s).",
    }


def test_what_was_silenced_could_not_be_done_or_should_be_known_is_there() -> None:
    page = read_page(rendered("html", REPORT))
    silenced = [line.text for line in page.one("details", "silenced").one("tbody").all("tr")]
    assert any(line.startswith("approved drop-column") for line in silenced)
    assert "The base is origin/main." in page.one("ul", "notes").text
    unfinished = read_page(rendered("html", UNFINISHED))
    assert "env.py cannot run" in unfinished.one("section", "alert").text
    assert unfinished.one("h1").text.startswith("Not finished")
    assert "a:secret" not in unfinished.text


def test_each_of_several_histories_has_its_own_revisions() -> None:
    """Ids and paths may be the same in them."""
    one = Chapter(id="r1", path="a/r1.py", labels=("left",), head=True)
    other = Chapter(id="r1", path="b/r1.py", depends_on=())
    found = Finding(
        rule="drop-table", severity="error", message="x", remedy="y", span=Span("b/r1.py", 1),
        revision="r1",
    )  # fmt: skip
    chronicles = (
        Chronicle(name="a", chapters=(one,)),
        Chronicle(name="b", server=Server("mysql"), chapters=(other,)),
    )
    page = read_page(rendered("html", Report(findings=(found,)), chronicles=chronicles))
    assert [one.one("h3").text for one in page.all("div", "history")] == [
        "a 1 revision",
        "b 1 revision, judged for MySQL 8.4 or newer",
    ]
    left, right = page.all("li", "rev")
    assert [one.text for one in left.all("span", "badge")] == ["head", "left"]
    assert not left.all("ul", "found")
    assert right.one("ul", "found").text.startswith("error: drop-table line 1")
    link = having(page.all("a"), lambda one: one.text == "Revision r1")
    assert link.attributes["href"] == f"#{right.all('details')[0].attributes['id']}"


def test_many_findings_are_grouped_by_rule() -> None:
    many = tuple(
        Finding(
            rule=f"rule-{number % 3}", severity="warning", message=f"{number}.", remedy="Do.",
            span=Span(f"{number}.py", 1),
        )
        for number in range(40)
    )  # fmt: skip
    page = read_page(rendered("html", Report(findings=many)))
    groups = page.all("details", "group")
    assert [(one.one("h3").text, one.one("span", "number").text) for one in groups] == [
        ("warning: rule-0", "14"),
        ("warning: rule-1", "13"),
        ("warning: rule-2", "13"),
    ]


# For everybody


def test_it_has_landmarks_headings_in_order_and_names(page: Element) -> None:
    for tag in ("header", "nav", "main", "footer", "h1"):
        page.one(tag)
    assert page.one("html").attributes["lang"] == "en"
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch(r"h\d", one.tag)]
    assert all(now <= before + 1 for before, now in pairwise(levels))
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len({*ids})
    named = {one.attributes["aria-labelledby"] for one in page.all("section")}
    assert named <= {*ids}
    for control in (*page.all("input"), *page.all("select")):
        assert any(control in label.all() and label.text for label in page.all("label"))
    for picture in page.all("svg"):
        around = [one for one in page.all("span", "gutter") if picture in one.all()]
        assert picture.attributes.get("aria-hidden") or around[0].attributes["aria-hidden"]


def test_every_link_inside_leads_somewhere(page: Element) -> None:
    ids = {one.attributes.get("id") for one in page.all()}
    links = [one.attributes["href"] for one in (*page.all("a"), *page.all("use"))]
    assert {link[1:] for link in links if link.startswith("#")} <= ids


STYLE = Path("guard/reporters/html/templates/page.css")
SEEN_ON = {
    "text": ("bg", "surface", "raised", "ok-bg", "error-bg"),
    "muted": ("bg", "surface", "raised"),
    "accent": ("bg", "surface", "info-bg"),
    "error": ("bg", "surface", "raised", "error-bg"),
    "warning": ("bg", "surface", "warning-bg"),
    "info": ("bg", "surface"),
    "ok": ("bg", "surface", "ok-bg"),
}


def _themes() -> list[dict[str, str]]:
    css = (Path(__file__).parents[3] / STYLE).read_text()
    blocks = [*re.findall(r":root[^{]*\{(.*?)\}", css, flags=re.DOTALL)]
    return [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks]


def luminance(color: str) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_has_enough_contrast_in_each_theme() -> None:
    light, dark, chosen = _themes()
    assert dark == chosen
    for theme in (light, dark):
        for name, grounds in SEEN_ON.items():
            for ground in grounds:
                one, other = sorted((luminance(theme[name]), luminance(theme[ground])))
                assert (other + 0.05) / (one + 0.05) >= 4.5, f"{name} on {ground}: {theme[name]}"


# Nothing from elsewhere


def test_it_loads_nothing_and_runs_nothing_but_its_own(page: Element) -> None:
    policy = having(page.all("meta"), lambda one: "http-equiv" in one.attributes)
    hashes = {
        tag: base64.b64encode(
            hashlib.sha256("".join(map(str, page.one(tag).inside)).encode()).digest()
        ).decode()
        for tag in ("style", "script")
    }
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; "
        f"script-src 'sha256-{hashes['script']}'; base-uri 'none'; form-action 'none'"
    )
    assert not {one.tag for one in page.all()} & {"link", "img", "iframe", "object", "base"}
    for element in page.all():
        assert not {name for name in element.attributes if name == "style" or name[:2] == "on"}
        assert "src" not in element.attributes
        if "://" in element.attributes.get("href", ""):
            assert element.tag == "a"
            assert element.attributes["rel"] == "noreferrer"
    assert not re.search(r"url\(|@import", page.one("style").text)
    assert not re.search(r"fetch|XMLHttp|innerHTML|eval|://", page.one("script").text)


def hostile_page(said: str) -> str:
    table = CreateTable(table=Name(said), columns=(Column(name=said, type=Type(name="text")),))
    statement = Statement(
        operations=(table,), span=Span(said, 1), direction="upgrade", condition=said,
        dialects=(said,), database=said,
    )  # fmt: skip
    effect = Effect(
        table=Name(said), lock="SHARE", blocks=frozenset(["writes"]), source=f"javascript:{said}"
    )
    way = Way(
        steps=Steps(direction="upgrade"),
        deeds=(Deed(statement=statement, operation=table, effect=effect),),
    )
    empty = Schema.empty()
    change = SchemaChange(before=empty, between=empty.apply(table), after=empty)
    raising = Way(steps=Steps(direction="downgrade", span=Span(said, 1), raises=said))
    chapter = Chapter(
        id=said, path=f"db/{said}.py", message=said, labels=(said,), state="new", upgrade=way,
        downgrade=raising, schemas=(change,),
    )  # fmt: skip
    chronicle = Chronicle(
        name=said, server=Server("postgresql"), chapters=(chapter,), change=(change,)
    )
    return rendered("html", report(said), chronicles=(chronicle,), base=said)


@functools.cache
def harmless_page() -> Element:
    return read_page(hostile_page("orders"))


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_what_others_wrote_is_text(said: str) -> None:
    html = hostile_page(said)
    assert not CONTROLS.search(html)
    hostile, plain = read_page(html), harmless_page()
    text = {"div", "p", "pre", "code"}  # a text of several lines has more of these
    assert [one.tag for one in hostile.all() if one.tag not in text] == [
        one.tag for one in plain.all() if one.tag not in text
    ]
    for kind in ("href", "id", "class", "data-rule", "data-severity"):
        assert _values(hostile, kind) == _values(plain, kind)


def _values(page: Element, name: str) -> list[str]:
    found = [one.attributes[name] for one in page.all() if name in one.attributes]
    return [value for value in found if value != "said"]  # what a message says in further lines


# Long histories


def test_a_long_history_is_a_small_page(tmp_path: Path) -> None:
    files: dict[str, str] = {"guard.toml": 'dialect = "postgresql"\n'}
    parent = None
    for number in range(150):
        table = f"t{number % 30}"
        up = f'op.add_column("{table}", sa.Column("c{number}", sa.Text()))'
        if number < 30:
            up = f'op.create_table("{table}", sa.Column("id", sa.Integer(), primary_key=True))'
        files |= revision(f"r{number:03}", parent, up, "raise NotImplementedError")
        parent = f"r{number:03}"
    change = revision("last", parent, 'op.drop_table("t1")')
    root = branch(tmp_path, files, change).root
    changed = report_of(root, "lint")
    assert len(read_page(changed).all("li", "rev")) == 151
    assert len(changed) < 120_000
    assert len(report_of(root, "lint", "--all")) < 550_000
