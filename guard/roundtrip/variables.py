"""The environment of the worker: no secrets, no servers, nothing that is kept elsewhere.

What the libraries of PostgreSQL and MySQL read by themselves, in C and in child processes, points
nowhere; what looks like a secret is not there, unless the project says that it needs it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from guard.patterns import lazy_re

NOWHERE = "guard.invalid"  # a name that never has an address (RFC 2606)
_SECRET = lazy_re(
    r"""(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|PASS|CREDENTIALS?|APIKEY|AUTH)S?(_|$)
    | (^|_)(API|ACCESS|SECRET|PRIVATE|SIGNING|ENCRYPTION|FERNET|JWT|LICENSE|DEPLOY|SSH)_?KEYS?(_|$)
    | _KEYS?$
    | ^(AWS|AZURE|ARM|GOOGLE|GCP)_(?!(DEFAULT_)?(REGION|LOCATION|ZONE|PROFILE|PROJECT)(_|$))
    | ^SSH_AUTH_SOCK$""",
    re.VERBOSE,
)
_NO_SECRET = ("PWD", "OLDPWD")
# Where a library finds a server, another file of settings, or a password.
_DROPPED = (
    "PGHOSTADDR",
    "PGSERVICE",
    "PGPASSWORD",
    "MYSQL_PWD",
    "MYSQL_GROUP_SUFFIX",
    "MYSQL_TCP_PORT",
)
_REPLACED = {
    "PGHOST": NOWHERE,
    "PGSERVICEFILE": os.devnull,
    "PGPASSFILE": os.devnull,
    "MYSQL_HOST": NOWHERE,
    "MYSQL_TEST_LOGIN_FILE": os.devnull,
}
_FOLDERS = ("PGSYSCONFDIR", "MYSQL_HOME", "MARIADB_HOME")
_SOCKETS = ("MYSQL_UNIX_PORT",)


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return guard's own environment, for a worker that asks what the user wants asked."""
    return {"PYTHONHASHSEED": "0", **environ, "PYTHONDONTWRITEBYTECODE": "1"}


def confined(
    folder: Path,
    defaults: Mapping[str, str],
    passed: Iterable[str],
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the environment of a worker whose scratch folder is `folder`.

    `defaults` hold where nothing is set or what is set is withheld, and that of HOME, which is set
    everywhere, holds anyway; names that are `passed` (or match one, as in AWS_*) stay as they are.
    """
    passed = tuple(passed)
    hidden = {*withheld(passed, environ), *(name for name in _DROPPED if not _is(name, passed))}
    kept = {name: value for name, value in environ.items() if name not in hidden}
    nowhere = {name: str(folder) for name in _FOLDERS}
    nowhere |= {name: str(folder / NOWHERE) for name in _SOCKETS} | _REPLACED
    away = {name: value for name, value in nowhere.items() if not _is(name, passed)}
    temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))
    home = {name: value for name, value in defaults.items() if name == "HOME"}
    return inherited({**defaults, **kept, **home, **away, **temporary})


def withheld(passed: Iterable[str], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the variables that look like secrets and are not `passed`."""
    passed = tuple(passed)
    return sorted(name for name in environ if is_secret(name) and not _is(name, passed))


def is_secret(name: str) -> bool:
    """Return whether a variable of that name usually holds what nobody else should know."""
    return bool(_SECRET.search(name.upper())) and name.upper() not in _NO_SECRET


def _is(name: str, passed: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in passed)
