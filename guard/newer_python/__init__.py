"""Python newer than the one that runs guard: another interpreter parses it, and runs nothing.

`places` knows where interpreters are, `ask` starts one and sends it source code, `dump` is what
runs there, `rebuild` makes syntax nodes of the answer; `constructs` says what needs which Python.
"""

from guard.newer_python.ask import NewerPythons, Rejection
from guard.newer_python.constructs import Construct, find_construct

__all__ = ["Construct", "NewerPythons", "Rejection", "find_construct"]
