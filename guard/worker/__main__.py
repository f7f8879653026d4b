"""Run by path: load the files beside this one as a package of their own and start.

Its first argument is what the kernel's fence holds, or `supervise` for the process that puts it up.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

NAME = "guard_worker"


def start() -> None:
    """Run the worker, or what supervises it.

    The folder of this file leaves the path: it would shadow modules of the project.
    """
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != folder]
    sys.dont_write_bytecode = True  # nothing is left behind in the project
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    if sys.argv[1:2] == ["supervise"]:
        importlib.import_module(f"{NAME}.supervisor").main(sys.argv[2:])
    else:
        importlib.import_module(f"{NAME}.run").main(sys.argv[1:])


if __name__ == "__main__":  # multiprocessing loads it again, in processes of its own
    start()
