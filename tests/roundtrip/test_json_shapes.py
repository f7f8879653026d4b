"""JSON is made up in the shape of the column's default, or of the code that takes it apart."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import project, round_trip, story


def test_json_is_seeded_in_the_shape_of_its_default(tmp_path: Path) -> None:
    table = """
    op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('a', sa.JSON(), server_default='[]', nullable=False),
        sa.Column('b', sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column('c', sa.Text(), server_default='[]', nullable=False))
    """
    upgrade = """
    import json
    for row in op.get_bind().execute(sa.text('SELECT a, b, c FROM t')):
        assert isinstance(json.loads(row.a), list)
        assert isinstance(json.loads(row.b), dict)
        assert isinstance(json.loads(row.c), list)
    """
    assert story(round_trip(project(tmp_path, (table, "op.drop_table('t')"), (upgrade, "")))) == []


JSON_TABLE = """
op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('config', sa.JSON(), nullable=False), sa.Column('payload', sa.Text(), nullable=False))
"""
TYPED = """
    import json
    t = sa.table('t', sa.column('id'), sa.column('config', sa.JSON), sa.column('payload'))
    conn = op.get_bind()
    rows = conn.execute(sa.select(t.c.id, t.c.config, t.c.payload)).fetchall()
"""
PLAIN = """
    import json
    conn = op.get_bind()
    rows = conn.execute(sa.text('SELECT id, config, payload FROM t')).fetchall()
"""
USES = {
    "an item in an item": (TYPED, "for row in rows:\n    row.config['steps'][0]['name'].upper()"),
    "objects in a list": (TYPED, "for row in rows:\n    for one in row.config:\n        one['x']"),
    "text": (PLAIN, "for row in rows:\n    json.loads(row.payload)['a']"),
    "text by its place": (PLAIN, "for row in rows:\n    json.loads(row[2])['a']['b']"),
    "text by a key": (PLAIN, "for row in rows:\n    json.loads(row._mapping['payload'])['a']"),
    "rows that are unpacked": (PLAIN, "for i, c, p in rows:\n    json.loads(p)['a'][0]['b']"),
    "names like columns": (TYPED, "for id_, config, payload in rows:\n    config['a']"),
    "a name for it": (TYPED, "for row in rows:\n    data = row.config or {}\n    data['a']['b']"),
    "a comprehension": (TYPED, "[s['name'] for row in rows for s in row.config['steps']]"),
    "pairs": (TYPED, "for row in rows:\n    for k, v in row.config.items():\n        v['x']"),
    "keys": (TYPED, "for row in rows:\n    for key in row.config:\n        row.config[key]['x']"),
    "values": (TYPED, "for row in rows:\n    for v in row.config.values():\n        v[0]['x']"),
    "what is taken out": (TYPED, "for row in rows:\n    row.config.pop('old')['x']"),
    "a list that grows": (TYPED, "for row in rows:\n    row.config['all'].append(1)"),
    "a list that is numbered": (
        TYPED, "for row in rows:\n    for n, one in enumerate(row.config):\n        one['x']",
    ),
    "text or not": (
        PLAIN,
        "for row in rows:\n    raw = row.config\n"
        "    data = json.loads(raw) if isinstance(raw, str) else raw\n    data['a']['b']",
    ),
    "numbers": (TYPED, "for row in rows:\n    row.config['n'] + 1\n    row.config['m'] > 2"),
    "what is put in": (TYPED, "for row in rows:\n    row.config['new'] = row.config['old']['x']"),
    "SQL": (PLAIN, "conn.execute(sa.text(\"SELECT json_extract(payload, '$.a') FROM t\")).all()"),
}  # fmt: skip


@pytest.mark.parametrize("case", USES)
def test_json_is_seeded_in_the_shape_that_the_code_uses(case: str, tmp_path: Path) -> None:
    before, use = USES[case]
    upgrade = textwrap.dedent(before) + use
    folder = project(tmp_path, (JSON_TABLE, "op.drop_table('t')"), (upgrade, "pass"))
    result = round_trip(folder)
    assert story(result) == []
    assert result.seeded_rows
    assert not [note for note in texts(result.notes) if "made-up values" in note]


@pytest.mark.parametrize(
    "use",
    [
        "for row in rows:\n    row.config['day'].fromisoformat()",  # a value of a type of its own
        "for row in rows:\n    assert_shape(row.config)",  # taken apart out of sight
    ],
)
def test_json_in_another_shape_is_a_note(use: str, tmp_path: Path) -> None:
    helper = "def assert_shape(data):\n    data['deep']['er']\n"
    upgrade = f"{helper}{textwrap.dedent(TYPED)}{use}"
    folder = project(tmp_path, (JSON_TABLE, "op.drop_table('t')"), (upgrade, "pass"))
    result = round_trip(folder)
    assert story(result) == []
    assert [
        note for note in texts(result.notes) if "Tested without rows" in note and "r2 (" in note
    ]


def test_a_failure_over_json_that_is_the_revisions_own_stays_one(tmp_path: Path) -> None:
    upgrade = textwrap.dedent(TYPED) + (
        "for row in rows:\n    row.config['a']['b']\n"
        "    conn.execute(sa.text('UPDATE t SET id = NULL, config = NULL'))"
    )
    folder = project(tmp_path, (JSON_TABLE, "op.drop_table('t')"), (upgrade, "pass"))
    assert story(round_trip(folder)) == [("r2", "upgrade-with-rows fails")]
