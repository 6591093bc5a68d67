from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from klarna_om import Pacer, Pacing
from klarna_om.pace.machine import MachinePacer
from klarna_om.pace.merchant import Merchant
from klarna_om.pace.postgres import PostgresPace
from klarna_om.pace.redis import RedisPace
from klarna_om.pace.store_pace import StorePace
from tests.support.redis import find_redis
from tests.support.time import Clock

Join = Callable[[], Pacing]
LIMIT = 200


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The URL of a Redis (`tests.support.redis`)."""
    return find_redis()


@pytest.fixture(params=["process", "machine", "postgres", "redis"])
async def join(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Join]:
    """Makes another user of one pace, as another client, process or machine would; of each kind of pace."""
    merchant, sources = Merchant(uuid4().hex, LIMIT), list[StorePace]()
    one = Pacer(LIMIT)

    def make() -> Pacing:
        match request.param:
            case "process":
                return one
            case "machine":
                return MachinePacer(tmp_path / "pace", LIMIT)
            case "postgres":
                sources.append(PostgresPace(server))
            case _:
                sources.append(RedisPace(server))
        return sources[-1].pacing(merchant)

    if request.param in ("postgres", "redis"):
        server: str = request.getfixturevalue({"postgres": "postgres_server", "redis": "redis_url"}[request.param])
    yield make
    for source in sources:
        await source.aclose()
