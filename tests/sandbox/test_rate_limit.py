import aiohttp
import pytest

from klarna_om.rate_limit import RateLimit, rate_limit
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.rate_limit import Quota
from tests.sandbox.books import NOON
from tests.sandbox.caller import Caller


async def test_every_answer_tells_the_quota_as_klarna_writes_it(caller: Caller) -> None:
    await caller.acknowledge()

    heard = await caller.acknowledge()

    assert heard.headers["X-Ratelimit-Limit"] == "200, 200;w=1"
    assert heard.headers["X-Ratelimit-Remaining"] == "198"
    assert heard.headers["X-Ratelimit-Reset"] == "1"
    assert rate_limit(heard.headers) == RateLimit(200, 1, 198, 1)


async def test_beyond_the_quota_everybody_hears_429_until_the_next_second(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 2

    heard = [await caller.acknowledge() for _ in range(4)]

    assert [each.status for each in heard] == [204, 204, 429, 429]
    assert heard[2].error_code == "TOO_MANY_REQUESTS"
    assert heard[2].headers["X-Ratelimit-Remaining"] == "0"
    assert sandbox.acknowledgements == 2

    sandbox.clock.advance(seconds=1)
    assert (await caller.acknowledge()).status == 204


async def test_reads_use_the_quota_too(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 1

    assert [(await caller.call("GET", "")).status for _ in range(2)] == [200, 429]


async def test_without_a_limit_nothing_is_counted_and_nothing_told(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = None

    heard = await caller.acknowledge()

    assert sandbox.limit is None
    assert not [name for name in heard.headers if name.startswith("X-Ratelimit")]


async def test_wrong_credentials_use_no_quota(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = 1

    assert (await caller.send("GET", "/", headers={"Authorization": ""})).status == 401
    assert (await caller.acknowledge()).status == 204


@pytest.mark.parametrize(("seconds", "reset"), [(0, "1"), (3, "3")])
async def test_a_wave_of_429_reaches_everybody_until_it_is_over(
    caller: Caller, sandbox: Sandbox, seconds: float, reset: str
) -> None:
    sandbox.fail_next(1, fault="burst-429", seconds=seconds)

    heard = [await caller.acknowledge() for _ in range(3)]

    assert [each.status for each in heard] == [429, 429, 429]
    assert heard[0].headers["X-Ratelimit-Remaining"] == "0"
    assert heard[0].headers["X-Ratelimit-Reset"] == reset
    sandbox.clock.advance(seconds=max(1, seconds))
    assert (await caller.acknowledge()).status == 204


async def test_a_wave_of_429_without_a_limit_tells_only_when_it_ends(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.limit = None
    sandbox.fail_next(1, fault="burst-429")

    heard = await caller.acknowledge()

    assert heard.status == 429
    assert "X-Ratelimit-Limit" not in heard.headers
    assert heard.headers["X-Ratelimit-Reset"] == "1"


def test_the_countdown_of_a_closed_quota_is_in_whole_seconds() -> None:
    clock = Clock(lambda: NOON + 0.25)
    quota = Quota(10, clock)
    quota.close(2.5)

    assert quota.headers()["X-Ratelimit-Reset"] == "3"


async def test_a_limit_can_be_given_from_the_start() -> None:
    async with Sandbox(limit=50) as sandbox, aiohttp.ClientSession() as session:
        heard = await Caller(sandbox, session).acknowledge()

    assert heard.headers["X-Ratelimit-Limit"] == "50, 50;w=1"
