"""The call for an intent, made only while this process has its lease."""

from collections.abc import Callable

from klarna_om.client import KlarnaClient
from klarna_om.keys import Key
from klarna_om.outbox.store import Claim
from klarna_om.send_check import check_before_send
from klarna_om.workflows.send_write import Sent, Write, send_write


async def send(klarna: KlarnaClient, claim: Claim, check: Callable[[], None]) -> Sent:
    """Make the call; `check` raises where nothing may be sent any more."""
    checking = check_before_send.set(check)
    try:
        return await send_write(klarna, _write_of(klarna, claim))
    finally:
        check_before_send.reset(checking)


def _write_of(klarna: KlarnaClient, claim: Claim) -> Write:
    """The key gets its age on the client's own clock: the database's may differ."""
    intent = claim.intent
    return Write(
        operation=intent.operation,
        order_id=intent.order_id,
        capture_id=intent.capture_id,
        body=intent.body,
        generation=intent.generation,
        key=Key(intent.idempotency_key, klarna.wall_clock() - claim.age),
    )
