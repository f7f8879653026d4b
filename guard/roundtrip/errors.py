"""What stops a round trip."""

from guard.errors import GuardError


class RoundTripError(GuardError):
    """The round trip could not be made: the message says what stopped it and what to do."""
