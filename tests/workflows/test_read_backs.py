"""A failed read never changes what is known of a write."""

import pickle
from datetime import datetime, timedelta

import pytest

from klarna_om import (
    Conflict,
    ConnectionFailed,
    InvalidRequest,
    KlarnaClient,
    KlarnaError,
    NotAllowed,
    NotConfirmed,
    NotFound,
    Outcome,
    Request,
    Retry,
    ServerError,
    Unauthorized,
    UnrecognizedAnswer,
)
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import CONFIRMS, READS, AfterWrite, BeforeWrite, Once, both, capture, new_client, operations

BAD_READS: tuple[dict[str, object], ...] = (
    {"status": 401},
    {"status": 403},
    {"status": 404},
    {"status": 503},
    {"fault": "html-200"},
    {"fault": "reset-before"},
)
bad_reads = pytest.mark.parametrize("bad", BAD_READS, ids=lambda bad: str(next(iter(bad.values()))))


@both
@bad_reads
async def test_a_lost_write_stays_unknown_when_reading_back_fails_too(
    sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str, bad: dict[str, object]
) -> None:
    sandbox.fail_next(fault="error-after", operation=operation)

    async with new_client(sandbox, AfterWrite(lambda: sandbox.fail_next(**bad, operation=READS[operation]))) as klarna:  # type: ignore[arg-type]
        with pytest.raises(ServerError) as caught:
            await once(klarna, order_id, first_tried=now)

    error = caught.value
    assert (error.operation, error.outcome) == (operation, Outcome.UNKNOWN)
    assert error.idempotency_key in sandbox.keys_seen
    assert error.retry_until == now + timedelta(hours=24)
    assert isinstance(error.__cause__, KlarnaError)
    assert "Reading back failed too" in "".join(error.__notes__)


@both
async def test_a_refusal_stays_one_when_reading_back_fails(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox, AfterWrite(lambda: sandbox.fail_next(status=503, operation="orders.get"))) as klarna:
        with pytest.raises(NotAllowed) as caught:
            await once(klarna, order_id, 9_999)

    assert (caught.value.operation, caught.value.outcome) == (operation, Outcome.REFUSED)


@both
@bad_reads
async def test_when_the_first_read_fails_the_outcome_is_unknown(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, bad: dict[str, object]
) -> None:
    sandbox.fail_next(**bad, operation=READS[operation])  # type: ignore[arg-type]

    with pytest.raises(KlarnaError) as caught:
        await once(klarna, order_id)

    assert (caught.value.operation, caught.value.outcome) == (READS[operation], Outcome.UNKNOWN)
    assert "this call wrote nothing, an earlier one may have" in caught.value.explain()
    assert set(operations(sandbox)) == {READS[operation]}


@both
@pytest.mark.parametrize(("status", "advice"), [(404, "check the order id, the environment"), (401, "the credentials")])
async def test_the_advice_after_a_failed_read_names_what_to_mend(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, status: int, advice: str
) -> None:
    sandbox.fail_next(status=status, operation=READS[operation])

    with pytest.raises(KlarnaError) as caught:
        await once(klarna, order_id)

    assert advice in caught.value.what_to_do()


@both
async def test_when_klarna_is_unreachable_the_outcome_is_unknown(once: Once, operation: str) -> None:
    async with KlarnaClient("http://127.0.0.1:1", api_key="k", retry=Retry.off()) as klarna:
        with pytest.raises(ConnectionFailed) as caught:
            await once(klarna, "x")

    assert caught.value.outcome is Outcome.UNKNOWN


@both
async def test_an_order_id_that_cannot_be_one_was_never_sent(klarna: KlarnaClient, once: Once, operation: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await once(klarna, "..")

    assert caught.value.outcome is Outcome.NOT_SENT


@both
async def test_an_order_that_klarna_does_not_know_is_not_written_to(
    klarna: KlarnaClient, sandbox: Sandbox, once: Once, operation: str
) -> None:
    with pytest.raises(NotFound):
        await once(klarna, "00000000-0000-4000-8000-000000000000")

    assert operations(sandbox) == [READS[operation]]


@both
@bad_reads
async def test_an_id_that_cannot_be_compared_is_not_returned(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, bad: dict[str, object]
) -> None:
    sandbox.fail_next(**bad, operation=CONFIRMS[operation])  # type: ignore[arg-type]

    with pytest.raises(NotConfirmed, match=r"'s-1' has the id '.+' at Klarna, and its amount could not be read") as got:
        await once(klarna, order_id)

    assert (got.value.outcome, got.value.operation, got.value.order_id) == (Outcome.UNKNOWN, operation, order_id)
    assert isinstance(got.value.__cause__, KlarnaError)
    assert pickle.loads(pickle.dumps(got.value)).entry_id == got.value.entry_id
    assert await once(klarna, order_id) == got.value.entry_id
    assert sandbox.effects(order_id, operation) == 1


@both
@pytest.mark.parametrize("status", [400, 401, 413, 422, 429])
async def test_after_a_refusal_of_the_request_itself_nothing_is_read(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, status: int
) -> None:
    sandbox.fail_next(status=status, operation=operation)

    with pytest.raises(KlarnaError) as caught:
        await once(klarna, order_id)

    assert caught.value.outcome in (Outcome.REFUSED, Outcome.NOT_SENT)
    assert operations(sandbox) == [READS[operation], operation]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_bad_request_names_the_generation_for_the_corrected_one(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, status: int
) -> None:
    sandbox.fail_next(status=status, operation="captures.create")

    with pytest.raises(KlarnaError) as caught:
        await capture(klarna, order_id)

    assert "now: fix the request and call again with generation=1" in caught.value.explain()


async def test_rejected_credentials_keep_their_own_hint(klarna: KlarnaClient, sandbox: Sandbox, order_id: str) -> None:
    sandbox.fail_next(status=401, operation="captures.create")

    with pytest.raises(Unauthorized) as caught:
        await capture(klarna, order_id)

    assert "check the credentials" in caught.value.explain()


@both
async def test_a_conflict_may_be_another_call_in_progress(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    sandbox.fail_next(status=409, operation=operation)

    with pytest.raises(Conflict) as caught:
        await once(klarna, order_id)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(set(sandbox.keys_seen)) == 1


@both
async def test_a_conflict_with_a_finished_equal_call_is_a_success(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as other:

        async def capture_at_the_same_time(_: Request) -> None:
            await once(other, order_id)
            sandbox.fail_next(status=409, operation=operation)

        async with new_client(sandbox, BeforeWrite(capture_at_the_same_time)) as klarna:
            entry_id = await once(klarna, order_id)

    assert entry_id
    assert sandbox.effects(order_id, operation) == 1


async def test_a_success_whose_answer_named_no_id_is_found(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    sandbox.fail_next(fault="html-200", operation="captures.create")

    entry_id = await capture(klarna, order_id)

    assert entry_id in {captured.capture_id for captured in await klarna.captures.list(order_id)}


async def test_a_foreign_answer_stays_in_doubt_when_reading_back_fails(sandbox: Sandbox, order_id: str) -> None:
    sandbox.fail_next(fault="html-200", operation="captures.create")

    async with new_client(sandbox, AfterWrite(lambda: sandbox.fail_next(status=404))) as klarna:
        with pytest.raises(UnrecognizedAnswer) as caught:
            await capture(klarna, order_id)

    assert caught.value.outcome is Outcome.UNKNOWN
