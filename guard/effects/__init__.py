"""What operations do to the tables of a running server: one table of rows for each dialect.

To add a row is to write one `row(...)` in the module of its dialect and of what it changes, above
any that is more general.
"""

from guard.effects.effect import Blocked, Effect, TableEffect
from guard.effects.lookup import effect_of
from guard.effects.type_change import TypeChange
from guard.effects.type_lookup import type_change_of

__all__ = ["Blocked", "Effect", "TableEffect", "TypeChange", "effect_of", "type_change_of"]
