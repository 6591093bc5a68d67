"""A sandbox, and a client on the sandbox's clock, which stands still."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from klarna_om import KlarnaClient
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import new_client


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox that stores refusals under their keys."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client that does not retry, so that the workflow sees each doubt."""
    async with new_client(sandbox) as client:
        yield client


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    """An order of 1000, of which 500 are captured."""
    return sandbox.order(order_amount=1000, captured_amount=500).order_id or ""


@pytest.fixture
def now(sandbox: Sandbox) -> datetime:
    """The current time, as the shop records it."""
    return sandbox.clock.now
