"""The retry budget, to the token."""

import pytest

from klarna_om.errors import ServerError, StatusError
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Retry
from klarna_om.retry.rules import COST, TIMEOUT_COST
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire


@pytest.mark.parametrize(("status", "cost"), [(503, COST), (408, TIMEOUT_COST)])
@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_a_budget_pays_for_exactly_as_many_retries_as_it_holds(
    make_client: MakeClient, server: Wire, status: int, cost: int, retries: int
) -> None:
    server.otherwise = Answer(status)
    for spare in (0, cost - 1):
        server.requests.clear()
        budget = Budget(retries * cost + spare)

        with pytest.raises(StatusError) as caught:
            await make_client(budget=budget, retry=Retry(max_attempts=9)).orders.acknowledge(ORDER_ID)

        assert (len(server.requests), budget.tokens) == (1 + retries, spare)
        assert "the retry budget is empty" in caught.value.stopped


async def test_an_outage_is_not_multiplied(make_client: MakeClient, server: Wire) -> None:
    """A thousand calls that fail make at most a tenth more requests than calls, once the budget is spent."""
    server.otherwise = Answer(503)
    klarna = make_client()

    for _ in range(1000):
        with pytest.raises(ServerError):
            await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) <= 1100
