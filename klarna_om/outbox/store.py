"""What a drain reads and writes: claims with leases, results, and what is still to be reported."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, cast
from uuid import UUID, uuid4

from attrs import field, frozen

from klarna_om.ids import is_uuid
from klarna_om.outbox import statements
from klarna_om.outbox.binding import bind, check_target
from klarna_om.outbox.connections import Transaction
from klarna_om.outbox.database import Database
from klarna_om.outbox.errors import IntentNotFound, SchemaMissing
from klarna_om.outbox.intent import Intent, intent_of
from klarna_om.outbox.schema import VERSION, exists
from klarna_om.outbox.states import State, Step, step_before_call
from klarna_om.workflows.after_window import AFTER_WINDOW

Callback = Callable[[Any, Intent], Awaitable[object]]
"""Gets the driver's connection, in the transaction that records that it was reported, and the intent."""


class CallbackFailed(Exception):
    """The shop's callback has raised its `__cause__`."""

    def __init__(self, intent: Intent) -> None:
        super().__init__(intent.id)
        self.intent = intent


@frozen
class Claim:
    """An intent that this process may work on for a while."""

    intent: Intent
    lease: UUID
    was_tried: bool
    """May it have been sent before, under another lease?"""
    age: float
    """Seconds since its key may first have been in use."""


@frozen(kw_only=True)
class Finish:
    """What is recorded at the end of a call."""

    state: State
    delay: float = 0.0
    """Seconds until it is due again."""
    failed_calls: int = 0
    is_new_generation: bool = False
    """Klarna refused it, and it is called again under another key."""
    forget_try: bool = False
    """Nothing was sent, now or before: its key was never in use."""
    attempts: int = 0
    result_id: str | None = field(default=None)
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    correlation_ids: str = ""
    detail: str | None = None


@frozen
class Store:
    """The intents of one database."""

    database: Database

    async def check_schema(self) -> None:
        """Raise `SchemaMissing` where the tables are not those of this release."""
        async with self.database.transaction() as (transaction, _):
            found = await transaction.fetch(exists(transaction.dialect))
            if not found or found[0][0] is None:
                raise SchemaMissing(
                    f"the outbox has no tables in {self.database}: `await create_schema(connection)` makes them"
                )
            ((version,),) = await transaction.fetch("select max(version) from {version}")
        if version != VERSION:
            raise SchemaMissing(f"the outbox's tables have version {version}, and this release needs {VERSION}")

    async def check_target(self, target: str) -> None:
        """Raise `ConfigurationError` where the intents were sent to another host than this one."""
        async with self.database.transaction() as (transaction, _):
            await check_target(transaction, target)

    async def claim(self, seconds: float, target: str) -> Claim | None:
        """Take the lease of the next intent that is due; None where there is none, or another process was faster.

        The first claim makes the outbox that of the host `target`; raises `ConfigurationError` where it is another's.
        """
        while True:
            async with self.database.transaction() as (transaction, _):
                found = await transaction.fetch(statements.NEXT_DUE)
                if not found:
                    return None
                *row, age = found[0]
                intent = intent_of(tuple(row))
                await transaction.fetch("{lock_order}", order_id=intent.order_id)
                if not await transaction.fetch(statements.IS_FREE, id=intent.id):
                    return None
                await bind(transaction, target)
                claim = await _take(transaction, intent, None if age is None else float(age), seconds)
            if claim is not None:
                return claim

    async def renew(self, claim: Claim, seconds: float) -> bool:
        """Keep the lease for longer; False where another process has taken it over."""
        async with self.database.transaction() as (transaction, _):
            return bool(
                await transaction.fetch(statements.RENEW, id=claim.intent.id, lease=claim.lease, seconds=seconds)
            )

    async def finish(self, claim: Claim, finish: Finish) -> bool:
        """Record the end of a call and give back the lease; False where another process has taken it over."""
        async with self.database.transaction() as (transaction, _):
            recorded = await transaction.fetch(
                statements.FINISH,
                id=claim.intent.id,
                lease=claim.lease,
                seconds=finish.delay,
                is_settled=finish.state not in (State.PENDING, State.UNKNOWN),
                state=finish.state.value,
                failed_calls=finish.failed_calls,
                forget_try=finish.forget_try or finish.is_new_generation,
                is_new_generation=finish.is_new_generation,
                attempts=finish.attempts,
                result_id=finish.result_id,
                status=finish.status,
                error_code=finish.error_code,
                correlation_id=finish.correlation_id,
                correlation_ids=finish.correlation_ids,
                detail=finish.detail,
            )
            if recorded:
                await transaction.fetch("{notify}")
        return bool(recorded)

    async def release(self, claim: Claim) -> None:
        """Give back the lease without a result; the intent may have been sent."""
        async with self.database.transaction() as (transaction, _):
            if await transaction.fetch(statements.RELEASE, id=claim.intent.id, lease=claim.lease):
                await transaction.fetch("{notify}")

    async def find(self, intent_id: UUID) -> Intent:
        """Read one intent."""
        async with self.database.transaction() as (transaction, _):
            return await find(transaction, intent_id)

    async def report_next(self, callback: Callback, delay: float) -> bool:
        """Report one result, in the transaction that records it; False where there is none to report.

        Raises `CallbackFailed` where the callback raises; the result is reported again after the delay.
        """
        async with self.database.transaction() as (transaction, _):
            unreported = await transaction.fetch(statements.NEXT_UNREPORTED)
        if not unreported:
            return False
        intent = intent_of(unreported[0])
        try:
            async with self.database.transaction() as (transaction, connection):
                if await transaction.fetch(statements.REPORT, id=intent.id, state=intent.state.value):
                    await _call(callback, connection, intent)
                    await _check_usable(transaction, intent)
        except CallbackFailed:
            async with self.database.transaction() as (transaction, _):
                await transaction.fetch(statements.REPORT_LATER, id=intent.id, seconds=delay)
            raise
        return True


