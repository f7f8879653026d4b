"""Print the outputs of the action, as GitHub reads them, from the folder with guard's reports."""

import json
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Print what there is; without a report, that the run has failed."""
    reports = {name: folder / f"guard.{name}" for name in ("json", "sarif", "markdown")}
    summary = {"failed": True, "errors": 0, "warnings": 0, "infos": 0}
    if reports["json"].is_file():
        summary = json.loads(reports["json"].read_text(encoding="utf-8"))["summary"]
    print(f"failed={str(summary['failed']).lower()}")
    for name in ("errors", "warnings", "infos"):
        print(f"{name}={int(summary[name])}")
    for name, path in reports.items():
        if path.is_file():
            print(f"{name}={path}")


main(Path(sys.argv[1]))
