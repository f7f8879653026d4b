"""The names of new revisions, against those that Alembic itself gives."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from alembic.config import Config

from alembic import command
from guard.project.environments import find_environments

SETTINGS: dict[str, dict[str, str | int]] = {
    "none": {},
    "the date before": {
        "file_template": "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d-%(rev)s_%(slug)s"
    },
    "seconds": {"file_template": "%(epoch)s_%(second)d_%(rev)s"},
    "folders": {
        "file_template": "%(year)d/%(month).2d/%(rev)s_%(slug)s",
        "recursive_version_locations": "true",
    },
    "a short slug": {"truncate_slug_length": 9},
    "no length of a slug": {"truncate_slug_length": 0},
    "a time zone": {"file_template": "%(hour)d_%(rev)s", "timezone": "Pacific/Kiritimati"},
    "a time zone in small letters": {"file_template": "%(day)d%(hour)d_%(rev)s", "timezone": "utc"},
}
MESSAGES = ["make orders.total not null", "Validate \u00c4-c", "x" * 41, "a_" * 30, ""]


def written(folder: Path, settings: dict[str, str | int], kind: str) -> Config:
    """Write a project with these settings, and return it as Alembic sees it."""
    (folder / "migrations" / "versions").mkdir(parents=True)
    (folder / "migrations" / "env.py").touch()
    template = '"""${message}\\n\\nCreate Date: ${create_date}"""\nrevision = "${up_revision}"\n'
    template += "down_revision = None\n"
    (folder / "migrations" / "script.py.mako").write_text(template.replace("\\n", "\n"))
    texts = {key: str(value).replace("%", "%%") for key, value in settings.items()}
    if kind == "ini":
        lines = [f"{key} = {value}\n" for key, value in texts.items()]
        ini = folder / "alembic.ini"
        ini.write_text("[alembic]\nscript_location = %(here)s/migrations\n" + "".join(lines))
        return Config(str(ini))
    lines = [
        f"{key} = {value}\n"
        if value == "true" or isinstance(settings[key], int)
        else f"{key} = '{value}'\n"
        for key, value in texts.items()
    ]
    toml = folder / "pyproject.toml"
    toml.write_text("[tool.alembic]\nscript_location = '%(here)s/migrations'\n" + "".join(lines))
    return Config(toml_file=toml)


@pytest.mark.parametrize("kind", ["ini", "toml"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_file_is_called_as_by_alembic(
    settings: dict[str, str | int], kind: str, tmp_path: Path
) -> None:
    config = written(tmp_path, settings, kind)
    (environment,) = find_environments(tmp_path)
    (versions,) = environment.version_locations
    for number, message in enumerate(MESSAGES):
        id_ = f"{number}aa"
        made = command.revision(config, message, rev_id=id_, head="base", splice=True)
        assert made
        assert not isinstance(made, list)
        path = Path(made.path)
        told = path.read_text(encoding="utf-8").partition("Create Date: ")[2].partition('"')[0]
        created = environment.file_names.created(datetime.datetime.fromisoformat(told).astimezone())
        assert str(created) == told
        assert versions / environment.file_names.path(id_, message, created) == path
