"""A URL in the ini file is no database where env.py always sets another."""

from __future__ import annotations

import ast
import json
import textwrap
from pathlib import Path

import pytest
from command_line import ENV, INI, PROJECT, guard, write

from guard.source.overridden_url import always_sets_url

ALWAYS = {
    "at the top": "config.set_main_option('sqlalchemy.url', os.environ['DB'])",
    "in its section": "config.set_section_option('alembic', 'sqlalchemy.url', url())",
    "where the engine is made": """
        def online():
            configuration = config.get_section('alembic')
            configuration['sqlalchemy.url'] = url()
            engine = engine_from_config(configuration)
        """,
    "in each function that makes one": """
        def one():
            config.set_main_option('sqlalchemy.url', url())
            engine_from_config(config.get_section('alembic'))

        async def two():
            section = config.get_section('alembic')
            section['sqlalchemy.url'] = url()
            async_engine_from_config(section)
        """,
}
SOMETIMES = {
    "never": "engine_from_config(config.get_section('alembic'))",
    "only if the variable is there": """
        if 'DB' in os.environ:
            config.set_main_option('sqlalchemy.url', os.environ['DB'])
        """,
    "the ini's as a default": """
        url = os.environ.get('DB') or 'x'
        config.set_main_option(
            'sqlalchemy.url', os.environ.get('DB', config.get_main_option('sqlalchemy.url'))
        )
        """,
    "another option": "config.set_main_option('sqlalchemy.echo', os.environ['DB'])",
    "in one function of two": """
        def one():
            config.set_main_option('sqlalchemy.url', url())
            engine_from_config(config.get_section('alembic'))

        def two():
            engine_from_config(config.get_section('alembic'))
        """,
    "online only, and offline reads it": """
        def offline():
            context.configure(url=config.get_main_option('sqlalchemy.url'))

        def online():
            configuration = config.get_section('alembic')
            configuration['sqlalchemy.url'] = url()
            engine_from_config(configuration)
        """,
}


@pytest.mark.parametrize("case", ALWAYS)
def test_always(case: str) -> None:
    assert always_sets_url(ast.parse(textwrap.dedent(ALWAYS[case])))


@pytest.mark.parametrize("case", SOMETIMES)
def test_not_always(case: str) -> None:
    assert not always_sets_url(ast.parse(textwrap.dedent(SOMETIMES[case])))


@pytest.mark.parametrize(
    ("url", "env_py", "rules"),
    [
        ("sqlite:///shop.db", ALWAYS["at the top"], []),
        ("sqlite:///shop.db", ENV, ["hardcoded-database"]),
        ("postgresql://a:secret@db.example.org/x", ALWAYS["at the top"], ["credentials-in-url"]),
        ("sqlite:///shop.db", "config.set_main_option(", ["hardcoded-database"]),
    ],
)
def test_the_ini_file(url: str, env_py: str, rules: list[str], tmp_path: Path) -> None:
    files = {"alembic.ini": INI.replace("sqlite://", url), "migrations/env.py": env_py}
    done = guard(write(tmp_path, {**PROJECT, **files}), "lint", "--output-format", "json")
    found = [f["rule"] for f in json.loads(done.output)["findings"] if ".ini" in f["path"]]
    assert found == rules
