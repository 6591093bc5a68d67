"""The shop's own tables."""

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

METADATA = MetaData()

ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("currency", String, nullable=False),
    Column("fraud_status", String, nullable=False),
)


def _movements(name: str) -> Table:
    """One row for each time that money is to move; its id is the reference at Klarna."""
    return Table(
        name,
        METADATA,
        Column("id", String, primary_key=True),
        Column("order_id", String, ForeignKey("orders.order_id"), nullable=False),
        Column("amount", Integer, nullable=False),
        Column("intent_id", String, nullable=False, unique=True),
        Column("state", String, nullable=False, default="pending"),
        Column("klarna_id", String),
    )


SHIPMENTS = _movements("shipments")
RETURNS = _movements("returns")
