"""`guard approve`: somebody agreed."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli import options
from guard.cli.output import is_terminal, write
from guard.errors import GuardError

if TYPE_CHECKING:
    from guard.run.approve import Agreement, Approving


@click.command()
@click.argument("revision", default="")
@click.option("--rule", metavar="RULE", help="Only findings of this rule.")
@click.option("--object", "object_", metavar="NAME", help="Only this table, column, ...")
@click.option("--reason", metavar="TEXT", default="", help="Why this is right.")
@click.option("--approver", metavar="NAME", help="Who agreed (default: git's user.name).")
@click.option("--expires", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--interactive", "-i", is_flag=True, help="Ask of each, whether and why.")
@options.config
@options.base
@options.server
def approve(
    revision: str,
    *,
    rule: str | None,
    object_: str | None,
    reason: str,
    interactive: bool,
    approver: str | None,
    expires: datetime.datetime | None,
    config: Path | None,
    base: str | None,
    dialect: str | None,
    server_version: str | None,
) -> None:
    """Record that somebody agreed to what REVISION destroys, in guard-approvals.toml.

    Without REVISION and --reason, at a terminal, it asks of each operation that needs one.

    An approval covers the operation as it is now: an edited operation needs a new one.
    """
    from guard.cli.arguments import Arguments, rules_of
    from guard.judge.load_rules import rule_called
    from guard.printable import safe
    from guard.run.approve import Agreement, open_approving
    from guard.run.approve import approve as record

    arguments = Arguments(
        paths=(Path(revision),) if Path(revision).exists() else (),
        config=config,
        base=base,
        everything=True,
        dialect=dialect,
        server_version=server_version,
    )
    if rule:
        rule_called(rule, rules_of(arguments.settings().home))
    agreed = Agreement(
        revision=revision,
        rule=rule,
        object=object_,
        reason=reason,
        approver=approver,
        expires=expires.date() if expires else None,
    )
    if interactive or (not revision and not reason and is_terminal(sys.stdin)):
        written = _ask(open_approving(arguments.request(), arguments.settings()), agreed)
    elif not revision:
        raise GuardError("say which revision is approved, or answer to guard approve --interactive")
    else:
        written = record(arguments.request(), arguments.settings(), agreed)
    write(safe("\n".join(written)))


def _ask(approving: Approving, agreed: Agreement) -> list[str]:
    """Ask of each operation whether it is right and why, and write down each that is."""
    import msgspec

    from guard.printable import safe

    asked = [
        finding
        for finding in approving.open
        if agreed.revision in ("", finding.revision, finding.span.path)
        and finding.rule in (agreed.rule or finding.rule,)
        and finding.object in (agreed.object or finding.object,)
    ]
    written: list[str] = []
    for finding in asked:
        place = f"{finding.span.path}:{finding.span.line}"
        click.echo(safe(f"{place}: {finding.rule}: {finding.message}"))
        if click.confirm(safe(f"Approve {finding.rule} of {finding.object}?"), default=False):
            reason = agreed.reason or click.prompt("Why is this right")
            yes = msgspec.structs.replace(agreed, reason=reason, revision="")
            written += approving.record([finding], yes)
    return list(dict.fromkeys(written)) or ["nothing was approved"]
