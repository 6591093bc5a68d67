"""Add an intent in the caller's transaction, or find the one that is the same."""

from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid4

import msgspec

from klarna_om.outbox import statements
from klarna_om.outbox.connections import Transaction
from klarna_om.outbox.errors import ReferenceInUse
from klarna_om.outbox.intent import intent_of
from klarna_om.outbox.states import State
from klarna_om.workflows.new_intent import NewIntent


async def add(transaction: Transaction, new: NewIntent) -> UUID:
    """The id of the intent, be it new or known; `ReferenceInUse` where the reference stands for another one."""
    intent_id = uuid4()
    added = await transaction.fetch(
        statements.ADD,
        id=intent_id,
        operation=new.operation,
        order_id=new.order_id,
        capture_id=new.capture_id,
        reference=new.reference,
        body=new.body,
    )
    if not added:
        return await _find_same(transaction, new)
    await transaction.fetch("{notify}")
    return intent_id


async def _find_same(transaction: Transaction, new: NewIntent) -> UUID:
    """The id of the intent that has the reference, if it is the same; one that was refused is called again."""
    (row,) = await transaction.fetch(
        statements.FIND_BY_REFERENCE, operation=new.operation, order_id=new.order_id, reference=new.reference
    )
    known = intent_of(row)
    if known.capture_id == new.capture_id and _document(known.body) == _document(new.body):
        if known.state is State.REFUSED:
            await transaction.fetch(statements.RETRY, id=known.id)
            await transaction.fetch("{notify}")
        return known.id
    error = ReferenceInUse(
        f"the order has an intent {new.operation} with the reference {new.reference!r} and another body;"
        " give each intent a reference of its own"
    )
    error.operation, error.order_id = new.operation, new.order_id
    raise error


def _document(body: str | None) -> Any:
    """What a body holds, however its fields are ordered and its letters composed."""
    return None if body is None else msgspec.json.decode(normalize("NFC", body))
