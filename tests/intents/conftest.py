"""A sandbox, and a client whose time is the sandbox's and does not pass."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from klarna_om import KlarnaClient
from klarna_om.sandbox import Sandbox
from tests.intents.calls import client_of


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Klarna that keeps its refusals under their keys."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    """A client that does not retry, so that each doubt reaches the helper."""
    async with client_of(sandbox) as client:
        yield client


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    """An order of 1000, of which 500 are captured."""
    return sandbox.order(order_amount=1000, captured_amount=500).order_id or ""


@pytest.fixture
def now(sandbox: Sandbox) -> datetime:
    """The present, as the shop writes it down."""
    return sandbox.clock.now
