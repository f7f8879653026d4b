"""`guard approve`: somebody agreed."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@click.argument("revision")
@click.option("--rule", metavar="RULE", help="Only findings of this rule.")
@click.option("--object", "object_", metavar="NAME", help="Only this table, column, ...")
@click.option("--reason", metavar="TEXT", required=True, help="Why this is right.")
@click.option("--approver", metavar="NAME", help="Who agreed (default: git's user.name).")
@click.option("--expires", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@options.config
@options.base
@options.server
def approve(
    revision: str,
    rule: str | None,
    object_: str | None,
    reason: str,
    approver: str | None,
    expires: datetime.datetime | None,
    config: Path | None,
    base: str | None,
    dialect: str | None,
    server_version: str | None,
) -> None:
    """Record that somebody agreed to what REVISION destroys, in guard-approvals.toml.

    An approval covers the operation as it is now: an edited operation needs a new one.
    """
    from guard.cli.arguments import Arguments
    from guard.judge.load_rules import rule_called
    from guard.printable import safe
    from guard.run.approve import Agreement
    from guard.run.approve import approve as record

    if rule:
        rule_called(rule)
    arguments = Arguments(
        paths=(Path(revision),) if Path(revision).exists() else (),
        config=config,
        base=base,
        everything=True,
        dialect=dialect,
        server_version=server_version,
    )
    agreed = Agreement(
        revision=revision,
        rule=rule,
        object=object_,
        reason=reason,
        approver=approver,
        expires=expires.date() if expires else None,
    )
    written = record(arguments.request(), arguments.settings(), agreed)
    write(safe("\n".join(written)))
