"""Write the reference, docs/rules/: a page for each rule, and their index.

python scripts/rule_pages.py            write them
python scripts/rule_pages.py --check    compare only: name what differs and exit with 1
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from guard.judge.load_rules import load_rules
from guard.run.examples import findings_of
from guard.show.rule_pages import index, page

FOLDER = Path(__file__).parent.parent / "docs" / "rules"


def pages() -> dict[str, str]:
    """Return the text of each file of the folder."""
    rules = load_rules()
    return {
        "README.md": index(rules),
        **{f"{rule.name}.md": page(rule, findings_of(rule)) for rule in rules},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check: bool = parser.parse_args().check
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    differ = sorted(name for name in {**wanted, **there} if wanted.get(name) != there.get(name))
    if check and differ:
        sys.exit(f"docs/rules: {', '.join(differ)}: run `python scripts/rule_pages.py`")
    if not check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in differ:
            if name in wanted:
                (FOLDER / name).write_text(wanted[name], encoding="utf-8")
            else:
                (FOLDER / name).unlink()


if __name__ == "__main__":
    main()
