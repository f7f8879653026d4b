"""Every way to install guard gives the same guard, and takes nobody else's import name."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BIN = "Scripts" if sys.platform == "win32" else "bin"


def run(*command: str | Path, cwd: Path) -> str:
    """Run it to the end and return what it wrote; fail with that if it failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was made from it."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--outdir", folder, checkout, cwd=folder)
    return folder


def wheel_names(folder: Path) -> set[str]:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_wheel_ships_the_rules_inside_guard(built: Path) -> None:
    names = wheel_names(built)
    assert "guard/rules/destructive/drop_table.py" in names
    assert "guard/reporters/html/templates/page.html.j2" in names
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"guard"}


def test_the_sdist_gives_the_wheel_of_the_checkout(
    built: Path, checkout: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, checkout, cwd=tmp_path)
    assert wheel_names(tmp_path) == wheel_names(built)


def test_the_sdist_holds_what_its_tests_need(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"alembic.ini", "alembic/env.py", "tests/conftest.py", "action/run.sh"} <= names


@pytest.mark.parametrize("source", ["folder", "editable", "wheel", "sdist", "git"])
def test_an_installed_guard_lints_the_sample_project(
    source: str, checkout: Path, built: Path, tmp_path: Path
) -> None:
    targets: dict[str, list[str | Path]] = {
        "folder": [checkout],
        "editable": ["-e", checkout],
        "wheel": [next(built.glob("*.whl"))],
        "sdist": [next(built.glob("*.tar.gz"))],
        "git": [f"git+{checkout.as_uri()}"],
    }
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / BIN / "python"
    run(python, "-m", "pip", "install", "--quiet", *targets[source], cwd=tmp_path)

    guard = tmp_path / "venv" / BIN / "guard"
    assert "drop-table" in run(guard, "rules", cwd=tmp_path)
    run(guard, "lint", "--all", cwd=checkout)
    if source == "editable":
        see_a_new_rule_at_once(guard, checkout)
    else:
        taken = "import importlib.util as u; assert not u.find_spec('rules')"
        run(python, "-c", taken, cwd=tmp_path)


def see_a_new_rule_at_once(guard: Path, checkout: Path) -> None:
    text = (checkout / "rules/destructive/drop_table.py").read_text(encoding="utf-8")
    added = checkout / "rules/destructive/drop_table_too.py"
    added.write_text(text.replace("def drop_table(", "def drop_table_too("), encoding="utf-8")
    try:
        assert "drop-table-too" in run(guard, "rules", cwd=checkout)
    finally:
        added.unlink()
