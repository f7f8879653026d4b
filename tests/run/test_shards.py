"""The round trip in shards, put together: it is the run without them, and nothing else passes."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import ENV, INI, STEP, VERSIONS, Content, chain, guard
from git_repo import Repo
from roundtrip_project import SLEEPS, revision

from guard.run.division import OWN, WAY, numbered

Report = dict[str, Any]
Files = dict[str, Content]
TABLE = (
    "op.create_table('{0}', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('x', sa.Integer()))",
    "op.drop_table('{0}')",
)


def table(name: str) -> tuple[str, str]:
    return TABLE[0].format(name), TABLE[1].format(name)


def batch(call: str, name: str = "a") -> str:
    return f"with op.batch_alter_table('{name}') as batch:\n    batch.{call}"


# The column is filled before NULLs are refused: rows of a later revision's own would break that.
ADD = ("op.add_column('a', sa.Column('y', sa.Integer()))", batch("drop_column('y')"))
FILL = ("op.execute('UPDATE a SET y = 0 WHERE y IS NULL')", "pass")
REQUIRE = (
    batch("alter_column('y', existing_type=sa.Integer(), nullable=False)"),
    batch("alter_column('y', existing_type=sa.Integer(), nullable=True)"),
)
STUCK = (
    table("d")[0],
    "op.drop_table('d')\n"
    "# guard: ignore[downgrade-fails] nobody goes back there\n"
    "op.execute('SELECT nothing FROM a')",
)
LEFT = (
    table("kept")[0],
    "# guard: ignore-file[missing-downgrade] kept for the reports\npass",
)
BOTH = ("\n".join([table("a")[0], table("b")[0]]), "\n".join([table("a")[1], table("b")[1]]))
DROP = ("op.drop_table('b')", table("b")[0])
BROKEN = (table("f")[0] + "\nop.execute('SELECT nothing FROM a')", "op.drop_table('f')")
DUPLICATES = (
    batch("create_unique_constraint('uq_a_x', ['x'])"),
    batch("drop_constraint('uq_a_x', type_='unique')"),
)
SHOP: dict[str, tuple[str | tuple[str, ...] | None, tuple[str, str]]] = {
    "r1": (None, BOTH),
    "r2": ("r1", ADD),
    "r3": ("r2", table("h")),
    "r4": ("r3", FILL),
    "r5": ("r4", REQUIRE),  # a shard of eight begins here
    "r6": ("r5", table("c")),
    "r7": ("r5", STUCK),
    "r8": (("r6", "r7"), ("pass", "pass")),
    "r9": ("r8", DROP),
    "s1": ("r9", LEFT),
}
STOCK: dict[str, tuple[str | tuple[str, ...] | None, tuple[str, str]]] = {
    "r1": (None, table("a")),
    "s2": ("r1", DUPLICATES),
    "r3": ("s2", table("e")),
    "s4": ("r3", BROKEN),
    "s5": ("s4", table("g")),
}


def environment(folder: str, revisions: Mapping[str, Any]) -> Files:
    files: Files = {f"{folder}/alembic.ini": INI, f"{folder}/migrations/env.py": ENV}
    for id_, (parent, step) in revisions.items():
        files[f"{folder}/migrations/versions/{id_}.py"] = revision(id_, parent, step)
    return files


def project(tmp_path: Path) -> Repo:
    """A repository on a branch that brings all revisions but the first of each environment."""
    repo = Repo(tmp_path / "repo")
    first = {**environment("shop", {"r1": SHOP["r1"]}), **environment("stock", {"r1": STOCK["r1"]})}
    repo.commit({"README.md": "x", **first})
    repo.branch("change")
    repo.commit({**environment("shop", SHOP), **environment("stock", STOCK)})
    approve = ("--rule", "drop-table", "--approver", "Ann", "--reason", "agreed")
    assert guard(repo.root, "approve", "r9", *approve).code == 0
    repo.commit()
    return repo


def run(repo: Repo, *arguments: str, **environ: str) -> tuple[int, Report]:
    done = guard(repo.root, *arguments, "--output-format", "json", **environ)
    assert done.output.startswith("{"), done.output
    text = done.output[: done.output.rindex("}") + 1]
    return done.code, json.loads(text)


def shards(repo: Repo, of: int, *arguments: str, **environ: str) -> list[str]:
    """Run each shard, and return the files that they write."""
    files = []
    for number in range(1, of + 1):
        file = f"../{of}-{number}.json"
        output = ("--output", f"json:{file}", *arguments)
        done = guard(repo.root, "check", "--shard", f"{number}/{of}", *output, **environ)
        assert done.code in (0, 1), done.output
        files.append(file)
    return files


def report_of(repo: Repo, file: str) -> Report:
    found: Report = json.loads((repo.root / file).read_text())
    return found


def told(report: Report) -> list[Report]:
    """What a report says that another run of the same may not say otherwise."""
    return sorted(report["findings"], key=json.dumps)


def checked(report: Report) -> list[str]:
    """What was done, without how long it took and how many rows that needed."""
    parts = report["summary"]["checked"]
    return [re.sub(r"with \d+ rows |, in [\d.]+ s$", "", part) for part in parts]


OF = (1, 2, 3, 8, 14)  # 13 revisions are new


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return project(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def whole(shop: Repo) -> tuple[int, Report]:
    return run(shop, "check")


def test_the_project_has_all_that_could_be_told_otherwise(whole: tuple[int, Report]) -> None:
    code, report = whole
    found = {(f["rule"], f["status"]) for f in report["findings"]}
    assert code == 1
    assert {
        ("drop-table", "approved"),
        ("downgrade-fails", "ignored"),
        ("missing-downgrade", "ignored"),
        ("unique-over-existing-rows", "open"),
        ("backfill", "open"),
        ("gate-weakened", "open"),
        ("upgrade-fails", "open"),
    } <= found
    assert ("unused-suppression", "open") not in found
    assert any("proven in the scratch run" in str(f.get("evidence")) for f in report["findings"])


@pytest.fixture(scope="module", params=OF)
def parts(shop: Repo, request: pytest.FixtureRequest) -> list[str]:
    """The reports of the shop's shards, for each number of them."""
    return shards(shop, request.param)


