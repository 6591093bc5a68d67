"""A sandbox whose clock stands until it is advanced over HTTP, and its control endpoints."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from klarna_om.sandbox import Sandbox
from tests.sandbox.ledger_driver import clock_at_noon
from tests.sandbox.scenarios.kit import Kit


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock_at_noon()) as served:
        yield served


@pytest.fixture
async def kit(sandbox: Sandbox) -> AsyncIterator[Kit]:
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield Kit(session)
