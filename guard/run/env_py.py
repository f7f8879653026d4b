"""What an env.py executes runs whenever Alembic does, so the rules on lost data judge it."""

from __future__ import annotations

from collections.abc import Sequence

from guard.finding import Finding
from guard.history.read import env_py_in
from guard.judge.judge import Judge
from guard.judge.statements import judge_env_py
from guard.paths import relative
from guard.python_source import PythonSource
from guard.reader.modules import Resolver
from guard.run.histories import ChangedHistory
from guard.run.known import told_apart
from guard.run.part import Part
from guard.run.released import Released
from guard.run.scope import Scope
from guard.statement import Statement


def judged_env_py(
    scope: Scope, history: ChangedHistory, judge: Judge, released: Released | None
) -> Part:
    """Return what the rules say of the environment's env.py, what the base's does set apart."""
    path = history.environment.script_location / "env.py"

    def judged(statements: Sequence[Statement]) -> list[Finding]:
        return [*judge_env_py(statements, judge, scope.dialect)]

    findings = judged(history.env_py.statements)
    if not findings or (scope.named and path not in scope.named):
        return Part()
    shown = relative(path, scope.root)
    texts = {shown: scope.sources.source(shown, scope.sources.read(path)).text}
    then = released.before([path]).get(path) if released else None
    if then is None:
        return Part(findings=tuple(findings), texts=texts)
    source = PythonSource(shown, then, scope.sources.newer)
    environment = history.environment
    search = (*environment.sys_path, environment.script_location)
    before = env_py_in(source, path, Resolver(scope.root, search, scope.sources), scope.dialect)
    had = judged(before.statements)
    new, known = told_apart(findings, texts, had, {shown: source.text})
    return Part(findings=new, known=known, texts=texts)