def test_merged_shards_say_what_one_run_says(
    shop: Repo, whole: tuple[int, Report], parts: list[str]
) -> None:
    code, merged = run(shop, "merge", *parts)
    assert told(merged) == told(whole[1])
    assert merged["errors"] == []
    assert checked(merged) == checked(whole[1])
    assert counts(merged) == counts(whole[1])
    assert merged["summary"]["notes"] == whole[1]["summary"]["notes"]
    assert timed(merged) == timed(whole[1])
    assert "shard" not in merged
    assert code == whole[0]


def test_each_finding_is_told_by_the_shard_of_its_revision(
    shop: Repo, whole: tuple[int, Report], parts: list[str]
) -> None:
    reports = [report_of(shop, file) for file in parts]
    for finding in whole[1]["findings"]:
        telling = [
            n for n, one in enumerate(reports, 1) if _key(finding) in map(_key, one["findings"])
        ]
        # Both environments have an r3, and both of its shards may tell what is found in one.
        assert len(telling) == 1 or (telling and finding["revision"] == "r3"), finding
        assert finding["revision"] or telling == [1]
    all_told = {_key(finding) for one in reports for finding in one["findings"]}
    assert all_told == {*map(_key, whole[1]["findings"])}


def _key(finding: Report) -> tuple[object, ...]:
    return tuple(finding[name] for name in ("rule", "path", "line", "status", "message"))


def test_a_shard_says_that_it_is_one(shop: Repo) -> None:
    done = guard(shop.root, "check", "--shard", "2/14", "--ignore", "history")
    assert done.code == 0
    assert done.says("shard 2/14, which ran 2 of 13 revisions", "guard merge has the verdict")
    assert "Passed" not in done.output


