"""The commands of guard, one a file: `guard NAME` is the function NAME in NAME.py.

A file imports at its top what `guard --help` needs, and the rest in its function.
"""
