"""What a message says to do when the environment cannot run is done here, and then it runs."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from command_line import STEP, Content, chain, guard, write
from roundtrip_project import ENV, USERS, project, round_trip, story

import alembic
from guard.config import Config, read_table
from guard.project.settings import Settings
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.interpreter import find_interpreter
from guard.roundtrip.remedies import too_old

# As pydantic-settings raises it; the real one is not among guard's packages.
SETTINGS = """
import os

class ValidationError(ValueError):
    def errors(self):
        return [{"type": "missing", "loc": ("database_url",), "msg": "Field required"}]

class BaseSettings:
    model_config = {"env_prefix": "app_"}

    def __init__(self):
        if "APP_DATABASE_URL" not in os.environ:
            raise ValidationError(
                "1 validation error for Settings\\ndatabase_url\\n  Field required "
                "[type=missing, input_value={}, input_type=dict]\\n    For further information"
            )

settings = BaseSettings()
"""
UNDEFINED = """
import os
class UndefinedValueError(Exception): pass
if "SHOP_URL" not in os.environ:
    raise UndefinedValueError("SHOP_URL not found. Declare it as envvar or define a default value.")
"""


def defaults(folder: Path) -> Settings:
    return Settings(config=Config(), folder=folder)


def refusal(folder: Path, **settings: Any) -> str:
    with pytest.raises(RoundTripError) as error:
        round_trip(folder, **settings)
    assert "Traceback" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("import os\nos.environ['SHOP_URL']", "KeyError: 'SHOP_URL'"),
        ("import os\nfrom sqlalchemy import create_engine\n"
         "create_engine(os.environ.get('SHOP_URL'))", "None"),
        ("import os\nfrom sqlalchemy import create_engine\n"
         "create_engine(os.getenv('SHOP_URL'))", "None"),
        ("import os\nif not os.getenv('SHOP_URL'):\n"
         "    raise RuntimeError('SHOP_URL is not set')", "SHOP_URL is not set"),
        (UNDEFINED, "UndefinedValueError: SHOP_URL not found"),
        (SETTINGS, "1 validation error for Settings: database_url: Field required."),
    ],
)  # fmt: skip
def test_a_missing_setting(env: str, said: str, tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env=env + ENV)
    message = refusal(folder)
    assert said in message
    tables = tomllib.loads(message[message.index("[tool.guard.env-vars]") :])
    assert story(round_trip(folder, env_vars=tables["tool"]["guard"]["env-vars"])) == []


def test_a_missing_setting_where_guard_has_a_file_of_its_own(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env="import os\nos.environ['SHOP_URL']" + ENV)
    (folder / "guard.toml").write_text("heads = 1\n")
    message = guard(folder, "check").output
    assert "In guard.toml:" in message
    with (folder / "guard.toml").open("a") as file:
        file.write(message[message.index("[env-vars]") :] + "\n")
    table = read_table(folder / "guard.toml") or {}
    assert story(round_trip(folder, env_vars=table["env-vars"])) == []


def test_the_parts_of_a_url(tmp_path: Path) -> None:
    asked = "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT", "POSTGRES_DB"
    user, password, host, port, name = (f"{{os.environ['{one}']}}" for one in asked)
    url = f'f"postgresql+psycopg://{user}:{password}@{host}:{port}/{name}"'
    lines = f"import os\nfrom sqlalchemy.engine import make_url\nmake_url({url})\n"
    folder = project(tmp_path, USERS, env=lines + ENV)
    variables: dict[str, str] = {}
    for one in asked:  # env.py stops at the first that it lacks
        message = refusal(folder, env_vars=variables)
        tables = tomllib.loads(message[message.index("[tool.guard.env-vars]") :])
        variables |= tables["tool"]["guard"]["env-vars"]
        assert one in variables
    assert story(round_trip(folder, env_vars=variables)) == []
    assert variables["DB_PORT"] == "5432"
    assert variables["POSTGRES_DB"] == "postgres_db"


# What texts say of a setting, and what they say where a file of guard's own holds the settings.
TOLD = {
    'python = "3" in [tool.guard]': 'python = "3" in guard.toml',
    "python = in [tool.guard], or --python": "python = in guard.toml, or --python",
    "a = 1 in [tool.guard.rules.a-b]": "a = 1 in [rules.a-b] of guard.toml",
    "In pyproject.toml:\n[tool.guard.env-vars]\nA = 1": "In guard.toml:\n[env-vars]\nA = 1",
    "pyproject.toml (so):\n[tool.guard.env-vars]\nA": "guard.toml (so):\n[env-vars]\nA",
    "prepend_sys_path under [tool.alembic] of pyproject.toml:\n[tool.x]": None,
    "the ini, or pyproject.toml: correct it": None,
}


@pytest.mark.parametrize("text", TOLD)
def test_where_a_setting_goes(text: str) -> None:
    def told(file: str | None) -> str:
        place = Path(file) if file else None
        return Settings(config=Config(), folder=Path("a"), file=place).as_set_here(text)

    assert told(None) == told("a/pyproject.toml") == text
    assert told("a/guard.toml") == (TOLD[text] or text)


MISSING_DOWNGRADE = (
    "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))",
    "pass",
)
DROP_ALL = """
for name in ('a', 'b'):
    op.execute(f'DROP TABLE {name}')
