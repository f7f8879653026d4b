"""Read broken and strange revisions, many of them, and report what the reader does not survive.

    python benchmarks/fuzz.py [--inputs N] [--seed N] [--corpus FOLDER]

Half of the inputs are generated: bodies of an `upgrade()` put together from what Alembic users
write, nested at random. The others are revision files of FOLDER with bytes or lines changed,
doubled, dropped or moved. Each is read under a limit of 2 seconds and 300 MB; a crash, a hang or a
limit that is passed is printed with its seed, and the program exits with 1.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from guard.python_source import PythonSource, SourceError
from guard.reader import read_revision
from guard.reader.modules import Module, Resolver

SECONDS = 2
MEGABYTES = 300
HEAD = "import sqlalchemy as sa\nfrom alembic import context, op\nfrom elsewhere import x\n\n"
NAMES = ("a", "b", "t", "items")
TEXTS = ("'t'", "'DROP TABLE t'", "'%s'", "'{}'", "'{0[0].x!r:>10}'", "'a;b'", "''", "b'\\xff'")
ATOMS = (
    *NAMES, *TEXTS, "0", "-1", "10**6", "2.5", "None", "True", "x", "x()", "op", "sa", "self",
    "op.get_bind()", "op.get_bind().dialect.name", "sa.inspect(op.get_bind())", "globals()",
    "[]", "{}", "()", "set()", "range(10**9)", "range(3)", "dict(a=1)", "open('f')", "...",
)  # fmt: skip
OPERATORS = ("+", "-", "*", "**", "%", "/", "//", "|", "&", "==", "!=", "<", "in", "not in", "is",
             "and", "or")  # fmt: skip
METHODS = (
    "format", "join", "replace", "split", "upper", "strip", "append", "extend", "insert", "pop",
    "items", "get", "update", "setdefault", "execute", "drop", "create", "where", "center", "ljust",
    "encode", "copy", "sort", "index", "remove", "name", "add", "delete", "connect", "scalar",
)  # fmt: skip
FUNCTIONS = (
    "op.execute", "op.drop_table", "op.add_column", "op.create_table", "op.batch_alter_table",
    "op.alter_column", "op.bulk_insert", "op.f", "op.invoke", "op.run_async", "op.create_index",
    "op.create_foreign_key", "sa.text", "sa.Column", "sa.Table", "sa.Enum", "sa.select",
    "sa.update", "sa.ForeignKey", "sa.MetaData", "str", "len", "list", "tuple", "set", "dict",
    "zip", "enumerate", "sorted", "map", "filter", "sum", "min", "max", "any", "all", "int", "repr",
    "getattr", "isinstance", "super", "next", "round", "abs", "bool", "float", "f", "print",
)  # fmt: skip


SIMPLE = (
    "N = E", "N += E", "N[E] = E", "N.append(N)", "N = [N, N]", "E", "a, *b = E", "return",
    "return E", "raise ValueError(E)", "pass", "op.execute(E)", "del N[E]", "global N", "yield E",
    "break", "continue", "N.N = N", "FUNCTION(E, E)",
)  # fmt: skip
COMPOUND = (
    "if E:\n    BODY\nelif E:\n    BODY\nelse:\n    BODY",
    "if E:\n    BODY",
    "for N in E:\n    BODY",
    "for N in range(1000):\n    BODY",
    "while E:\n    BODY",
    "while True:\n    BODY\n    N = [N, N]",
    "try:\n    BODY\nexcept E as t:\n    BODY\nelse:\n    pass\nfinally:\n    BODY",
    "with E as N:\n    BODY",
    "with op.batch_alter_table(E) as N:\n    N.METHOD(E)",
    "match E:\n    case [a, *b]:\n        pass\n    case {'k': t} if a:\n        pass\n"
    "    case _:\n        N = N",
    "def f(a=E, *b, **t):\n    BODY",
    "def g(self):\n    BODY\n    return g(E)",
    "class A(N):\n    BODY",
    "@N\ndef f(a):\n    BODY",
)
EXPRESSIONS = (
    "(E OP E)", "(E OP E)", "(E OP E OP E)", "FUNCTION()", "FUNCTION(E)", "FUNCTION(E, E)",
    "FUNCTION(E, N=E)", "E.METHOD(E)", "E.METHOD()", "E.METHOD", "[E for N in E if E]",
    "{E: E for N in E}", "(E for N in E for N in N)", "E[E]", "E[::-1]", "E[E:]", "[E, *E]",
    "{E: E, **E}", "(lambda *a, b=0: E)", "(E if E else E)", "(not E)", "(-E)", "(N := E)",
    "f'{N!r:>{x}} DROP TABLE {N}'", "f'{N}{E}'",
)  # fmt: skip


class Writer:
    """Writes a random revision."""

    def __init__(self, random_: random.Random):
        self.random = random_
        self.left = 120  # nodes that it may still write

    def revision(self) -> str:
        return HEAD + self._function("upgrade", 0) + "\n\n" + self._function("downgrade", 0)

    def _function(self, name: str, depth: int) -> str:
        arguments = self.random.choice(("", "", "a=1", "*a, **b", "self", "a, /, b=2, *, t=3"))
        return f"def {name}({arguments}):\n" + self._block(depth + 1)

    def _statement(self, depth: int) -> str:
        if self.left < 0:
            return "pass"
        forms = SIMPLE if depth > 5 else (*SIMPLE, *SIMPLE, *COMPOUND)
        return self._filled(self.random.choice(forms), depth)

    def _expression(self, depth: int) -> str:
        self.left -= 1
        if depth > 6 or self.left < 0 or self.random.random() < 0.4:
            return self.random.choice(ATOMS)
        return self._filled(self.random.choice(EXPRESSIONS), depth)

    def _filled(self, form: str, depth: int) -> str:
        """Put random code in place of the form's marks."""

        def fill(mark: re.Match[str]) -> str:
            match mark[0]:
                case "E":
                    return self._expression(depth + 1)
                case "BODY":
                    return self._block(depth + 1).strip()
                case "N":
                    return self.random.choice(NAMES)
                case "OP":
                    return self.random.choice(OPERATORS)
                case "METHOD":
                    return self.random.choice(METHODS)
                case _:
                    return self.random.choice(FUNCTIONS)

        return re.sub(r"\b(E|BODY|N|OP|METHOD|FUNCTION)\b", fill, form)

    def _block(self, depth: int) -> str:
        count = self.random.randint(1, 3 if depth > 2 else 6)
        lines = "\n".join(self._statement(depth) for _ in range(count))
        return "\n".join("    " + line for line in lines.split("\n"))


