"""What runs on the event loop, and which of it waits for a database."""

from guard.source.event_loop.blocking import EventLoop

__all__ = ["EventLoop"]