def timed(report: Report) -> list[tuple[str, list[str]]]:
    """Which steps of which revisions ran."""
    steps = ("up", "down", "up_again")
    return sorted((t["path"], [s for s in steps if t[s] is not None]) for t in report["timings"])


def counts(report: Report) -> Report:
    kept = ("errors", "warnings", "infos", "approved", "ignored", "baseline", "unchanged", "failed")
    return {name: report["summary"][name] for name in (*kept, "services", "revisions")}


# What is refused: how a run is asked for a part, and what files do not belong together.


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "--shard", "0/3"), "counted from 1/3 to 3/3"),
        (("check", "--shard", "4/3"), "counted from 1/3 to 3/3"),
        (("check", "--shard", "1/0"), "at least one part"),
        (("check", "--shard", "x"), "as in --shard 2/8"),
        (("check", "--shard", "-1/3"), "as in --shard 2/8"),
        (("check", "--shard", "1/3/2"), "as in --shard 2/8"),
        (("check", "--shard", "1/2", "--no-roundtrip"), "give one of the two"),
        (("check", "--shard", "1/2", "-"), "name no standard input"),
        (("roundtrip", "--shard", "x"), "as in --shard 2/8"),
        (("roundtrip", "--shard", "1/2", "--verify-reader"), "without --shard"),
    ],
)
def test_a_part_that_is_none_is_refused(shop: Repo, arguments: tuple[str, ...], says: str) -> None:
    done = guard(shop.root, *arguments)
    assert done.code == 2
    assert done.says(says)


