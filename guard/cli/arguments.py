"""What the command line said, as one frozen value, and what it asks of a run."""

import datetime
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import msgspec

from guard.errors import GuardError
from guard.judge.load_rules import all_rules, trusts_rules
from guard.project.settings import Settings, SettingsFiles
from guard.rule import Rule
from guard.run.asked import Backend, Instead, cache_folder
from guard.run.scope import Input, Request
from guard.run.shard import Shard, parse_shard


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of any command; an option that the command does not have keeps its default.

    `guard.cli.options` says what each means.
    """

    config: Path | None = None
    paths: tuple[Path, ...] = ()
    force_exclude: bool = False
    base: str | None = None
    applied_in: str | None = None
    everything: bool = False
    staged: bool = False
    stdin_filename: str | None = None
    no_cache: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    dialect: str | None = None
    server_version: str | None = None
    approvals_from: str | None = None
    no_roundtrip: bool = False
    python: str | None = None
    backend: Backend | None = None
    scratch_url: str | None = None
    keep: bool = False
    shard: str | None = None
    verify_reader: bool = False
    output_format: str | None = None
    output_file: Path | None = None
    output: tuple[str, ...] = ()
    statistics: bool = False
    strict: bool = False
    exit_zero: bool = False
    color: Literal["auto", "always", "never"] = "auto"
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """Return what click parsed, by name."""
        return msgspec.convert(given, cls)

    def request(
        self, *, roundtrip: bool = False, statements: bool = True, history: bool = True
    ) -> Request:
        """Return the request for a run of these parts. Raises GuardError for a missing path."""
        given = _standard_input(self.paths, self.stdin_filename)
        for path in () if given else self.paths:
            if not path.exists() and not path.is_symlink():
                raise GuardError(f"{path}: there is no such file or folder")
        return Request(
            start=current_folder(),
            paths=() if given else self.paths,
            force_exclude=self.force_exclude,
            given=given,
            statements=statements,
            history=history,
            roundtrip=roundtrip,
            everything=self.everything,
            base=self.base,
            applied_in=self.applied_in,
            source="index" if self.staged else "working tree",
            approvals_from=self.approvals_from,
            scratch_url=self.scratch_url,
            keep=self.keep,
            shard=self._shard(roundtrip=roundtrip),
            verify=self.verify_reader,
            environ=dict(os.environ),
            cache=None if self.no_cache else cache_folder(os.environ),
            today=datetime.date.today(),
        )

    def _shard(self, *, roundtrip: bool) -> Shard | None:
        if self.shard is None:
            return None
        if not roundtrip:
            raise GuardError(
                "--shard divides what --no-roundtrip leaves out: give one of the two, reading and "
                "judging alone is quick"
            )
        if Path("-") in self.paths:
            raise GuardError("--shard divides the revisions of a project: name no standard input")
        if self.verify_reader:
            raise GuardError("--verify-reader looks at every step: run it without --shard")
        return parse_shard(self.shard)

    def recorded(self) -> dict[str, object]:
        """Return what the report of a shard keeps of them: all that its meaning depends on.

        No URL is, and where a database of --applied-in stands is kept as what it is of.
        """
        kept = {name: getattr(self, name) for name in RECORDED}
        config = self.config and _shown(self.config)
        return kept | {"config": config, "paths": [_shown(path) for path in self.paths]}

    @classmethod
    def of_record(cls, recorded: Mapping[str, object], given: Mapping[str, object]) -> Self:
        """Return the arguments that a shard had, with those of `given` that say how it is told.

        Raises GuardError for a record that guard did not write.
        """
        try:
            kept = msgspec.convert(recorded, _Recorded)
            return msgspec.convert({**given, **kept.arguments(strict=bool(given["strict"]))}, cls)
        except msgspec.ValidationError as error:
            raise GuardError(f"the options of the shards are not valid: {error}") from None

    def settings(self) -> SettingsFiles:
        """Return the project's settings with what the command line says instead.

        Raises GuardError for settings, a rule, a dialect or a version that are not valid.
        """
        instead = Instead(
            config=self.config,
            select=self.select,
            ignore=self.ignore,
            dialect=self.dialect,
            server_version=self.server_version,
            python=self.python,
            backend=self.backend,
            strict=self.strict,
        )
        return instead.settings(current_folder(), "--")


class _Recorded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments that a record has, as JSON tells them."""

    config: str | None
    paths: tuple[str, ...]
    force_exclude: bool
    base: str | None
    everything: bool
    staged: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    dialect: str | None
    server_version: str | None
    approvals_from: str | None
    python: str | None
    backend: Backend | None
    strict: bool

    def arguments(self, *, strict: bool) -> dict[str, object]:
        """Return them as click parses them; `strict`, if that is said again."""
        return {
            **msgspec.structs.asdict(self),
            "config": self.config and Path(self.config),
            "paths": tuple(map(Path, self.paths)),
            "strict": strict or self.strict,
        }


RECORDED = _Recorded.__struct_fields__


def _shown(path: Path) -> str:
    """Return the path as it is wherever the checkout is: relative to where guard was started."""
    here = current_folder()
    return Path(os.path.relpath(path, here)).as_posix() if path.is_absolute() else path.as_posix()


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """Return all rules that there are for these settings, for a command that runs no project.

    Raises GuardError where they have rules of their own that the user does not trust.
    """
    return all_rules(settings, trusted=trusts_rules(os.environ))


def current_folder() -> Path:
    """Return the folder that guard was started in; raise GuardError where it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise GuardError("the current folder no longer exists: change to another one") from None


def _standard_input(paths: tuple[Path, ...], name: str | None) -> Input | None:
    """Return the text to judge where the path is -; it is called stdin.sql if nobody says."""
    if Path("-") not in paths:
        if name:
            raise GuardError("--stdin-filename names standard input: give - as the path")
        return None
    if len(paths) > 1:
        raise GuardError("- stands for standard input and must be the only path")
    if sys.stdin is None:
        raise GuardError("- stands for standard input, and that is closed")
    return Input(path=Path(name or "stdin.sql"), data=sys.stdin.buffer.read())
