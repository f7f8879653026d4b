"""Phrases that several rules use, so that they say the same thing in the same words."""

from __future__ import annotations

APPROVE = "record who agreed: guard approve"
UNDO_NO_MORE = f"Let downgrade() undo what upgrade() did and no more, or {APPROVE}"
URL = 'os.environ["DATABASE_URL"]'
URL_IN_ENV_PY = f'config.set_main_option("sqlalchemy.url", {URL}.replace("%", "%%"))'
