"""A sandbox, and what makes clients of it."""

from collections.abc import AsyncIterator, Callable

import pytest

from klarna_om import KlarnaClient
from klarna_om.sandbox import Sandbox
from tests.support.shop import Shop

MakeKlarna = Callable[[], KlarnaClient]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox without a limit."""
    async with Sandbox(limit=None) as served:
        yield served


@pytest.fixture
def make_klarna(sandbox: Sandbox) -> MakeKlarna:
    """As a service is given it."""
    return lambda: KlarnaClient(sandbox.url, username=sandbox.username, password=sandbox.password)


@pytest.fixture
def shop() -> Shop:
    """It stores what it is given."""
    return Shop()
