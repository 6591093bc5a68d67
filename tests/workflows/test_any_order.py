"""Any calls of two processes, with any authorizations, faults, kills and times: one reference is never two captures.

Not covered: refusals with which the server breaks its own promise for a repeated key.
"""

import asyncio
import contextlib
from collections.abc import Awaitable

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klarna_om import CaptureObject, KlarnaClient, KlarnaError, Outcome, ReferenceTaken
from klarna_om.sandbox import Sandbox
from tests.proofs.conftest import LONG, MUTANT
from tests.workflows.calls import Kill, Killed, Once, authorize, capture, new_client, refund

pytestmark = pytest.mark.timeout(120)

REFERENCE = "s-1"
LOSSES = ("error-before", "error-after", "reset-before", "reset-after", "cut", "html-502", "html-200")


@frozen
class Call:
    """A process asks for an amount, and the next requests get these faults."""

    process: int
    amount: int
    faults: tuple[str, ...] = ()
    killed_at: int = 0
    """The request at which the process is killed; 0 for never."""
    is_sent: bool = False


@frozen
class Together:
    """Both processes ask at the same time."""

    amounts: tuple[int, int]


@frozen
class Authorize:
    """What is authorized changes."""

    amount: int


@frozen
class CaptureOther:
    """Something else is captured of the order, so that there is less to capture and more to refund."""

    amount: int


@frozen
class Wait:
    """Time passes."""

    hours: int


amounts = st.sampled_from([300, 500])
faults = st.lists(st.sampled_from(LOSSES), max_size=3).map(tuple)
steps = st.lists(
    st.builds(Call, st.integers(0, 1), amounts, faults, st.integers(0, 7), st.booleans())
    | st.builds(Call, st.integers(0, 1), amounts)
    | st.builds(Together, st.tuples(amounts, amounts))
    | st.builds(Authorize, st.sampled_from([100, 400, 1200, 2000]))
    | st.builds(CaptureOther, st.sampled_from([100, 300]))
    | st.builds(Wait, st.sampled_from([1, 25])),
    min_size=2,
    max_size=12,
)


class World:
    """An order, two processes, and the invariants."""

    def __init__(self, sandbox: Sandbox, once: Once) -> None:
        self.sandbox, self.once = sandbox, once
        self.order_id = sandbox.order(order_amount=200, captured_amount=100).order_id or ""

    def entries(self) -> dict[str | None, int | None]:
        """The amounts under the reference, by id."""
        order = self.sandbox.get(self.order_id)
        if self.once is capture:
            return {each.capture_id: each.captured_amount for each in order.captures if each.reference == REFERENCE}
        return {each.refund_id: each.refunded_amount for each in order.refunds if each.reference == REFERENCE}

    def ask(self, klarna: KlarnaClient, amount: int) -> Awaitable[str]:
        # As a caller does that has no record of the first try.
        return self.once(klarna, self.order_id, amount, REFERENCE, first_tried=self.sandbox.clock.now)

    async def call(self, klarna: KlarnaClient, amount: int) -> None:
        before = self.entries()
        self.check(amount, (await asyncio.gather(self.ask(klarna, amount), return_exceptions=True))[0], before)

    def check(self, amount: int, result: object, before: dict[str | None, int | None] | None = None) -> None:
        """A returned id has this amount; an outcome of no effect means that nothing has changed."""
        if isinstance(result, str):
            assert self.entries()[result] == amount
            return
        assert isinstance(result, KlarnaError), result
        if before is not None and result.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            assert self.entries() == before, result

    async def together(self, klarna: list[KlarnaClient], amounts: tuple[int, int]) -> None:
        calls = (self.ask(each, amount) for each, amount in zip(klarna, amounts, strict=True))
        for amount, result in zip(amounts, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            self.check(amount, result)

    async def settle(self) -> None:
        """In the end a new process gets the true ids."""
        shown = self.entries()
        async with new_client(self.sandbox) as klarna:
            for entry_id, amount in shown.items():
                assert await self.ask(klarna, amount or 0) == entry_id
                with pytest.raises(ReferenceTaken):
                    await self.ask(klarna, 7)
        assert self.entries() == shown


async def play(plan: list[object], once: Once, *, store_refusals: bool) -> None:
    async with Sandbox(limit=None, store_refusals=store_refusals) as sandbox:
        world = World(sandbox, once)
        async with new_client(sandbox) as one, new_client(sandbox) as two:
            for step in plan:
                match step:
                    case Call(process, amount, lost, 0):
                        for fault in lost:
                            sandbox.fail_next(fault=fault)
                        await world.call((one, two)[process], amount)
                    case Call(_, amount, lost, killed_at, is_sent):
                        for fault in lost:
                            sandbox.fail_next(fault=fault)
                        async with new_client(sandbox, Kill(killed_at, is_sent)) as klarna:
                            await _call_until_killed(world, klarna, amount)
                    case Together(both):
                        await world.together([one, two], both)
                    case Wait(hours):
                        sandbox.clock.advance(hours=hours)
                    case _:
                        await _change(one, world.order_id, step)
                sandbox.clear_failures()
                assert len(world.entries()) <= 1, world.entries()
        await world.settle()


async def _call_until_killed(world: World, klarna: KlarnaClient, amount: int) -> None:
    with contextlib.suppress(Killed, KlarnaError):
        world.check(amount, await world.ask(klarna, amount))


async def _change(klarna: KlarnaClient, order_id: str, step: object) -> None:
    try:
        match step:
            case Authorize(amount):
                await authorize(klarna, order_id, amount)
            case CaptureOther(amount):
                await klarna.captures.create(order_id, CaptureObject(captured_amount=amount, reference="another"))
    except KlarnaError:
        return  # it was not possible


EXAMPLES = 500 if LONG or MUTANT else 20


@pytest.mark.parametrize("store_refusals", [True, False], ids=["stored", "not-stored"])
@pytest.mark.parametrize("once", [capture, refund], ids=["capture", "refund"])
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=steps)
def test_one_reference_is_one_effect_and_no_id_of_another_amount(
    once: Once, store_refusals: bool, plan: list[object]
) -> None:
    asyncio.run(play(plan, once, store_refusals=store_refusals))