def mutated(random_: random.Random, data: bytes) -> bytes:
    """Return the file with a few bytes or lines changed, doubled, dropped or moved."""
    for _ in range(random_.randint(1, 6)):
        if not data:
            break
        lines = data.split(b"\n")
        place, other = random_.randrange(len(lines)), random_.randrange(len(lines))
        match random_.randint(0, 6):
            case 0:
                at = random_.randrange(len(data))
                data = data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]
            case 1:
                at = random_.randrange(len(data))
                data = (
                    data[:at]
                    + random_.choice((b"(", b"'", b"{", b"\\", b"%", b"\t", b"*"))
                    + data[at:]
                )
            case 2:
                lines[place] = lines[other]
                data = b"\n".join(lines)
            case 3:
                del lines[place]
                data = b"\n".join(lines)
            case 4:
                lines[place:place] = lines[other : other + 8] * random_.randint(1, 30)
                data = b"\n".join(lines)
            case 5:
                words = (
                    b"True",
                    b"False",
                    b"None",
                    b"x",
                    b"op",
                    b"10**9",
                    b"[]",
                    b"''",
                    b"upgrade()",
                )
                data = data.replace(
                    random_.choice((b"'", b"sa.", b"op.", b"0", b"name")), random_.choice(words), 1
                )
            case _:
                start, end = sorted((random_.randrange(len(data)), random_.randrange(len(data))))
                data = data[:start] + data[end:]
    return data


def inputs(seed: int, count: int, corpus: list[Path]) -> Iterator[tuple[int, bytes, Path | None]]:
    for number in range(seed, seed + count):
        random_ = random.Random(number)
        if corpus and number % 2:
            file = random_.choice(corpus)
            yield number, mutated(random_, file.read_bytes()), file
        else:
            yield number, Writer(random_).revision().encode(), None


class TooSlowError(BaseException):
    pass


def _alarm(*_: object) -> None:
    raise TooSlowError


def read(data: bytes, file: Path | None) -> None:
    """Read the input as guard would; what is no Python is refused, as it would be."""
    try:
        module = Module(PythonSource("r.py", data), file)
    except SourceError:
        return
    folder = file.parent if file else Path("/nowhere")
    read_revision(module, Resolver(folder), "r", None)


def failure(data: bytes, file: Path | None) -> str | None:
    """Return what went wrong with the input, None where nothing did."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        read(data, file)
    except TooSlowError:
        return f"takes more than {SECONDS} s\n" + traceback.format_exc(limit=-6)
    except Exception:  # noqa: BLE001  whatever it is, it is what is looked for
        return traceback.format_exc(limit=-4)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if after > before and after > MEGABYTES * 1024:
        return f"{after // 1024} MB"
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the first input")
    parser.add_argument("--corpus", type=Path, help="a folder with revision files")
    parser.add_argument("--show", action="store_true", help="print the input of each failure")
    arguments = parser.parse_args()
    corpus = sorted(arguments.corpus.rglob("versions/*.py")) if arguments.corpus else []
    signal.signal(signal.SIGVTALRM, _alarm)
    start = time.perf_counter()
    failures = 0
    for number, data, file in inputs(arguments.seed, arguments.inputs, corpus):
        problem = failure(data, file)
        if problem is not None:
            failures += 1
            print(f"--seed {number} ({file or 'generated'}): {problem}", flush=True)
            if arguments.show:
                print(data.decode(errors="replace"))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{arguments.inputs} inputs, {failures} failures, {seconds:.0f} s, at most {peak} MB")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
