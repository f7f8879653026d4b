"""The scratch databases, one file for each kind of server behind one Protocol."""
