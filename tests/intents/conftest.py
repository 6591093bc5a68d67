"""A sandbox, and a client whose time is the sandbox's and does not pass."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from klarna_om import KlarnaClient, Retry
from klarna_om.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Klarna that stores no time-outs."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client that does not retry, so that each doubt reaches the helper."""
    async with KlarnaClient(
        sandbox.url,
        username="sandbox",
        password="sandbox",
        retry=Retry.off(),
        pace="off",
        wall_clock=sandbox.clock,
    ) as client:
        yield client


@pytest.fixture
def now(sandbox: Sandbox) -> datetime:
    """The present, as the shop writes it down."""
    return sandbox.clock.now
