"""A visit to a project that is to be watched by guard: what is found is told, files are offered."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from guard.adopt.files import Offer, ci_offers, pre_commit_offer, settings_offer
from guard.adopt.instructions import files
from guard.adopt.surroundings import Surroundings, described, notes_on
from guard.cli.arguments import rules_of
from guard.cli.output import is_terminal, write
from guard.config import Config
from guard.errors import GuardError
from guard.paths import relative
from guard.printable import safe

NEXT = """\
Next:
  guard baseline   records what is found in released code today
  guard check      judges what is new from now on"""


class Visit(msgspec.Struct, frozen=True):
    """One run of `guard init`: whether it asks before it writes, and whether it writes at all."""

    around: Surroundings
    ask: bool
    write: bool

    def everything(self) -> None:
        """Tell what was found and offer each file. Raises GuardError where nobody can answer."""
        for label, text in described(self.around):
            write(safe(f"{label:<11} {text}"))
        for note in (*notes_on(self.around.server), *self.around.notes):
            write(safe(f"note: {note}"))
        settings, config = settings_offer(self.around)
        taken = self._offer(settings)
        held = config if taken or not self.write else self.around.settings.config
        for offer in (pre_commit_offer(self.around), *ci_offers(self.around), *self._told(held)):
            self._offer(offer)
        write(f"\n{NEXT}")

    def instructions(self) -> None:
        """Offer the instructions alone."""
        for offer in self._told(self.around.settings.config):
            self._offer(offer)

    def instructions_differ(self) -> bool:
        """Say whether the instructions are those of the rules in force, and return if they differ.

        A project without any has none that could differ, which is said too, and counts as such.
        """
        differ = False
        for offer in self._told(self.around.settings.config):
            differ = differ or offer.after is not None
            if offer.after is None:
                write(safe(f"{self._named(offer.path)} says what the rules say"))
            else:
                write(safe("\n".join(self._shown(offer))))
                write(safe(f"{self._named(offer.path)} differs: guard init --instructions"))
        return differ

    def _told(self, config: Config) -> Iterator[Offer]:
        rules = rules_of(self.around.settings)
        for file in files(self.around.root, config, self.around.environments, rules):
            same = file.before == file.after
            yield Offer(
                what="instructions",
                path=file.path,
                before=file.before,
                after=None if same else file.after,
                said="says what the rules say" if same else "",
            )

    def _offer(self, offer: Offer) -> bool:
        """Show a file, ask and write it; return whether it was written."""
        name = self._named(offer.path)
        write("\n")
        if offer.after is None:
            write(safe(f"{offer.what}: {name} {offer.said}"))
            if offer.by_hand:
                write(safe("  put there by hand what it lacks:\n"))
                write(safe(_indented(offer.by_hand)))
            return False
        verb = "new" if offer.before is None else "changed"
        write(safe(f"{offer.what}: {name} ({verb})\n"))
        write(safe("\n".join(self._shown(offer))))
        if not self.write or (self.ask and not self._agreed(name)):
            return False
        _write(offer.path, offer.after)
        write(safe(f"wrote {name}"))
        return True

    def _shown(self, offer: Offer) -> Iterator[str]:
        """The lines that are written anew, and those that go, as a patch has them."""
        before, after = (offer.before or "").splitlines(), (offer.after or "").splitlines()
        for line in [*difflib.unified_diff(before, after, n=0, lineterm="")][2:]:
            if not line.startswith("@@"):
                yield f"  {line[0]} {line[1:]}".rstrip()

    def _agreed(self, name: str) -> bool:
        if not is_terminal(sys.stdin):
            raise GuardError(
                f"nobody can be asked whether to write {name}: give --yes, or --dry-run to look"
            )
        return click.confirm(f"Write {name}?", default=True)

    def _named(self, path: Path) -> str:
        return relative(path, self.around.root)


def _indented(text: str) -> str:
    return "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise GuardError(f"{path} cannot be written: {error.strerror}") from None
