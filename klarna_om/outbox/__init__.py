"""A transactional outbox: what a shop decided in a database transaction happens at Klarna, once.

    outbox = Outbox(pool)  # a psycopg_pool.AsyncConnectionPool; pip install 'klarna-om[postgres]'

    async with pool.connection() as connection:  # one transaction
        await connection.execute("update shipments set sent = now() where id = 7")
        await outbox.capture(connection, order_id, CaptureObject(captured_amount=700, reference="shipment-7"))

    async with outbox.draining(klarna):  # in the service's lifespan, in as many processes as there are
        ...

The rules are written in words in `klarna_om.outbox.states`.
"""

from klarna_om.outbox.errors import IntentNotFound, LeaseLost, ReferenceInUse, SchemaMissing
from klarna_om.outbox.intent import Intent
from klarna_om.outbox.outbox import Outbox, create_schema
from klarna_om.outbox.schema import schema_sql
from klarna_om.outbox.snapshot import Snapshot
from klarna_om.outbox.states import State

__all__ = [
    "Intent",
    "IntentNotFound",
    "LeaseLost",
    "Outbox",
    "ReferenceInUse",
    "SchemaMissing",
    "Snapshot",
    "State",
    "create_schema",
    "schema_sql",
]
