"""The command line: arguments in, a report and an exit code out. Only this module prints or exits.

Exit codes: 0 nothing that stops the gate, 1 findings, 2 wrong usage or configuration, or guard
could not do its work.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec

from guard import __version__
from guard.config import Config, load_config, nearest
from guard.errors import GuardError
from guard.server import parse_dialect, parse_version

F = TypeVar("F", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FORMATS = click.Choice(["text", "json", "github"])


class Guard(click.Group):
    """A group whose mistakes of use and configuration end with exit code 2 and one message."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GuardError as error:
            fail(str(error))


def fail(message: str) -> NoReturn:
    """Print the error and end with exit code 2."""
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(message, err=True)
    sys.exit(2)


def main() -> None:
    """Run the command line; whatever goes wrong inside ends with exit code 2, never silently."""
    try:
        cli(prog_name="guard", windows_expand_args=False)
    except Exception as error:
        if os.environ.get("GUARD_DEBUG"):
            raise
        fail(
            f"guard itself failed: {type(error).__name__}: {error}. This is a bug; "
            "GUARD_DEBUG=1 shows where. Nothing was judged."
        )


@click.group(cls=Guard, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="guard")
def cli() -> None:
    """Check Alembic migrations before they reach a database."""


# Options that commands share


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


_paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
_base = click.option("--base", metavar="REF", help="The ref that holds what is released.")
_all = click.option("--all", "everything", is_flag=True, help="Judge released revisions too.")
_staged = click.option("--staged", is_flag=True, help="Read revisions as they are staged.")
_select = _options(
    click.option("--select", metavar="RULES", multiple=True, help="Only these rules or groups."),
    click.option("--ignore", metavar="RULES", multiple=True, help="Not these rules or groups."),
)
_server = _options(
    click.option("--dialect", metavar="NAME", help="postgresql, mysql, mariadb or sqlite."),
    click.option("--server-version", metavar="VERSION", help="The server's version, such as 15."),
)
_no_cache = click.option("--no-cache", is_flag=True, help="Read everything anew.")
_python = click.option(
    "--python", metavar="PATH", help="The interpreter that has the project's packages."
)
_approvals = click.option(
    "--approvals-from", metavar="REF", help="Count only approvals that are on that ref already."
)
_output = _options(
    click.option("--output-format", type=FORMATS, default="text", show_default=True),
    click.option("--output-file", type=click.Path(path_type=Path), help="Write the report there."),
    click.option("--strict", is_flag=True, help="Warnings stop the gate too."),
    click.option("--exit-zero", is_flag=True, help="End with 0 whatever was found."),
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
    ),
    click.option("-q", "--quiet", is_flag=True, help="Only findings."),
    click.option("-v", "--verbose", is_flag=True, help="Also what was approved or ignored."),
)


# Commands


@cli.command()
@_paths
@_base
@_all
@_staged
@click.option("--no-roundtrip", is_flag=True, help="Do not run the migrations.")
@_select
@_server
@_python
@_approvals
@_no_cache
@_output
def check(**options: Any) -> None:
    """Read, compare with the base, judge, and run the migrations up, down and up again."""
    _run(options, roundtrip=not options["no_roundtrip"])


@cli.command()
@_paths
@_base
@_all
@_staged
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input, given as -.")
@_select
@_server
@_approvals
@_no_cache
@_output
def lint(**options: Any) -> None:
    """Read and judge only: no code of the project runs. PATHS may be -, SQL on standard input."""
    _run(options, roundtrip=False)


@cli.command()
@_paths
@_base
@_select
@_output
def history(**options: Any) -> None:
    """Prove that no released revision was edited, removed or given another parent."""
    _run(options, roundtrip=False, statements=False)


@cli.command()
@_paths
@_base
@_all
@_select
@_python
@_output
def roundtrip(**options: Any) -> None:
    """Only run the migrations up, down and up again on a scratch database that holds rows."""
    _run(options, roundtrip=True, statements=False, judge_history=False)


