"""Texts that are no report: what revisions do, the schema they make, the rules."""