"""
SAYING: dict[str, tuple[dict[str, Content], tuple[str, ...], str]] = {
    "a rule": (chain(MISSING_DOWNGRADE), ("lint",), 'ignore = ["missing-downgrade"] in {}'),
    "a rule's options": (
        chain((DROP_ALL, "pass")),
        ("lint",),
        'identifiers = "allow" in {rules}',
    ),
    "a file that cannot be read": (
        {**chain(STEP), "app/models.py": "x = (\n"},
        ("lint",),
        'exclude = ["app/models.py"] in {}',
    ),
    "no such interpreter": (chain(STEP), ("check", "--python", "nope"), "python = in {}"),
    "no module": (
        {**chain(STEP), "migrations/env.py": "import nowhere"},
        ("check",),
        'python = ".venv/bin/python" in {}',
    ),
    "an env.py that fails": (
        {**chain(STEP), "migrations/env.py": "1 / 0"},
        ("check",),
        "(python = in {})",
    ),
    "an env.py that runs nothing": (
        {**chain(STEP), "migrations/env.py": ""},
        ("check",),
        'env = "none" in {}',
    ),
    "no alembic.ini": (
        {**chain(STEP), "alembic.ini": None},
        ("check", "migrations"),
        "alembic-config in {}",
    ),
}


@pytest.mark.parametrize("case", SAYING)
@pytest.mark.parametrize("own", [False, True], ids=["pyproject.toml", "guard.toml"])
def test_each_message_says_where(case: str, own: bool, tmp_path: Path) -> None:
    files, arguments, says = SAYING[case]
    settings = {"guard.toml": "heads = 1"} if own else {"pyproject.toml": "[tool.guard]\nheads = 1"}
    written = {name: text for name, text in files.items() if text is not None}
    done = guard(write(tmp_path, {**written, **settings}), *arguments)
    if own:
        place, table = "guard.toml", "[rules.string-built-sql] of guard.toml"
    else:
        place, table = "[tool.guard]", "[tool.guard.rules.string-built-sql]"
    assert done.says(says.format(place, rules=table))
    assert own != ("[tool.guard" in done.output)


@pytest.mark.parametrize("place", [".", "src", "..", "../src"])
@pytest.mark.parametrize("package", ["shop/__init__.py", "shop.py"])
def test_the_projects_own_package(place: str, package: str, tmp_path: Path) -> None:
    folder = project(tmp_path / "service", USERS, env="import shop\n" + ENV)
    module = folder / place / package
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text("")
    line = re.search(r"prepend_sys_path = \S+", refusal(folder, root=tmp_path))
    assert line
    with (folder / "alembic.ini").open("a") as ini:
        ini.write(line[0] + "\n")
    assert story(round_trip(folder)) == []


@pytest.mark.skipif(
    tuple(map(int, alembic.__version__.split(".")[:2])) < (1, 16),
    reason="Alembic reads pyproject.toml from 1.16 on",
)
def test_the_projects_own_package_in_a_pyproject(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env="import shop\n" + ENV)
    (folder / "shop.py").write_text("")
    (folder / "alembic.ini").unlink()
    pyproject = folder / "pyproject.toml"
    pyproject.write_text("[tool.alembic]\nscript_location = 'migrations'\n")
    line = re.search(
        r"(prepend_sys_path = .*) under", refusal(folder, config_name="pyproject.toml")
    )
    assert line
    with pyproject.open("a") as file:
        file.write(line[1] + "\n")
    assert story(round_trip(folder, config_name="pyproject.toml")) == []


@pytest.mark.parametrize(
    ("files", "statement", "remedy"),
    [
        (
            {"ldap.py": ""},
            "import ldap.ldapobject",
            "ldap.py is imported as ldap, and has no ldap.ldapobject: rename it",
        ),
        (
            {"shop/__init__.py": ""},
            "from shop.models import Base",
            "shop/__init__.py is imported as shop, and has no shop.models: rename it",
        ),
        ({}, "import click.nothing", "which has no click.nothing: install the package"),
    ],
)
def test_a_package_that_lacks_the_module(
    files: dict[str, str], statement: str, remedy: str, tmp_path: Path
) -> None:
    folder = write(project(tmp_path, USERS, env=f"{statement}\n{ENV}"), files)
    with (folder / "alembic.ini").open("a") as ini:
        ini.write("prepend_sys_path = %(here)s\n")
    message = refusal(folder)
    assert remedy in message
    assert "put the project on the path" not in message


def environment(folder: Path, *modules: str) -> Path:
    """Make a virtual environment with guard's own packages and these modules."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (own,) = (path for path in sys.path if path.endswith("site-packages"))
    (site / "packages.pth").write_text(own + "\n")
    for module in modules:
        (site / f"{module}.py").write_text("")
    return folder / "bin" / "python"


