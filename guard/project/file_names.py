"""What `alembic revision` calls the file of a new revision, and where that comes from."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import msgspec

from guard.errors import GuardError

DEFAULT_TEMPLATE = "%(rev)s_%(slug)s"
DEFAULT_SLUG_LENGTH = 40


class FileNames(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of that name of an alembic.ini, as Alembic means them."""

    file_template: str = DEFAULT_TEMPLATE
    truncate_slug_length: int = DEFAULT_SLUG_LENGTH
    timezone: str | None = None

    def created(self, now: datetime.datetime) -> datetime.datetime:
        """Return a moment as the file says it: in the time zone, else in this computer's.

        Raises GuardError for a time zone that nobody knows.
        """
        import zoneinfo

        if self.timezone is None:
            return now.astimezone().replace(tzinfo=None)
        for name in (self.timezone, self.timezone.upper()):
            try:
                return now.astimezone(zoneinfo.ZoneInfo(name))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                continue
        raise GuardError(
            f"timezone {self.timezone!r} of the Alembic settings is not known: correct it, or "
            "install tzdata"
        )

    def path(self, revision: str, message: str, created: datetime.datetime) -> PurePath:
        """Return where the file lies in its folder; raise GuardError for a template of no use."""
        words = {
            "rev": revision,
            "slug": self._slug(message),
            "epoch": int(created.timestamp()),
            **{unit: getattr(created, unit) for unit in ("year", "month", "day")},
            **{unit: getattr(created, unit) for unit in ("hour", "minute", "second")},
        }
        try:
            return PurePath(f"{self.file_template % words}.py")
        except (KeyError, TypeError, ValueError) as error:
            raise GuardError(
                f"file_template {self.file_template!r} of the Alembic settings cannot be filled "
                f"in: {error}"
            ) from None

    def _slug(self, message: str) -> str:
        slug = "_".join(re.findall(r"\w+", message)).lower()
        if len(slug) <= self.truncate_slug_length:
            return slug
        return f"{slug[: self.truncate_slug_length].rsplit('_', 1)[0]}_"


def read_file_names(get: Callable[[str], Any]) -> FileNames:
    """Return what the settings say; what Alembic itself would refuse is as if it were not there."""
    template, length, zone = map(get, ("file_template", "truncate_slug_length", "timezone"))
    return FileNames(
        file_template=template if isinstance(template, str) else DEFAULT_TEMPLATE,
        truncate_slug_length=_number(length) or DEFAULT_SLUG_LENGTH,
        timezone=zone if isinstance(zone, str) else None,
    )


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
