"""Where reports go: several at once, each in its format, one of them on standard output."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from command_line import STEP, chain, guard, write

import guard as guard_package
from guard.cli.arguments import Arguments
from guard.cli.destinations import destinations
from guard.errors import GuardError

DROPPING = chain(
    STEP, ("op.drop_table('old')", "op.create_table('old', sa.Column('id', sa.Integer()))")
)
SCHEMA = json.loads((Path(guard_package.__file__).parent / "report.schema.json").read_text())
SUMMARY = {"GITHUB_STEP_SUMMARY": "step.md"}


def asked(
    *output: str,
    output_format: str | None = None,
    output_file: Path | None = None,
    statistics: bool = False,
) -> list[tuple[str, str | None]]:
    """The formats, each with its file."""
    arguments = Arguments(
        output=output, output_format=output_format, output_file=output_file, statistics=statistics
    )
    found = destinations(arguments, SUMMARY)
    return [(one.format, str(one.file) if one.file else None) for one in found]


@pytest.mark.parametrize(
    ("output", "more", "expected"),
    [
        ((), {}, [("text", None)]),
        ((), {"output_format": "json"}, [("json", None)]),
        ((), {"output_file": Path("a.txt")}, [("text", "a.txt")]),
        ((), {"output_format": "json", "output_file": Path("a")}, [("json", "a")]),
        (("json",), {}, [("json", None)]),
        (("sarif:a.sarif",), {}, [("sarif", "a.sarif")]),
        (("text", "sarif:a.sarif"), {}, [("text", None), ("sarif", "a.sarif")]),
        (("text:a", "text"), {}, [("text", "a"), ("text", None)]),
        (("sarif:a",), {"output_format": "github"}, [("github", None), ("sarif", "a")]),
        (("sarif:a",), {"output_file": Path("b")}, [("text", "b"), ("sarif", "a")]),
        (
            ("text",),
            {"output_file": Path("b"), "output_format": "json"},
            [("json", "b"), ("text", None)],
        ),
        (("github-summary",), {}, [("github-summary", "step.md")]),
        (("github-summary:b.md",), {}, [("github-summary", "b.md")]),
        (("github", "github-summary"), {}, [("github", None), ("github-summary", "step.md")]),
        (("sarif:C:\\x.sarif",), {}, [("sarif", "C:\\x.sarif")]),
        (("sarif:a:b",), {}, [("sarif", "a:b")]),
        (("text",), {"statistics": True}, [("text", None)]),
        (("concise",), {"statistics": True}, [("concise", None)]),
    ],
)
def test_what_is_asked(
    output: tuple[str, ...], more: dict[str, object], expected: list[tuple[str, str | None]]
) -> None:
    assert asked(*output, **more) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "more", "said"),
    [
        (("text", "json"), {}, "--output text and --output json both write to standard output"),
        (("json",), {"output_format": "text"}, "--output-format text and --output json both"),
        (
            ("sarif:a", "json:./a"),
            {},
            "sarif:a and --output json:./a both write to the file",
        ),
        (("sarif:a",), {"output_file": Path("a")}, "--output-file a and --output sarif:a both"),
        (("sarf",), {}, "there is no format 'sarf': it is one of text, concise, json"),
        (("C:\\x",), {}, "there is no format 'C'"),
        (("sarif:",), {}, "no file is named after the colon"),
        (("sarif:no/such/a",), {}, "--output sarif:no/such/a: there is no folder"),
        (("json",), {"statistics": True}, "no output is text or concise"),
    ],
)
def test_what_contradicts_itself_is_refused(
    output: tuple[str, ...], more: dict[str, object], said: str
) -> None:
    with pytest.raises(GuardError) as refused:
        asked(*output, **more)  # type: ignore[arg-type]
    assert said in str(refused.value)


def test_a_summary_needs_a_place() -> None:
    with pytest.raises(GuardError, match="GITHUB_STEP_SUMMARY does not say"):
        destinations(Arguments(output=("github-summary",)), {})


@pytest.mark.parametrize("command", ["lint", "check", "roundtrip", "history"])
def test_every_command_that_reports_writes_them_all(command: str, tmp_path: Path) -> None:
    write(tmp_path, DROPPING)
    formats = ("sarif", "junit", "gitlab", "rdjson", "rdjsonl", "markdown", "json", "azure")
    more = [part for name in formats for part in ("--output", f"{name}:out.{name}")]
    done = guard(tmp_path, command, "--output", "concise", *more)
    alone = guard(tmp_path, command, "--output-format", "concise")
    assert (done.code, done.output.splitlines()[-1]) == (alone.code, alone.output.splitlines()[-1])
    assert all((tmp_path / f"out.{name}").is_file() for name in formats)
    report = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(report, SCHEMA)
    run = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]
    assert len(run["results"]) == len(report["findings"])
    assert run["invocations"][0]["exitCode"] == done.code


def test_a_file_holds_no_colour_and_replaces_what_was_there(tmp_path: Path) -> None:
    write(tmp_path, DROPPING | {"out.txt": "x" * 9999})
    guard(tmp_path, "lint", "--output", "text:out.txt", FORCE_COLOR="1")
    written = (tmp_path / "out.txt").read_text()
    assert written.startswith("Dropping table old")
    assert written == guard(tmp_path, "lint").output


def test_a_summary_is_added_to_what_a_step_wrote_before(tmp_path: Path) -> None:
    write(tmp_path, DROPPING | {"step.md": "# Mine\n"})
    place = {"GITHUB_STEP_SUMMARY": str(tmp_path / "step.md")}
    done = guard(tmp_path, "lint", "--output", "github", "--output", "github-summary", **place)
    assert done.output.startswith("::error file=")
    assert (tmp_path / "step.md").read_text().startswith("# Mine\n### ❌ guard: Refused: 1 error.")


def test_github_actions_alone_change_nothing(tmp_path: Path) -> None:
    write(tmp_path, DROPPING)
    assert guard(tmp_path, "lint", GITHUB_ACTIONS="true").output == guard(tmp_path, "lint").output


def test_a_variable_names_outputs(tmp_path: Path) -> None:
    write(tmp_path, DROPPING)
    done = guard(tmp_path, "lint", GUARD_OUTPUT="concise json:out.json")
    assert "error drop-table" in done.output
    assert (tmp_path / "out.json").is_file()


def test_statistics(tmp_path: Path) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", "--statistics")
    assert done.output.startswith("1  error    drop-table\n\n")
    assert (done.code, "Refused: 1 error." in done.output) == (1, True)


def test_a_word_about_formats_comes_before_any_work(tmp_path: Path) -> None:
    done = guard(write(tmp_path, DROPPING), "lint", "--output", "yaml")
    assert (done.code, done.output.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [("nonsense = 1\n", "unknown key 'nonsense'"), ("timeout = 'x'\n", "timeout")],
)
def test_a_run_that_ends_early_writes_its_error(settings: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, {**chain(STEP), "guard.toml": settings, "a.json": "of another run"})
    done = guard(tmp_path, "lint", "--output", "json:a.json", "--output", "sarif:b.sarif")
    assert (done.code, done.output.count("error: ")) == (2, 1)
    (error,) = json.loads((tmp_path / "a.json").read_text())["errors"]
    assert said in error
    jsonschema.validate(json.loads((tmp_path / "a.json").read_text()), SCHEMA)
    (run,) = json.loads((tmp_path / "b.sarif").read_text())["runs"]
    assert not run["invocations"][0]["executionSuccessful"]
