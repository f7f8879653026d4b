"""Words that build a small repository step by step, and a row of what guard says there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from command_line import STEP, VERSIONS, Content, Done, chain, guard
from git_repo import Repo
from roundtrip_project import revision

R1, R2, R3 = (f"{VERSIONS}/r{number}.py" for number in (1, 2, 3))


def step(table: str) -> tuple[str, str]:
    return STEP[0].replace("'a'", f"'{table}'"), STEP[1].replace("'a'", f"'{table}'")


RELEASED = chain(STEP, step("b"))
NEW = {R3: revision("r3", "r2", step("c"))}
EDITED = {R1: revision("r1", None, step("z"))}
COMMENTED = {R1: revision("r1", None, STEP) + "# more\n"}
MOVED = {R2: None, f"{VERSIONS}/two.py": RELEASED[R2]}
SECOND_HEAD = {R3: revision("r3", "r1", step("c"))}
LATE = {f"{VERSIONS}/late.py": revision("late", "r2", step("d"))}


class World:
    """The folders of one situation. `at` is the repository that the steps act on and guard runs in.

    `inside` is the folder in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = Repo(folder / "repo")
        self.inside = "."

    def commit_of(self, ref: str) -> str:
        return self.at.git("rev-parse", ref)


Step = Callable[[World], object]


def commit(files: Mapping[str, Content]) -> Step:
    """Commit the files, and one of the commit's own that has nothing to do with guard."""

    def run(world: World) -> None:
        own = f"touched/{len(list(world.folder.rglob('touched/*')))}.txt"
        world.at.commit({**files, own: own})

    return run


def write(files: Mapping[str, Content]) -> Step:
    return lambda world: world.at.write(files)


def git(*arguments: str) -> Step:
    return lambda world: world.at.git(*arguments)


def branch(name: str = "change") -> Step:
    return git("checkout", "-q", "-b", name)


def on(name: str, files: Mapping[str, Content]) -> Step:
    """Commit the files on another branch, and come back."""

    def run(world: World) -> None:
        here = world.at.git("rev-parse", "--abbrev-ref", "HEAD")
        world.at.git("checkout", "-q", name)
        commit(files)(world)
        world.at.git("checkout", "-q", here)

    return run


def clone(*options: str, name: str = "clone") -> Step:
    """Go on in a clone."""

    def run(world: World) -> None:
        target = world.folder / name
        world.at.git("clone", "-q", *options, world.at.root.as_uri(), str(target))
        world.at = Repo.at(target)

    return run


def worktree(name: str = "change") -> Step:
    """Go on in a worktree of a new branch."""

    def run(world: World) -> None:
        target = world.folder / "tree"
        world.at.git("worktree", "add", "-q", str(target), "-b", name)
        world.at = Repo.at(target)

    return run


def below(folder: str) -> Step:
    """Run guard in a folder of the repository."""
    return lambda world: setattr(world, "inside", folder)


def remove(path: str) -> Step:
    """Take a file or folder away behind git's back."""

    def run(world: World) -> None:
        target = world.at.root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return run


def link(path: str, target: str) -> Step:
    def run(world: World) -> None:
        place = world.at.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    return run


def run(*arguments: str) -> Step:
    """Run a command of guard that must succeed."""

    def go(world: World) -> None:
        done = guard(world.at.root / world.inside, *arguments)
        assert done.code == 0, done.output

    return go


def event(text: str) -> Step:
    """Write the event of a GitHub workflow; `@ref@` is the id of a commit, `@main~1@`."""

    def go(world: World) -> None:
        filled = re.sub("@([^@]+)@", lambda ref: world.commit_of(ref[1]), text)
        assert json.loads(filled)
        (world.folder / "event.json").write_text(filled)

    return go


BEGUN: tuple[Step, ...] = (commit(RELEASED), branch())
EDIT = "edited-revision"
EDIT_NEW = commit({R3: revision("r3", "r2", step("e"))})


def cloned(*options: str) -> tuple[Step, ...]:
    """A clone of a repository with some history, on a branch of its own."""
    return (commit({}), commit(RELEASED), commit({}), clone(*options), branch())


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The steps, what is run, and the verdict.

    `rules` are those of the open findings: none of them, exit 0. `stops`: exit 2. In the values of
    `environ`, `@ref@` is the id of a commit and `$` the world's folder.
    """

    steps: tuple[Step, ...]
    command: tuple[str, ...] = ("history",)
    environ: dict[str, str] = {}
    rules: tuple[str, ...] = ()
    stops: bool = False
    says: tuple[str, ...] = ()

    def judge(self, folder: Path) -> None:
        """Build the situation, run guard in it, and compare."""
        world = World(folder)
        for one in self.steps:
            one(world)
        done = guard(world.at.root / world.inside, *self.command, **self._variables(world))
        assert done.says(*self.says)
        self._compare(done)

    def _variables(self, world: World) -> dict[str, str]:
        filled = {
            name: value.replace("$", str(world.folder)) for name, value in self.environ.items()
        }
        return {
            name: re.sub("@([^@]+)@", lambda ref: world.commit_of(ref[1]), value)
            for name, value in filled.items()
        }

    def _compare(self, done: Done) -> None:
        found = sorted({*re.findall(r"^(?:error|warning|info)\[([\w-]+)\]", done.output, re.M)})
        found = [rule for rule in found if rule != "gate-weakened" or rule in self.rules]
        assert (found, done.code) == (sorted(self.rules), self._code), done.output

    @property
    def _code(self) -> int:
        return 2 if self.stops else int(any(rule != "moved-revision" for rule in self.rules))
