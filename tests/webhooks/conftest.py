"""A sandbox with one order, a client of it, and the shop."""

from collections.abc import AsyncIterator

import pytest

from klarna_om import KlarnaClient
from klarna_om.sandbox import Sandbox
from tests.support.shop import Shop


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox without a limit."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client of the sandbox, as a service has it."""
    async with KlarnaClient(sandbox.url, username=sandbox.username, password=sandbox.password) as client:
        yield client


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    """An order that is not acknowledged."""
    return sandbox.order(order_amount=1000).order_id or ""


@pytest.fixture
def shop() -> Shop:
    """It stores what it is given."""
    return Shop()
