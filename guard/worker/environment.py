"""The project's Alembic environment, run as often as a failed step makes necessary."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import inspect
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.util import greenlet_spawn

import alembic

from . import batch, engines, flask_app, own_cursors, unwritten
from .backends.protocol import PLACEHOLDER, UNKNOWN
from .backends.scratch import scratch_databases
from .causes import headline, lacking, place_outside_libraries
from .channel import Channel, FatalError
from .course import Course, Progress
from .enums import Members
from .fence import Fence
from .from_project import Rows
from .lenient import Lenient
from .reach import Goal, Reach
from .schemas import Schemas
from .stairway import Track

OWN_WORDS = ("base", "head", "heads", "current")


LET_WRITE = (
    'let it do without, or give it a folder of the repository to write to: writable = ["home"] in '
    "[tool.guard], and the variable that leads it there in [tool.guard.env-vars], such as "
    'HOME = "home"'
)


class Run:
    """One request: `config`, `section`, `env`, `metadata`, `databases`, `revisions`, `folder`.

    `held` is what the kernel's fence holds.
    """

    def __init__(self, channel: Channel, request: dict[str, Any], held: list[str]) -> None:
        self._channel = channel
        self._held = held
        self._request = request
        self._tracks: list[Track | Reach] = []
        self._schemas = Schemas()
        self._lenient = Lenient()
        self._members = Members()
        self._calls = 0  # of run_migrations, in this run of env.py
        self._current: Track | Reach | None = None

    def go(self) -> None:
        """Put the fence up, read the scripts, climb until every track is at its end."""
        folder = self._request["folder"]
        writable = [folder, *self._request["writable"]]
        fence = Fence(writable, self._refused, self._started, self._held)
        self._channel.send("fence", held=self._held)
        self._scratch = scratch_databases(
            self._request, fence, lambda text: self._note("driver", text)
        )
        engines.redirect(self._scratch, self._schemas)
        self._lenient.install()
        self._members.install()
        batch.listen(self._hear_of_column)
        event.listen(Engine, "before_cursor_execute", self._hear, retval=True)
        own_cursors.listen(self._hear_alone)
        unwritten.install()
        fence.close()
        config = self._config()
        with self._application(config):
            self._climb_all(config)

    def _climb_all(self, config: Config) -> None:
        self._scripts = self._read_scripts(config)
        gc.freeze()  # what was loaded so far
        gc.enable()
        self._plan = self._order()
        if not self._scratch.has_schemas:
            self._schemas.add_written(Path(script.path) for script in self._plan)
        wanted = self._request["revisions"]
        self._tested = {script.revision for script in self._plan}
        self._expect(wanted or [])
        if wanted is not None:
            self._tested &= set(wanted)
        given = self._request["rows"]
        every = (script.revision for script in self._scripts.walk_revisions())
        self._rows = None if given is None else Rows(given, every)
        databases = max(1, len(self._request["databases"]))
        self._course = self._make_course()
        self._progress = Progress(self._channel, self._course.end * databases)
        self._channel.send("ready", revisions=len(self._plan))
        while not self._tracks or not all(track.finished for track in self._tracks):
            self._run_environment(config)
        self._tell()

    def _expect(self, wanted: list[str]) -> None:
        """Raise FatalError where Alembic finds no revision, or not all that are wanted."""
        missing = [revision for revision in wanted if revision not in self._tested]
        if self._tested and not missing:
            return
        what = f"does not find {missing[0]}" if missing else "finds no revision"
        places = ", ".join(map(str, self._scripts._version_locations))
        raise FatalError(
            f"Alembic {alembic.__version__} {what} in {places}.",
            "write version_locations in the way that this Alembic splits it: by path_separator "
            "from 1.16 on, by version_path_separator or at spaces before",
        )

    # The environment

    @contextlib.contextmanager
    def _application(self, config: Config) -> Iterator[None]:
        """Hold the context of the project's Flask application, where env.py looks for one."""
        migrations = Path(self._request["script_location"])
        if self._request["env"] == "none" or not flask_app.is_wanted(migrations / "env.py"):
            yield
            return
        application = flask_app.load(migrations, Path(self._request["root"]), config)
        if not (self._request["goal"] or {}).get("goes_on"):
            self._scratch.empty()  # it may have made its tables by itself
        with application.app_context():
            yield

    def _config(self) -> Config:
        path, section = self._request["config"], self._request["section"]
        if path.endswith(".toml"):
            try:
                config = Config(toml_file=path, ini_section=section)
            except TypeError:
                raise FatalError(
                    f"{path} configures Alembic, and {sys.executable} has an Alembic "
                    "that reads no pyproject.toml.",
                    "upgrade alembic to 1.16 or later",
                ) from None
        else:
            config = Config(path, ini_section=section)
        config.cmd_opts = argparse.Namespace(
            name=section, x=None, sql=False, tag=None, revision="heads", raiseerr=True
        )
        if ":" not in (config.get_main_option("script_location") or ""):  # not package:folder
            # Where it leads to depends on the folder that Alembic is called in; Flask-Migrate
            # sets it, whatever the file says.
            location = self._request["script_location"].replace("%", "%%")
            config.set_main_option("script_location", location)
        if not config.get_main_option("sqlalchemy.url"):
            config.set_main_option("sqlalchemy.url", PLACEHOLDER)
        return config

    def _read_scripts(self, config: Config) -> ScriptDirectory:
        try:
            scripts = ScriptDirectory.from_config(config)
            scripts.get_heads()  # reads every revision file
        except BaseException as error:
            raise self._failed(
                "Alembic cannot read the revisions",
                error,
                "fix the revision, or name the interpreter that has the project's packages "
                "(python = in [tool.guard])",
            ) from error
        return scripts

    def _order(self) -> list[Script]:
        """Return the revisions so that each comes after all it builds on, branch by branch."""
        known = self._scripts.revision_map._revision_map
        for word in OWN_WORDS:
            script = known.get(word)
            if script is not None:
                raise FatalError(
                    f"A revision has the id {word!r}, which is a word of Alembic's own.",
                    "give it another id",
                    path=str(getattr(script, "path", "")),
                )
        return list(self._scripts.walk_revisions("base", "heads"))[::-1]

    def _run_environment(self, config: Config) -> None:
        self._calls = 0
        context = EnvironmentContext(
            config,
            self._scripts,
            fn=self._climb,
            as_sql=False,
            starting_rev=None,
            destination_rev="heads",
            tag=None,
        )
        self._listen_for_schema(context)
        argv, sys.argv = sys.argv, ["alembic", "upgrade", "heads"]
        try:
            with context:
                if self._request["env"] == "none":
                    self._own_environment(context)
                else:
                    self._scripts.run_env()
        except FatalError:
            raise
        except BaseException as error:
            if self._current is None or not self._current.recover(error):
                raise self._environment_failed(error) from error
        finally:
            sys.argv = argv
            self._scratch.close_all()
        if not self._calls:
            raise FatalError(
                "env.py finished without running any migration.",
                'let it call context.run_migrations(), or set env = "none" in [tool.guard]',
                path=self._env_path(),
            )

    def _listen_for_schema(self, context: EnvironmentContext) -> None:
        """Hear in which schema env.py wants the version table, before anything looks for it."""
        really = context.configure

        def configure(*arguments: Any, **named: Any) -> None:
            if named.get("version_table_schema"):
                self._expect_schema(named["version_table_schema"])
            really(*arguments, **named)

        context.configure = configure  # type: ignore[method-assign]

    def _expect_schema(self, name: str) -> None:
        if self._scratch.has_schemas:
            self._scratch.expect_schema(name)
        else:
            self._schemas.add([name])

    def _own_environment(self, context: EnvironmentContext) -> None:
        metadata = self._metadata()
        for name in self._request["databases"] or self._names_in_revisions() or [None]:
            own = metadata.get(name or None) if isinstance(metadata, dict) else metadata
            engine = sqlalchemy.create_engine(self._url(context.config, name))
            if getattr(engine.dialect, "is_async", False):
                asyncio.run(greenlet_spawn(_migrate, context, engine, own, name))
            else:
                _migrate(context, engine, own, name)

    def _names_in_revisions(self) -> list[str]:
        """Return the databases of a multidb environment as its revisions' functions name them."""
        names: dict[str, None] = {}
        for script in self._plan:
            upgrade = getattr(script.module, "upgrade", None)
            if upgrade is not None and "engine_name" in inspect.signature(upgrade).parameters:
                names.update(
                    dict.fromkeys(
                        name[8:] for name in vars(script.module) if name[:8] == "upgrade_"
                    )
                )
        return list(names)

    def _url(self, config: Config, name: str | None) -> str:
        """Return a URL of the same kind as the ini file has for a database, if it has any."""
        with contextlib.suppress(Exception):  # what cannot be interpolated or read tells nothing
            url = config.get_section_option(name, "sqlalchemy.url") if name else None
            url = url or config.get_main_option("sqlalchemy.url")
            if url and url != PLACEHOLDER:
                return str(make_url(url).set(database=name or "guard-scratch-of-its-kind"))
        return PLACEHOLDER if name is None else f"{UNKNOWN[0]}:///{name}"

    def _metadata(self) -> Any:
        path = self._request["metadata"]
        if not path:
            return None
        module, _, attributes = path.partition(":")
        try:
            value = __import__(module, fromlist=["_"])
            for attribute in attributes.split("."):
                value = getattr(value, attribute)
        except BaseException as error:
            raise self._failed(
                f"metadata = {path!r} cannot be loaded",
                error,
                'write it as "package.module:Base.metadata"',
            ) from error
        return value

    def _env_path(self) -> str:
        return os.path.join(str(self._scripts.dir), "env.py")

    def _environment_failed(self, error: BaseException) -> FatalError:
        traceback.print_exception(type(error), error, error.__traceback__)
        alone = self._request["env"] == "none"
        instead = ', or let guard configure Alembic itself: env = "none"'
        return self._failed(
            "Alembic cannot run" if alone else "env.py cannot run",
            error,
            "set the environment variables it needs, name the interpreter that has the project's "
            "packages (python = in [tool.guard])" + instead,
            without=instead,
            path=self._env_path(),
        )

    def _failed(
        self, what: str, error: BaseException, remedy: str, *, without: str = "", **place: Any
    ) -> FatalError:
        """Return why the round trip cannot go on; the `remedy` is another where it was refused.

        `without`: how the project can do without what was refused.
        """
        place = place_outside_libraries(error) or place
        refused = self._scratch.fence.explain(error)
        if refused:
            return FatalError(f"{what}: {refused}.", LET_WRITE + without, **place)
        return FatalError(f"{what}: {headline(error)}.", remedy, lacking=lacking(error), **place)

    # What is heard while it runs

    def _climb(self, heads: Any, context: MigrationContext) -> Iterator[MigrationStep]:
        self._calls += 1
        if self._calls > len(self._tracks):
            self._prove_apart(heads)
            self._tracks.append(self._reach() if self._request["goal"] else self._track())
        track = self._tracks[self._calls - 1]
        self._current = track
        if not track.finished:
            yield from track.climb(context)

    def _prove_apart(self, heads: Any) -> None:
        """Raise FatalError where a database of its own is one that was migrated before.

        Alembic finds the version table at its head there, and runs nothing of this one.
        """
        if not (self._tracks and heads):
            return
        names = self._request["databases"]
        name = names[self._calls - 1] if self._calls <= len(names) else None
        which = "A database" if name is None else f"The database {name}"
        raise FatalError(
            f"{which} is the same as one before it: both share a version table, which is at "
            f"{', '.join(sorted(heads))} already, so Alembic runs no revision for the second.",
            "give each database a URL (or a version_table) of its own",
            path=self._env_path(),
        )

    def _track(self) -> Track:
        members = None if self._schemas.names else self._members
        course = self._course._replace(members=members)
        return Track(course, self._scratch, self._lenient, self._progress)

    def _make_course(self) -> Course:
        return Course(
            self._scripts,
            self._plan,
            self._tested,
            dialect=self._request["dialect"],
            members=None,
            initial=self._request["initial"],
            rows=self._rows,
            verify=self._request["verify"],
            passed=frozenset(self._request["passed"]),
            whole=self._request["whole"],
        )

    def _reach(self) -> Reach:
        asked = self._request["goal"]
        goal = Goal(
            self._scripts,
            asked["target"],
            asked["direction"],
            fill=asked["fill"],
            initial=self._request["initial"],
            rows=self._rows,
        )
        return Reach(goal, self._scratch)

    def _hear(
        self, connection: Any, cursor: Any, sql: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        self._hear_alone(sql)
        if self._scratch.has_schemas:
            return sql, parameters
        return self._schemas.fold(sql, server=self._has_server()), parameters

    def _hear_alone(self, sql: str) -> None:
        if self._current:
            self._current.heard(sql)

    def _hear_of_column(self, table: str, column: str, new: str | None) -> None:
        if self._current:
            self._current.heard_of_column(table, column, new)

    def _has_server(self) -> bool:
        """Whether SQLite stands in for a server that knows more statements than it does."""
        if self._request["server"] is not None:
            return False
        dialect: str | None = self._request["dialect"]
        return dialect != "sqlite" if dialect else bool(self._scratch.asked_for)

    def _note(self, kind: str, text: str) -> None:
        self._channel.send("note", kind=kind, text=text)

    def _refused(self, what: str) -> None:
        self._note("refused", f"Refused {what}, which code of the project asked for.")

    def _started(self, program: str) -> None:
        if self._current:
            text = (
                f"{program} was started by code of the project: the fence holds it as well, and "
                "what it was refused is not told."
                if {"files", "network"} <= set(self._held)
                else f"{program} was started by code of the project: no fence holds what it does."
            )
            self._note("program-started", text)

    def _tell(self) -> None:
        for dialect in self._scratch.asked_for:
            self._note(
                "scratch-server",
                f"The round trip ran on {self._scratch.product}; the project's own engine is for "
                f"{dialect}.",
            )
        if self._schemas.names:
            names, product = ", ".join(sorted(self._schemas.names)), self._scratch.product
            why = "has no schemas" if product == "SQLite" else "has databases for schemas"
            self._note(
                "models-not-compared",
                f"{product} {why}: the tables of {names} were made in one database, and the "
                "models were not compared.",
            )
        for track in self._tracks:
            for what, name, why in track.met():
                self._channel.send("met", what=what, name=name, why=why)
        self._channel.send("done", **self._progress.counts())


def _migrate(context: EnvironmentContext, engine: Engine, metadata: Any, name: str | None) -> None:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations(**({} if name is None else {"engine_name": name}))
