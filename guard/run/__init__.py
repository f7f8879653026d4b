"""One run of a command, from what was asked to what is to be said."""
