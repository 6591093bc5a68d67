"""What happens while the database cannot be used: it is tried again, until a stop is requested."""

import pytest

from klarna_om.batch.stop import Stop
from klarna_om.outbox.outages import Outages


class Away(Exception):
    """The database is away."""


async def no_time(_: float) -> None:
    """Time does not pass."""


async def test_it_is_tried_again_until_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    failures = [Away("one"), Away("two")]

    async def look() -> str:
        if failures:
            raise failures.pop()
        return "found"

    assert await Outages((Away,)).until_stopped(look, Stop(no_time)) == "found"
    assert "the database of the outbox cannot be used, trying again" in caplog.text


async def test_a_stop_ends_the_tries() -> None:
    stop = Stop(no_time)

    async def look() -> str:
        stop.request()
        raise Away

    assert await Outages((Away,)).until_stopped(look, stop) is None
