"""Any operations, faults, crashes and clock jumps, in any order: the promises hold after every step.

    effects per intent <= 1 within 24 hours             success reported -> exactly 1
    refused or not sent reported -> 0                   unknown reported -> 0 or 1, and the same key resolves it
    sums never exceed the authorization, and are what was intended
    no key has two requests                             nothing is in flight when idle

`KLARNA_OM_PROOFS=long` takes thousands of steps, different ones each time.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from klarna_om.outcome import Outcome
from tests.proofs.calling import READ_CALLS, WRITE_CALLS
from tests.proofs.conftest import LONG, MUTANT
from tests.proofs.machine import FAULTS, HANGS, World

pytestmark = pytest.mark.timeout(1800 if LONG else 120)

writes = st.sampled_from(sorted(WRITE_CALLS))
mostly_money = st.sampled_from(["captures.create", "refunds.create"]) | writes
reads = st.sampled_from(sorted(READ_CALLS))
some_faults = st.lists(st.sampled_from(FAULTS), max_size=5)
every_answer_lost = st.lists(st.sampled_from(["error-after", "reset-after", "cut"]), min_size=4, max_size=4)
always_refused = st.lists(st.sampled_from(["429", "401", "409"]), min_size=4, max_size=4)
faults = some_faults | every_answer_lost | always_refused
numbers = st.integers(0, 50)
intents = st.just(-1) | numbers  # most often the last one
amounts = st.integers(1, 3_000)


class Machine(RuleBasedStateMachine):
    """Each rule is one thing that happens."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World

    @initialize(store_refusals=st.booleans())
    def start(self, store_refusals: bool) -> None:
        self.world = World(store_refusals=store_refusals)

    @rule(operation=mostly_money, order=numbers, amount=amounts, faults=faults)
    def call_for_a_new_intent(self, operation: str, order: int, amount: int, faults: list[str]) -> None:
        self.world.run(self.world.call(self.world.new_intent(operation, order, amount), faults))

    @rule(operation=mostly_money, order=numbers, amount=amounts, faults=faults, turns=st.integers(0, 40))
    def crash_in_the_middle_of_a_call(
        self, operation: str, order: int, amount: int, faults: list[str], turns: int
    ) -> None:
        self.world.run(self.world.crash(self.world.new_intent(operation, order, amount), faults, turns))

    @precondition(lambda self: self.world.usable(0))
    @rule(number=intents, faults=faults, concurrency=st.sampled_from([1, 1, 1, 3]))
    def repeat_a_call_under_its_key(self, number: int, faults: list[str], concurrency: int) -> None:
        intent = self.world.usable(number)
        assert intent is not None
        self.world.run(self.world.call(intent, faults, concurrency))

    @precondition(lambda self: self.world.usable(0))
    @rule(number=intents)
    def settle_an_intent_under_its_key(self, number: int) -> None:
        intent = self.world.usable(number)
        assert intent is not None
        self.world.run(self.world.settle(intent))

    @precondition(lambda self: self.world.usable(0))
    @rule(number=intents, operation=writes)
    def use_a_key_for_another_request(self, number: int, operation: str) -> None:
        intent = self.world.usable(number)
        assert intent is not None
        # A key under which nothing was sent is free, so another request may have it.
        if intent.operation != operation and intent.result is not Outcome.NOT_SENT:
            self.world.run(self.world.misuse(intent, operation))

    @rule(operation=mostly_money, order=numbers, amount=amounts, hang=st.sampled_from(HANGS), others=faults)
    def call_while_the_server_hangs(
        self, operation: str, order: int, amount: int, hang: str, others: list[str]
    ) -> None:
        self.world.run(self.world.call(self.world.new_intent(operation, order, amount), [hang, *others[:2]]))

    @rule(operation=reads, order=numbers, faults=faults)
    def read(self, operation: str, order: int, faults: list[str]) -> None:
        self.world.run(self.world.read(operation, order, faults))

    @rule(attempts=st.sampled_from([1, 1, 2, 4]))
    def change_max_attempts(self, attempts: int) -> None:
        self.world.attempts = attempts

    @rule(seconds=st.sampled_from([60.0, 3600.0, 6 * 3600.0, 25 * 3600.0, 20 * 24 * 3600.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(captured=st.sampled_from([0, 2_500]))
    def create_an_order(self, captured: int) -> None:
        self.world.new_order(captured)

    @invariant()
    def the_promises_hold(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        world: Any = getattr(self, "world", None)
        if world is None:
            return
        try:
            for number, _ in enumerate(world.intents):
                if (intent := world.usable(number)) is not None:
                    world.run(world.settle(intent))
            world.check()
        finally:
            world.close()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    settings.get_profile("suite"),
    derandomize=not LONG,
    max_examples=300 if LONG or MUTANT else 30,
    stateful_step_count=50 if LONG else 15,
    phases=[Phase.generate] if MUTANT else list(Phase),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