async def _call(callback: Callback, connection: Any, intent: Intent) -> None:
    try:
        called = cast("object", callback(connection, intent))
        if not isawaitable(called):
            raise TypeError("on_result must be an `async def`: what it returned cannot be awaited")  # noqa: TRY301
        await called
    except Exception as reason:
        raise CallbackFailed(intent) from reason  # also what the database says of the callback's own statements


async def _check_usable(transaction: Transaction, intent: Intent) -> None:
    """After an error of the database that the callback caught, PostgreSQL would roll back instead of commit."""
    try:
        await transaction.fetch("select 1")
    except Exception as reason:
        raise CallbackFailed(intent) from reason


async def _take(transaction: Transaction, intent: Intent, age: float | None, seconds: float) -> Claim | None:
    """Lease an intent; None where it is escalated instead. `first_tried` is committed with the lease."""
    step = step_before_call(intent.operation, age)
    if step is Step.STOP:
        await transaction.fetch(statements.STOP, id=intent.id, detail=_why_stopped(intent))
        await transaction.fetch("{notify}")
        return None
    lease = uuid4()
    is_new_key = age is None or step is Step.RENEW
    (taken,) = await transaction.fetch(
        statements.CLAIM,
        id=intent.id,
        lease=lease,
        seconds=seconds,
        generation=intent.generation + (step is Step.RENEW),
        is_new_key=is_new_key,
    )
    return Claim(intent_of(taken), lease, was_tried=age is not None, age=0.0 if is_new_key else max(age or 0.0, 0.0))


async def find(transaction: Transaction, intent_id: UUID) -> Intent:
    """Read one intent; raises `IntentNotFound`."""
    found = await transaction.fetch(statements.FIND, id=intent_id) if is_uuid(str(intent_id)) else []
    if not found:
        raise IntentNotFound(f"there is no intent {intent_id} here: it was rolled back, or not committed yet")
    return intent_of(found[0])


def _why_stopped(intent: Intent) -> str:
    return (
        "it may have been sent more than 23 hours ago, and Klarna keeps a key for 24: sent again,"
        f" {AFTER_WINDOW[intent.operation].reason}. Look the order up at Klarna, then call outbox.settle"
    )
