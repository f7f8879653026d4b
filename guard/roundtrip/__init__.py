"""Migrations run up, down and up again in another process, on a scratch database with rows."""

from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.run import RoundTrip, run_roundtrip

__all__ = ["RoundTrip", "RoundTripError", "run_roundtrip"]
