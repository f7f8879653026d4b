"""GeoAlchemy2: Alembic's operations under names of its own, for tables with spatial columns."""

from __future__ import annotations

from guard.operations import AddColumn, Column, CreateIndex, DropColumn, Name, Type
from guard.reader.evaluate.run import Example, Library
from guard.reader.libraries.alembic.operations import NAMES

_OPERATIONS = {
    "add_geospatial_column": "add_column",
    "create_geospatial_index": "create_index",
    "create_geospatial_table": "create_table",
    "drop_geospatial_column": "drop_column",
    "drop_geospatial_index": "drop_index",
    "drop_geospatial_table": "drop_table",
}
_ABOVE = """
import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry, alembic_helpers
"""

LIBRARY = Library(
    names={f"alembic.op.{name}": NAMES[f"alembic.op.{same}"] for name, same in _OPERATIONS.items()},
    examples=(
        Example(
            'op.add_geospatial_column("t", sa.Column("g", Geometry(spatial_index=False)))',
            (AddColumn(table=Name("t"), column=Column(name="g", type=Type(name="geometry"))),),
            _ABOVE,
        ),
        Example(
            'op.create_geospatial_index("i", "t", ["g"], unique=False, postgresql_using="gist")',
            (CreateIndex(table=Name("t"), name="i", columns=("g",), method="gist"),),
            _ABOVE,
        ),
        Example(
            'op.drop_geospatial_column("t", "g")',
            (DropColumn(table=Name("t"), column="g"),),
            _ABOVE,
        ),
    ),
)
