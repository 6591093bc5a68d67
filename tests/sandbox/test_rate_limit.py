import aiohttp
import pytest

from klarna_om.rate_limit import RateLimit, rate_limit
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.rate_limit import Quota
from tests.sandbox.caller import Caller
from tests.sandbox.ledger_driver import NOON
from tests.support.time import Clock


async def test_every_response_has_the_quota_in_klarnas_format(caller: Caller) -> None:
    await caller.acknowledge()

    response = await caller.acknowledge()

    assert response.headers["X-Ratelimit-Limit"] == "200, 200;w=1"
    assert response.headers["X-Ratelimit-Remaining"] == "198"
    assert response.headers["X-Ratelimit-Reset"] == "1"
    assert rate_limit(response.headers) == RateLimit(200, 1, 198, 1)


async def test_requests_beyond_the_quota_get_429_until_the_next_second(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 2

    responses = [await caller.acknowledge() for _ in range(4)]
    sandbox.clock.advance(seconds=1)
    responses.append(await caller.acknowledge())

    assert [each.status for each in responses] == [204, 204, 429, 429, 204]
    assert responses[2].error_code == "TOO_MANY_REQUESTS"
    assert responses[2].headers["X-Ratelimit-Remaining"] == "0"
    assert sandbox.acknowledgements == 3


async def test_reads_use_the_quota_too(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 1

    statuses = [(await caller.call("GET", "")).status for _ in range(2)]

    assert statuses == [200, 429]


async def test_without_a_limit_there_are_no_quota_headers(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = None

    response = await caller.acknowledge()

    assert sandbox.limit is None
    assert not [name for name in response.headers if name.startswith("X-Ratelimit")]


async def test_wrong_credentials_use_no_quota(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 1

    unauthorized = await caller.send("GET", "/", headers={"Authorization": ""})
    authorized = await caller.acknowledge()

    assert (unauthorized.status, authorized.status) == (401, 204)


@pytest.mark.parametrize(("seconds", "reset"), [(0, "1"), (3, "3")])
async def test_a_burst_of_429_affects_every_request_until_it_is_over(
    caller: Caller, sandbox: Sandbox, seconds: float, reset: str
) -> None:
    sandbox.fail_next(1, fault="burst-429", seconds=seconds)

    responses = [await caller.acknowledge() for _ in range(3)]
    sandbox.clock.advance(seconds=max(1, seconds))
    responses.append(await caller.acknowledge())

    assert [each.status for each in responses] == [429, 429, 429, 204]
    assert responses[0].headers["X-Ratelimit-Remaining"] == "0"
    assert responses[0].headers["X-Ratelimit-Reset"] == reset


async def test_a_burst_of_429_without_a_limit_states_only_its_end(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = None
    sandbox.fail_next(1, fault="burst-429")

    response = await caller.acknowledge()

    assert response.status == 429
    assert "X-Ratelimit-Limit" not in response.headers
    assert response.headers["X-Ratelimit-Reset"] == "1"


def test_the_countdown_of_a_blocked_quota_is_in_whole_seconds() -> None:
    quota = Quota(10, Clock(NOON + 0.25))

    quota.block(2.5)

    assert quota.headers()["X-Ratelimit-Reset"] == "3"


async def test_the_limit_can_be_set_at_the_start() -> None:
    async with Sandbox(limit=50) as sandbox, aiohttp.ClientSession() as session:
        response = await Caller(sandbox, session).acknowledge()

    assert response.headers["X-Ratelimit-Limit"] == "50, 50;w=1"
