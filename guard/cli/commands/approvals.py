"""`guard approvals`: what was approved, and whether it still counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli import options
from guard.cli.output import write

if TYPE_CHECKING:
    from guard.run.approvals import Standing
    from guard.suppression.approvals import Approval


@click.command()
@options.config
@options.base
@options.server
@options.text_or_json
@click.option("--check", is_flag=True, help="End with 1 where one of them does not count.")
@click.option("--prune", is_flag=True, help="Remove those that let nothing pass any more.")
def approvals(
    *,
    config: Path | None,
    base: str | None,
    dialect: str | None,
    server_version: str | None,
    output_format: str,
    check: bool,
    prune: bool,
) -> None:
    """List the approvals: of what, by whom, why, until when, and whether they count."""
    from guard.cli.arguments import Arguments
    from guard.printable import safe
    from guard.run import approvals as reviewed

    arguments = Arguments(
        config=config, base=base, everything=True, dialect=dialect, server_version=server_version
    )
    standings, outcomes = reviewed.review(arguments.request(), arguments.settings())
    if prune:
        gone = reviewed.prune(standings, outcomes)
        standings = [one for one in standings if one.approval not in gone]
        write(safe("\n".join(f"removed {_what(one)}, by {one.approver}" for one in gone)))
    if output_format == "json":
        write(json.dumps([_fields(one) for one in standings], indent=2))
    else:
        write(safe("\n".join(map(_line, standings)) or "There are no approvals."))
    if check and any(one.state not in ("in force", "not judged") for one in standings):
        sys.exit(1)


def _line(one: Standing) -> str:
    approval = one.approval
    until = f" until {approval.expires}" if approval.expires else ""
    place = f"{approval.span.path}:{approval.span.line}"
    return (
        f"{place}: {one.state}: {_what(approval)}, by {approval.approver}{until}: {approval.reason}"
    )


def _what(approval: Approval) -> str:
    return f"{approval.rule} of {approval.object or approval.revision} in {approval.revision}"


def _fields(one: Standing) -> dict[str, object]:
    approval = one.approval
    return {
        "state": one.state,
        "revision": approval.revision,
        "rule": approval.rule,
        "object": approval.object,
        "fingerprint": approval.fingerprint,
        "reason": approval.reason,
        "approver": approval.approver,
        "expires": approval.expires.isoformat() if approval.expires else None,
        "path": approval.span.path,
        "line": approval.span.line,
    }
