"""A sandbox whose time stands still, and its caller."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from tests.sandbox.caller import Caller
from tests.sandbox.ledger_driver import LedgerDriver, clock_at_noon
from tests.sandbox.shop import Shop, run_shop
from tests.support.time import Sleeps


@pytest.fixture
def driver() -> LedgerDriver:
    return LedgerDriver()


@pytest.fixture
async def sandbox(sleeps: Sleeps) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock_at_noon(), sleep=sleeps) as served:
        yield served


@pytest.fixture
async def caller(sandbox: Sandbox) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(sandbox, session)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with run_shop() as served:
        yield served
