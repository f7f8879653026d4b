"""Texts that want to be more than text, and a report that is made of one of them."""

from __future__ import annotations

import re

from reports import PATH

from guard.finding import Finding, Related, Report
from guard.note import Note
from guard.statement import Span

HOSTILE = {
    "clear the screen": "\x1b[2J\x1b[31mred",
    "link of a terminal": "\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "one-byte escape": "\x9b2J",
    "carriage return": "bad\rgood",
    "backspace": "bad\b\b\bgood",
    "null": "a\x00b",
    "turned around": "a\u202eb\u2066c\u2069",
    "command of GitHub": "x\n::error title=x::y",
    "mask of GitHub": "\n::add-mask::guard",
    "stop of GitHub": "x ::stop-commands::pause",
    "old command": "##[error]x",
    "command of Azure": "##vso[task.setvariable variable=PATH]x",
    "command of Azure, later": "a ##VSO[task.complete result=Succeeded;]DONE",
    "command of TeamCity": "##teamcity[buildStatus status='SUCCESS']",
    "section of GitLab": "\x1b[0Ksection_start:1:x\r\x1b[0K",
    "quick action of GitLab": "x\n/approve\n/merge",
    "mention": "@team, please (@org/admins)",
    "issue": "closes #123, org/repo#7",
    "bold, italic, struck": "**a** __b__ _c_ ~~d~~",
    "pipe": "a | b |\n|---|---|\n| c | d |",
    "backticks": "a ` b `` c ``` d",
    "fence": "x\n```\n# out\n~~~~",
    "heading": "# big\n## bigger\nunder\n=====",
    "list": "- [ ] done\n1. one",
    "link": "[click](https://evil.example) [a]: https://evil.example",
    "reference": "[x][y]\n\n[y]: https://evil.example",
    "bare link": "https://evil.example www.evil.example me@evil.example",
    "angle link": "<https://evil.example>",
    "image": "![i](https://evil.example/i.png) <img src=https://evil.example/i.png>",
    "script": "<script>alert(1)</script><a href='javascript:x'>y</a>",
    "end of the fold": "</details></summary><h1>big</h1>",
    "comment": "<!-- migration-guard: report --> --> <!--",
    "code in HTML": "`<script>` `</summary>` `<img src=x>`",
    "entity": "&lt;b&gt; &#64;team &commat;team",
    "mathematics": "$a$ $$b$$ $`c`$",
    "CDATA": "]]> <![CDATA[ &x;",
    "no XML": "a\ufffeb\uffff\x0b\x0c",
    "no text": "a\udcffb\ud800",
    "percent": "100%0A::error::x%0D",
    "line ends of Unicode": "a\u2028::error::b\u2029c\x85d",
}
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def report(said: str) -> Report:
    """A report in which every text that may come from a repository is this one."""
    found = Finding(
        rule="drop-table",
        severity="error",
        message=f"Dropping {said} deletes its rows.",
        remedy=f"Keep {said}:\n{said}",
        span=Span(f"db/{said}.py", 1),
        related=(Related(Span(f"app/{said}.py", 1), said),),
        evidence=(said,),
        revision=said,
        direction="upgrade",
        object=said,
        approvable=True,
        url="https://rules.example/drop-table.md",
    )
    silenced = Finding(
        rule="drop-column",
        severity="error",
        message=said,
        remedy=said,
        span=Span(PATH, 2),
        status="approved",
        reason=said,
        approvers=(said,),
        object=said,
    )
    return Report(
        findings=(found, silenced),
        notes=(Note("base", f"Compared with {said}."),),
        checked=(f"history against {said}",),
        errors=(f"{said} cannot run: {said}",),
    )