@cli.command()
@click.argument("revision")
@click.option("--rule", metavar="RULE", help="Only findings of this rule.")
@click.option("--object", "object_", metavar="NAME", help="Only this table, column, ...")
@click.option("--reason", metavar="TEXT", required=True, help="Why this is right.")
@click.option("--approver", metavar="NAME", help="Who agreed (default: git's user.name).")
@click.option("--expires", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@_base
@_server
def approve(
    revision: str,
    rule: str | None,
    object_: str | None,
    reason: str,
    approver: str | None,
    expires: datetime.datetime | None,
    base: str | None,
    dialect: str | None,
    server_version: str | None,
) -> None:
    """Record that somebody agreed to what REVISION destroys, in guard-approvals.toml.

    An approval covers the operation as it is now: an edited operation needs a new one.
    """
    from guard.run.approve import approve as record

    if rule:
        _rule_called(rule)
    config = _config({"dialect": dialect, "server_version": server_version})
    paths = (Path(revision),) if Path(revision).exists() else ()
    request = _request({"base": base, "everything": True, "paths": paths}, roundtrip=False)
    written = record(
        request,
        config,
        revision=revision,
        rule=rule,
        subject=object_,
        reason=reason,
        approver=approver,
        expires=expires.date() if expires else None,
    )
    for line in written:
        click.echo(line)


@cli.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def rules(output_format: str) -> None:
    """List the rules."""
    from guard.judge.load_rules import load_rules
    from guard.show.rules import rules_as_json, rules_as_text

    loaded = load_rules()
    click.echo(rules_as_json(loaded) if output_format == "json" else rules_as_text(loaded))


@cli.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Show a rule's reason, and unsafe and safe examples."""
    from guard.show.rules import explain as explained

    click.echo(explained(_rule_called(rule)))


def _rule_called(name: str) -> Any:
    from guard.judge.load_rules import load_rules

    loaded = {rule.name: rule for rule in load_rules()}
    if name not in loaded:
        guess = nearest(name, tuple(loaded))
        raise GuardError(
            f"no rule is called {name!r}"
            + (f": did you mean {guess!r}?" if guess else "; `guard rules` lists them")
        )
    return loaded[name]


@cli.command()
@click.argument("wanted", nargs=-1, metavar="[REVISION|PATH]...")
@_all
@click.option("--dialect", metavar="NAME", help="Only what runs on that dialect.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
@_no_cache
def show(
    wanted: tuple[str, ...],
    *,
    everything: bool,
    dialect: str | None,
    output_format: str,
    no_cache: bool,
) -> None:
    """Show what revisions do, statement by statement: those named, else the newest."""
    from guard.show.revisions import as_json, as_text

    config = _config({"dialect": dialect})
    readings = []
    for history in _read_histories(wanted, config, no_cache=no_cache):
        readings += history.choose(wanted, everything=everything)
    if wanted and not readings:
        raise GuardError(f"no revision is called {', '.join(wanted)}")
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    paint = click.style if color else lambda text, **_: text
    click.echo(as_json(readings) if output_format == "json" else as_text(readings, paint))


@cli.command()
@_paths
@click.option("--at", metavar="REVISION", help="After this revision (default: after all).")
@click.option("--dialect", metavar="NAME", help="Read for that dialect.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sql"]),
    default="text",
    show_default=True,
)
@_no_cache
def schema(
    paths: tuple[Path, ...], at: str | None, dialect: str | None, form: str, *, no_cache: bool
) -> None:
    """Show the schema that the revisions make, replayed without a database."""
    config = _config({"dialect": dialect})
    names = tuple(str(path) for path in paths)
    found = [
        (f"{history.name}{f', {database}' if database else ''}", replayed)
        for history in _read_histories(names, config, no_cache=no_cache)
        for database, replayed in history.schemas(at).items()
    ]
    if not found:
        raise GuardError(f"no revision is called {at}" if at else "there are no revisions")
    click.echo(_render_schemas(found, form), nl=False)


def _render_schemas(found: list[tuple[str, Any]], form: str) -> str:
    """One schema as it is; several, each under its name."""
    from guard.show import schema as schema_text

    render = {"text": schema_text.as_text, "json": schema_text.as_json, "sql": schema_text.as_sql}
    texts = [(name, render[form](schema)) for name, schema in found]
    if len(texts) == 1:
        return texts[0][1]
    if form == "json":
        joined = ",\n".join(f"{json.dumps(name)}: {text.rstrip()}" for name, text in texts)
        return f"{{{joined}}}\n"
    mark = "-- " if form == "sql" else "# "
    return "\n".join(f"{mark}{name}\n{text}" for name, text in texts)


def _read_histories(wanted: tuple[str, ...], config: Config, *, no_cache: bool) -> Any:
    from guard.run.inspect import read_histories

    paths = tuple(Path(name) for name in wanted if Path(name).exists())
    request = _request({"paths": paths, "no_cache": no_cache}, roundtrip=False)
    return read_histories(request, config)


# One run


def _run(
    options: dict[str, Any],
    *,
    roundtrip: bool,
    statements: bool = True,
    judge_history: bool = True,
) -> None:
    from guard.run.check import run  # what `--help` does not need is not loaded

    _check_output_file(options["output_file"])
    config = _config(options)
    request = _request(
        options, roundtrip=roundtrip, statements=statements, judge_history=judge_history
    )
    progress = _Progress(visible=sys.stderr.isatty() and not options["quiet"])
    try:
        result = run(request, config, progress.show)
    finally:
        progress.clear()
    if result.errors:
        _show_what_was_found(result, options)
        fail("\nerror: ".join(result.errors))
    output = _render(result.report, result.texts, options)
    if options["output_file"]:
        _write(options["output_file"], output)
    else:
        click.echo(output, nl=not output.endswith("\n") and bool(output), color=True)
    sys.exit(1 if result.report.failed and not options["exit_zero"] else 0)


