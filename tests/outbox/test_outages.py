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


async def test_a_long_outage_is_logged_again_each_minute(caplog: pytest.LogCaptureFixture) -> None:
    outages = Outages((Away,))
    waited = 0.0

    while waited < 150:
        waited += outages.note(Away("still"))

    assert caplog.text.count("cannot be used, trying again: Away: still") == 3


async def test_what_is_to_end_raises_what_lasts_too_long() -> None:
    async def look() -> None:
        raise Away("for good")

    with pytest.raises(Away, match="for good"):
        await Outages((Away,), patience=30.0).persist(look, no_time)


async def test_a_stop_ends_the_tries() -> None:
    stop = Stop(no_time)

    async def look() -> str:
        stop.request()
        raise Away

    assert await Outages((Away,)).until_stopped(look, stop) is None
