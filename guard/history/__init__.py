"""Revisions and their past: the graph, git, what a change did to what is released."""
