"""The report as one page for people: the histories drawn, with what each revision does."""

from guard.reporters.html.render import html

__all__ = ["html"]