def _show_what_was_found(result: Any, options: dict[str, Any]) -> None:
    """Print the findings of a run that could not be finished, for people; programs get none."""
    if options["output_format"] == "text" and not options["output_file"]:
        output = _render(result.report, result.texts, {**options, "quiet": True})
        click.echo(output, nl=False, color=True)


def _request(
    options: dict[str, Any],
    *,
    roundtrip: bool,
    statements: bool = True,
    judge_history: bool = True,
) -> Any:
    from guard.run.scope import Request

    paths = tuple(options["paths"])
    given = _standard_input(options, paths) if "stdin_filename" in options else None
    for path in () if given else paths:
        if not path.exists() and not path.is_symlink():
            raise GuardError(f"{path}: there is no such file or folder")
    return Request(
        start=Path.cwd(),
        paths=() if given else paths,
        given=given,
        statements=statements,
        history=judge_history,
        roundtrip=roundtrip,
        everything=options.get("everything", False),
        base=options.get("base"),
        source="index" if options.get("staged") else "working tree",
        approvals_from=options.get("approvals_from"),
        environ=dict(os.environ),
        cache=None if options.get("no_cache") else _cache_folder(),
        today=datetime.date.today(),
    )


def _standard_input(options: dict[str, Any], paths: tuple[Path, ...]) -> Any:
    """Return the text to judge where the path is -; it is called stdin.sql if nobody says."""
    from guard.run.scope import Input

    name = options["stdin_filename"]
    if Path("-") not in paths:
        if name:
            raise GuardError("--stdin-filename names standard input: give - as the path")
        return None
    if len(paths) > 1:
        raise GuardError("- stands for standard input and must be the only path")
    return Input(path=Path(name or "stdin.sql"), data=sys.stdin.buffer.read())


def _cache_folder() -> Path:
    """Return where readings are kept: GUARD_CACHE_DIR, else the user's cache folder."""
    from platformdirs import user_cache_path

    given = os.environ.get("GUARD_CACHE_DIR")
    return Path(given) if given else user_cache_path("migration-guard", appauthor=False)


def _config(options: dict[str, Any]) -> Config:
    """Return the project's settings with what the command line says instead."""
    config, _ = load_config(Path.cwd())
    changes: dict[str, Any] = {}
    for name in ("dialect", "server_version", "python"):
        if options.get(name):
            changes[name] = options[name]
    for name in ("select", "ignore"):
        if options.get(name):
            named = [rule.strip() for given in options[name] for rule in given.split(",")]
            changes[name] = named if name == "select" else [*config.ignore, *named]
    if options.get("strict"):
        changes["fail_on"] = "warning"
    try:
        if options.get("dialect"):
            parse_dialect(options["dialect"])
        if options.get("server_version"):
            parse_version(options["server_version"])
    except ValueError as error:
        raise GuardError(str(error)) from None
    return msgspec.structs.replace(config, **changes)


def _render(report: Any, texts: dict[str, str], options: dict[str, Any]) -> str:
    from guard.reporters import REPORTERS
    from guard.reporters.text import text

    if options["output_format"] != "text":
        return REPORTERS[options["output_format"]](report)
    return text(
        report,
        sources=texts,
        color=_wants_color(options),
        width=min(shutil.get_terminal_size((100, 24)).columns, 120),
        verbose=options["verbose"],
        quiet=options["quiet"],
    )


def _wants_color(options: dict[str, Any]) -> bool:
    """NO_COLOR and FORCE_COLOR count where --color does not say."""
    if options["color"] != "auto":
        return bool(options["color"] == "always")
    if options["output_file"] or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _check_output_file(path: Path | None) -> None:
    """Refuse before the work what could not be written after it."""
    if path and not path.absolute().parent.is_dir():
        raise GuardError(f"--output-file {path}: there is no folder {path.parent}: make it first")


def _write(path: Path, output: str) -> None:
    try:
        path.write_text(output if output.endswith("\n") else output + "\n", encoding="utf-8")
    except OSError as error:
        raise GuardError(f"--output-file {path}: cannot be written: {error.strerror}") from None


class _Progress:
    """One line on the terminal that says which step of the round trip runs."""

    def __init__(self, *, visible: bool) -> None:
        self._visible = visible
        self._shown = 0

    def show(self, label: str, done: int, total: int) -> None:
        if not self._visible:
            return
        width = shutil.get_terminal_size((80, 24)).columns - 1
        line = f"round trip {done}/{total}: {label}"[:width]
        click.echo("\r" + line.ljust(self._shown), nl=False, err=True)
        self._shown = len(line)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r" + " " * self._shown + "\r", nl=False, err=True)
