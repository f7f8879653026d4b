"""What the terminal can show."""

from __future__ import annotations

from collections.abc import Mapping

# Programs that show a link where a text leads somewhere (OSC 8), as they name themselves.
_PROGRAMS = frozenset(
    ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "mintty", "rio", "Tabby", "zed")
)
_TERMS = ("xterm-kitty", "alacritty", "xterm-ghostty", "foot", "contour", "wezterm")
_SIGNS = ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM", "KITTY_WINDOW_ID")
_OLDEST_VTE = 5000  # GNOME Terminal and its like


def shows_links(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal of this environment is known to show links.

    FORCE_HYPERLINK says so, or, with 0, that it does not.
    """
    if forced := environ.get("FORCE_HYPERLINK"):
        return forced != "0"
    term = environ.get("TERM", "")
    if term == "dumb" or term.startswith(("screen", "tmux")) or environ.get("CI"):
        return False
    if environ.get("TERM_PROGRAM") in _PROGRAMS or term.startswith(_TERMS):
        return True
    version = environ.get("VTE_VERSION", "")
    return (version.isdigit() and int(version) >= _OLDEST_VTE) or any(map(environ.get, _SIGNS))
