"""`python -m guard`, and the `guard` command.

Imports nothing at the top but what Python has loaded already: see `_leave_current_folder`.
"""

import gc
import os
import sys


def _leave_current_folder() -> None:
    """Take the current folder off the import path, unless guard itself lives in it.

    `python -m guard` puts it there, and it belongs to the repository that is judged: its `click.py`
    must not run.
    """
    try:
        here = os.path.realpath(os.curdir)
    except FileNotFoundError:  # it was removed, so nothing can be imported from it
        return
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
    if here != home:
        sys.path[:] = [folder for folder in sys.path if os.path.realpath(folder) != here]


def main() -> None:
    """Run the command line and exit with its code, also when it is interrupted while it loads."""
    gc.disable()  # to look for cycles of objects costs a quarter of a run; they go with it
    try:
        _leave_current_folder()
        from guard.cli.main import main as run

        run()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("error: interrupted\n")
        sys.exit(130)
    finally:
        gc.freeze()  # nor does Python look for any as it ends


if __name__ == "__main__":
    main()
