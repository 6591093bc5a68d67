"""A bell for everybody in this process who waits for intents or their results."""

import asyncio


class Wake:
    """Take a ticket, look, and wait for the ticket: what happens in between is not missed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ticket(self) -> asyncio.Event:
        """Set by the next `ring`."""
        return self._next

    def ring(self) -> None:
        """Wake all who wait."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()


async def wait(ticket: asyncio.Event, seconds: float) -> None:
    """Wait for the ticket, so long at most."""
    try:
        async with asyncio.timeout(seconds):
            await ticket.wait()
    except TimeoutError:
        pass
