"""How each operation's rows are sent."""

from klarna_om.batch.calls import Sender, SendResult
from klarna_om.batch.journal import Row
from klarna_om.catalogue import ACKNOWLEDGE
from klarna_om.client import KlarnaClient
from klarna_om.keys import Key
from klarna_om.workflows.send_write import Write, send_write

TOTAL_TIMEOUT = 1_800.0
"""Seconds for all attempts of a call and its waits. A slow rate makes long queues, and a repeat must not come after
Klarna has forgotten its key."""


def in_batch_lane(client: KlarnaClient) -> KlarnaClient:
    """A copy of the client whose calls let live ones go first, and may wait long for their place."""
    return client.with_options(lane="batch", total_timeout=TOTAL_TIMEOUT, queue_timeout=None)


def make_sender(client: KlarnaClient, operation: str) -> Sender:
    """The call for one row, in the client's batch lane.

    An acknowledgement is sent as it is, as repeating it is harmless. A capture or refund is looked for at Klarna first,
    and read after it was made: three requests for a new one, one for one that is there.
    """
    client = in_batch_lane(client)

    async def acknowledge(row: Row, key: Key) -> SendResult:
        reply = await client.reply(client.orders.acknowledge(row.order_id, idempotency_key=key))
        return SendResult(status=reply.status, correlation_id=reply.correlation_id, attempts=len(reply.attempts))

    async def write(row: Row, key: Key) -> SendResult:
        sent = await send_write(
            client,
            Write(
                operation=operation,
                order_id=row.order_id,
                capture_id=row.capture_id,
                body=row.body,
                generation=row.generation,
                key=key,
            ),
        )
        response = sent.response
        return SendResult(
            status=response.status,
            correlation_id=response.correlation_id,
            attempts=sent.requests,
            result_id=sent.result_id,
        )

    return acknowledge if operation == ACKNOWLEDGE.name else write
