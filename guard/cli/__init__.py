"""The command line: arguments in, report out. The only place that prints and exits."""