def test_a_missing_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)  # as pre-commit does
    folder = project(tmp_path / "shop", USERS, env="import shop_settings\n" + ENV)
    message = refusal(folder)
    assert f"guard ran {sys.executable} (guard's own, since no environment" in message
    assert 'python = ".venv/bin/python" in [tool.guard]' in message
    environment(folder / ".venv", "shop_settings")
    assert story(round_trip(folder, python=".venv/bin/python")) == []
    assert story(round_trip(folder)) == []  # it is found there, too


PLACES: dict[str, tuple[str, dict[str, str], str]] = {
    # where it stands: variables, files of the project, how it was chosen
    "project/.venv": ("", {}, "the .venv of the project"),
    "project/venv": ("", {}, "the venv of the project"),
    "active": ("", {"VIRTUAL_ENV": "{top}/active"}, "the active environment, VIRTUAL_ENV"),
    "conda": ("", {"CONDA_PREFIX": "{top}/conda"}, "the active environment, CONDA_PREFIX"),
    "project/env": ("", {"UV_PROJECT_ENVIRONMENT": "env"}, "uv's environment"),
    "elsewhere": (".pdm-python", {}, "pdm's, .pdm-python"),
    "poetry/virtualenvs/shop-{poetry}-py3.11": (
        "pyproject.toml", {"POETRY_CACHE_DIR": "{top}/poetry"}, "poetry's environment"),
    "pipenv/project-{pipenv}": ("Pipfile", {"WORKON_HOME": "{top}/pipenv"}, "pipenv's environment"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_where_an_environment_of_the_project_may_be(place: str, tmp_path: Path) -> None:
    file, variables, chosen = PLACES[place]
    root = tmp_path / "project"
    root.mkdir()

    def mark(text: str, size: int) -> str:
        digest = hashlib.sha256(text.encode()).digest()
        return base64.urlsafe_b64encode(digest[:size]).decode()

    names = {
        "top": str(tmp_path),
        "poetry": mark(str(root), 32)[:8],
        "pipenv": mark(str(root / "Pipfile"), 6),
    }
    python = tmp_path / place.format(**names) / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    if file:
        (root / file).write_text(str(python))
    environ = {name: value.format(**names) for name, value in variables.items()}
    found = find_interpreter(defaults(root), root, root / "service", environ)
    assert (found.path, found.chosen.startswith(chosen)) == (str(python), True)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"VIRTUAL_ENV": sys.prefix},
        {"CONDA_PREFIX": "/opt/conda", "CONDA_DEFAULT_ENV": "base"},
        {"VIRTUAL_ENV": "nowhere"},
    ],
)
def test_guards_own_interpreter_is_the_last_resort(environ: dict[str, str], tmp_path: Path) -> None:
    found = find_interpreter(defaults(tmp_path), tmp_path, tmp_path, environ)
    assert (found.path, "guard's own" in found.chosen) == (sys.executable, True)


def test_a_python_that_is_too_old(tmp_path: Path) -> None:
    script = tmp_path / "python3.6"
    script.write_text('#!/bin/sh\n[ "$1" = -c ] && echo 3.6.15 || exit 1\n')
    script.chmod(0o755)
    message = refusal(project(tmp_path / "shop", USERS), python=str(script))
    assert message == (
        f"{script} (--python, or python = in [tool.guard]) is Python 3.6.15, and the round trip "
        "needs 3.9 or later: name another with python = in [tool.guard], or leave the round trip "
        "out with --no-roundtrip"
    )
    assert too_old(find_interpreter(defaults(tmp_path), tmp_path, tmp_path, {})) is None
