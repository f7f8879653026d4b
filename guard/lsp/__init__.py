"""The language server: what guard finds, in an editor, as one types.

`places` turns guard's places into the client's, `checking` knows which project a file belongs to,
`diagnostics`, `hover` and `actions` say what a finding is in the protocol, and `server` listens.
"""
