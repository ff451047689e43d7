"""Endpoints, deliveries and attempts; and the tables of the road."""

from alembic import op

from services.notification.adapters.tables import TABLES_V1
from shared.messaging.tables import ROAD_TABLES_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in (ROAD_TABLES_V1 + TABLES_V1).split(";"):
        if statement.strip():
            op.execute(statement)