@pytest.fixture(scope="module")
def halves_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a repository and of the reports of its two shards, which fit together."""
    folder = tmp_path_factory.mktemp("halves")
    repo = Repo(folder / "repo")
    repo.commit({**chain(STEP), "app.py": "x = 1\n"})
    repo.branch("change")
    repo.commit(chain(STEP, *(table(name) for name in "bcd")))
    assert run(repo, "merge", *shards(repo, 2))[0] == 0
    return folder


@pytest.fixture
def halves(halves_once: Path, tmp_path: Path) -> tuple[Repo, list[str]]:
    """A copy that a test may change."""
    shutil.copytree(halves_once, tmp_path, dirs_exist_ok=True)
    return Repo.at(tmp_path / "repo"), ["../2-1.json", "../2-2.json"]


Halves = tuple[Repo, list[str]]
Spoil = Callable[[Repo, list[str]], Sequence[str]]


def edited(change: Callable[[Report], object]) -> Spoil:
    """Have the second file say something else."""

    def spoil(repo: Repo, files: list[str]) -> list[str]:
        report = report_of(repo, files[1])
        change(report)
        (repo.root / files[1]).write_text(json.dumps(report))
        return files

    return spoil


def after(files: Mapping[str, Content], commit: bool = False) -> Spoil:
    """Have the checkout change after the shards ran."""

    def spoil(repo: Repo, given: list[str]) -> list[str]:
        repo.write(files)
        if commit:
            repo.commit(dict(files))
        return given

    return spoil


def with_options(*options: str) -> Spoil:
    """Have the second shard run with other options."""

    def spoil(repo: Repo, files: list[str]) -> list[str]:
        output = ("--output", f"json:{files[1]}")
        assert guard(repo.root, "check", "--shard", "2/2", *output, *options).code == 0
        return files

    return spoil


def _of_three(repo: Repo, files: list[str]) -> list[str]:
    return [files[0], shards(repo, 3)[1]]


def _of_a_whole_run(repo: Repo, files: list[str]) -> list[str]:
    guard(repo.root, "check", "--output", "json:../whole.json")
    return [files[0], "../whole.json"]


def _of_roundtrip(repo: Repo, files: list[str]) -> list[str]:
    guard(repo.root, "roundtrip", "--shard", "2/2", "--output", f"json:{files[1]}")
    return files


def _text(repo: Repo, files: list[str]) -> list[str]:
    (repo.root / files[1]).write_text("Passed.\n")
    return files


def _second(name: str, value: object) -> Callable[[Report], object]:
    return lambda report: report["shard"].update({name: value})


def _first_trip(name: str, value: object) -> Callable[[Report], object]:
    return lambda report: report["shard"]["trips"][0].update({name: value})


def _on_postgresql(report: Report) -> None:
    report["shard"]["trips"][0]["result"]["server"] = "PostgreSQL 15.4"


R2 = f"{VERSIONS}/r2.py"
REFUSED: dict[str, tuple[Spoil, str]] = {
    "one is missing": (lambda _, files: files[:1], "there is no report of shard 2/2"),
    "the first is missing": (lambda _, files: files[1:], "there is no report of shard 1/2"),
    "one comes twice": (lambda _, files: [*files, files[1]], "are both of shard 2/2"),
    "a file is not there": (lambda _, files: [files[0], "../none.json"], "No such file"),
    "no JSON": (_text, "no report of guard in JSON"),
    "other JSON": (lambda repo, files: [files[0], _write(repo, "[]")], "no report of guard"),
    "a whole run": (_of_a_whole_run, "the report of a whole run"),
    "of another number": (_of_three, "of different runs, shard 1/2 and shard 2/3"),
    "of another command": (_of_roundtrip, "of guard check and of guard roundtrip"),
    "another guard": (
        edited(lambda report: report["tool"].update(version="0.0.1")),
        "guard 0.0.1 wrote it",
    ),
    "other rules": (with_options("--ignore", "drop-table"), "different options, --ignore"),
    "released ones too": (with_options("--all"), "different options, --everything"),
    "stricter": (with_options("--strict"), "different options, --strict"),
    "another base": (with_options("--base", "HEAD~1"), "different options, --base"),
    "another folder": (edited(lambda r: r["shard"]["state"].update(folder="x")), "started in"),
    "another commit": (
        edited(lambda r: r["shard"]["state"].update(commit="0" * 40)),
        "the other of 000000000000",
    ),
    "a commit since": (after({"new.txt": "x"}, commit=True), "check out the commit"),
    "a revision edited": (
        after({R2: revision("r2", "r1", table("other"))}),
        f"{R2} changed since",
    ),
    "one more revision": (
        after({f"{VERSIONS}/r9.py": revision("r9", "r4", table("z"))}),
        f"{VERSIONS}/r9.py changed since",
    ),
    "env.py edited": (after({"migrations/env.py": ENV + "\n"}), "migrations/env.py changed since"),
    "other settings": (after({"guard.toml": "timeout = 5\n"}), "guard.toml changed since"),
    "other code": (after({"app.py": "x = 2\n"}), "app.py changed since"),
    "interrupted": (edited(_second("interrupted", True)), "was interrupted before its end"),
    "no trips": (edited(_second("trips", [])), "did not run what is its part"),
    "fewer revisions": (edited(_first_trip("revisions", ["r3"])), "did not run what is its part"),
    "no result": (edited(_first_trip("result", None)), "did not run what is its part"),
    "another server": (edited(_on_postgresql), "different servers, SQLite and PostgreSQL 15.4"),
    "a fact that is none": (
        edited(_first_trip("facts", [{"kind": "Passed", "fields": {}}])),
        "Passed is no kind of fact",
    ),
    "a field that is none": (edited(_second("more", 1)), "what it says of its shard is not valid"),
}


def _write(repo: Repo, text: str) -> str:
    (repo.root / "../other.json").write_text(text)
    return "../other.json"


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_do_not_belong_together_are_refused(halves: Halves, name: str) -> None:
    repo, files = halves
    spoil, says = REFUSED[name]
    done = guard(repo.root, "merge", *spoil(repo, files))
    assert done.code == 2
    assert done.output.startswith("error: ")
    assert done.says(says)


def test_what_a_shard_could_not_do_is_not_passed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    flag = tmp_path / "flag"
    env = f"if __import__('os').path.exists({str(flag)!r}):\n    raise ValueError('boom')\n" + ENV
    repo.commit({**chain(STEP), "migrations/env.py": env})
    repo.branch("change")
    repo.commit({**chain(STEP, table("b"), table("c")), "migrations/env.py": env})
    first = guard(repo.root, "check", "--shard", "1/2", "--output", "json:../1.json")
    flag.touch()
    second = guard(repo.root, "check", "--shard", "2/2", "--output", "json:../2.json")
    flag.unlink()
    merged = guard(repo.root, "merge", "../1.json", "../2.json")
    assert (first.code, second.code, merged.code) == (0, 2, 2)
    assert merged.says("env.py cannot run: ValueError: boom")
    assert merged.output.count("boom") == 1
    assert "Passed" not in merged.output


def test_what_a_shard_found_and_merge_does_not_is_not_passed(halves: Halves) -> None:
    repo, files = halves
    found = {
        "rule": "drop-table", "severity": "error", "status": "open", "path": R2, "line": 9,
        "revision": "r2",
    }  # fmt: skip
    done = guard(repo.root, "merge", *edited(lambda r: r["findings"].append(found))(repo, files))
    assert done.code == 2
    assert done.says(f"shard 2/2 found drop-table at {R2}:9, and here nothing is found there")


def test_a_revision_that_hangs_is_told_by_each_shard_that_comes_to_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    settings = {"guard.toml": "timeout = 4\n"}
    repo.commit(chain(STEP) | settings)
    repo.branch("change")
    repo.commit(chain(STEP, SLEEPS, table("c"), table("d")))
    code, whole = run(repo, "check")
    files = shards(repo, 2)
    reports = [report_of(repo, file) for file in files]
    told_by = [[f["rule"] for f in one["findings"] if f["revision"] == "r2"] for one in reports]
    assert told_by == [["upgrade-fails"], ["upgrade-fails"]]
    merged_code, merged = run(repo, "merge", *files)
    assert (merged_code, told(merged)) == (code, told(whole))
    assert code == 1


def test_what_one_shard_saw_come_back_is_said_of_all(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    cast = (
        "op.add_column('b', sa.Column('y', sa.BigInteger()))\n"
        "op.execute('UPDATE b SET y = CAST(x AS BIGINT)')\nop.drop_column('b', 'x')",
        "op.add_column('b', sa.Column('x', sa.Integer()))\n"
        "op.execute('UPDATE b SET x = CAST(y AS INTEGER)')\nop.drop_column('b', 'y')",
    )
    repo.commit(chain(STEP, table("b")))
    repo.branch("change")
    repo.commit(chain(STEP, table("b"), table("c"), cast))
    code, whole = run(repo, "check")
    merged_code, merged = run(repo, "merge", *shards(repo, 2))
    assert (merged_code, told(merged)) == (code, told(whole))
    (dropped,) = [f["message"] for f in merged["findings"] if f["rule"] == "drop-column"]
    assert "brought them all back" in dropped


def test_how_it_is_told_is_said_anew(halves: Halves) -> None:
    repo, _ = halves
    repo.commit(chain(STEP, *(table(name) for name in "bcd"), ("op.drop_table('a')", STEP[0])))
    files = shards(repo, 2, "--exit-zero", "--select", "drop-table,backfill")
    failed = guard(repo.root, "merge", *files, "--output", "concise")
    assert failed.code == 1
    assert "drop-table" in failed.output
    assert guard(repo.root, "merge", *files, "--exit-zero").code == 0
    sarif = guard(repo.root, "merge", *files, "--output", "sarif:../all.sarif")
    assert sarif.code == 1
    assert "drop-table" in (repo.root / "../all.sarif").read_text()


def test_the_round_trip_alone_is_divided_too(shop: Repo) -> None:
    code, whole = run(shop, "roundtrip")
    for number in (1, 2):
        part = ("--shard", f"{number}/2", "--output", f"json:../r{number}.json")
        guard(shop.root, "roundtrip", *part)
    merged_code, merged = run(shop, "merge", "../r1.json", "../r2.json")
    assert (merged_code, told(merged)) == (code, told(whole))
    assert checked(merged) == checked(whole)


def test_no_url_of_a_database_is_written_down(halves: Halves) -> None:
    repo, _ = halves
    database = repo.root / ".." / "secret-place.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num TEXT); "
            "INSERT INTO alembic_version VALUES ('r3')"
        )
    files = shards(repo, 2, "--applied-in", f"sqlite:///{database}")
    text = "".join((repo.root / file).read_text() for file in files)
    assert "secret-place" not in text
    database.unlink()
    code, merged = run(repo, "merge", *files)
    assert code == 0
    assert checked(merged)[1].startswith("round trip of")
    assert [part for part in checked(merged) if " down" in part] == [
        "round trip of 5 up, 1 down on SQLite, fenced by the kernel"
    ]


# What is planned


@pytest.mark.parametrize(
    ("most", "arguments", "planned"),
    [
        (1, (), 1),
        (4, (), 4),
        (99, (), 7),  # with more of them none would be shorter
        (3, ("--base", "HEAD"), 3),  # nothing is new: all are run
        (99, ("shop",), 5),
        (99, ("stock", "--base", "HEAD"), 4),
    ],
)
def test_no_more_shards_are_planned_than_there_is_work(
    shop: Repo, most: int, arguments: tuple[str, ...], planned: int
) -> None:
    done = guard(shop.root, "plan", "--shards", str(most), "--output", "github-matrix", *arguments)
    shards = [f"{number}/{planned}" for number in range(1, planned + 1)]
    assert (done.code, json.loads(done.output)) == (0, {"shard": shards})
    assert done.output.count("\n") == 1  # a line of GITHUB_OUTPUT


def test_without_work_there_is_one_shard(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(chain())
    done = guard(repo.root, "plan", "--shards", "8", "--output", "github-matrix")
    assert json.loads(done.output) == {"shard": ["1/1"]}
    guard(repo.root, "check", "--shard", "1/1", "--output", "json:../1.json")
    assert guard(repo.root, "merge", "../1.json").code == guard(repo.root, "check").code == 0


def test_a_plan_says_what_each_shard_runs(shop: Repo) -> None:
    done = guard(shop.root, "plan", "--shards", "5")
    assert done.output.splitlines() == [
        "13 revisions to run up, down and up again",
        "shard 1/5: 4 of shop/migrations",
        "shard 2/5: 2 of shop/migrations",
        "shard 3/5: 2 of shop/migrations",
        "shard 4/5: 1 of shop/migrations",
        "shard 5/5: 4 of stock/migrations",
    ]
    parts = json.loads(guard(shop.root, "plan", "--shards", "2", "--output", "json").output)
    assert parts["revisions"] == 13
    assert [one["environments"] for one in parts["shards"]] == [
        {"shop/migrations": 8},
        {"shop/migrations": 1, "stock/migrations": 4},
    ]


@pytest.mark.parametrize("lengths", [(), (1,), (3,), (300,), (9, 4), (1, 1, 1), (100, 3, 50)])
@pytest.mark.parametrize("of", [1, 2, 3, 8, 64])
def test_each_revision_is_in_one_shard_and_they_are_as_long(
    lengths: tuple[int, ...], of: int
) -> None:
    numbers = numbered([["r"] * length for length in lengths], of)
    costs = [0] * (of + 1)
    last = 0
    places = [place for length in lengths for place in range(length)]
    for place, number in zip(places, numbers, strict=True):
        costs[number] += OWN + WAY * place * (number != last)
        assert number in (last, last + 1)
        last = number
    assert last <= of
    # None could be shorter than the longest is by more than a revision and the way to it.
    total = OWN * sum(lengths)
    assert max(costs) >= total / of
    if len(lengths) == 1:
        assert max(costs) - min(costs[1:last], default=max(costs)) <= OWN + WAY


@pytest.mark.parametrize("shards", ["0", "257", "x"])
def test_a_plan_of_no_shards_is_refused(shop: Repo, shards: str) -> None:
    assert guard(shop.root, "plan", "--shards", shards).code == 2
