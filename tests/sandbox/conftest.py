"""A sandbox whose time stands still, and somebody to call it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from klarna_om.sandbox import Clock, Sandbox
from tests.sandbox.books import NOON, Books
from tests.sandbox.caller import Caller
from tests.support.time import Sleeps


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
async def sandbox(sleeps: Sleeps) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=Clock(lambda: NOON), sleep=sleeps) as served:
        yield served


@pytest.fixture
async def caller(sandbox: Sandbox) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(sandbox, session)
