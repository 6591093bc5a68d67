"""A raw server that does what a Klarna would: it executes a write once per key, when the whole request has arrived.

An exchange may break at any point on the way in or out, in three ways; what was executed until then stays executed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from attrs import define, field, frozen

from tests.support.listening import listen
from tests.support.raw_http import HEAD_END, End, Point, RecordedRequest, bytes_until, end_exchange, read_request
from tests.support.wire import Answer

CREATED = Answer(201, {"Capture-Id": "the-id", "Refund-Id": "the-id", "Klarna-Correlation-Id": "corr"}, b"some body")
"""What every write gets: 201 with an id and, as Klarna may one day, a body; so that each can be cut in each part."""


@frozen
class Break:
    """An exchange that ends at a point. `executes` is whether the server has acted before that."""

    point: Point
    end: End
    executes: bool = True
    answer: Answer = CREATED


@define
class RawKlarna:
    """`breaks` are met first, one per exchange, then `otherwise`; `effects` counts by key what was executed."""

    url: str = ""
    breaks: list[Break] = field(factory=list[Break])
    otherwise: Break | None = None
    requests: list[RecordedRequest] = field(factory=list[RecordedRequest])
    effects: Counter[str] = field(factory=Counter[str])
    connections: int = 0
    open_connections: int = 0
    seconds: float = 0.0
    """How long an undisturbed answer takes."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self.open_connections -= 1
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        plan = self.breaks[0] if self.breaks else self.otherwise
        if plan is not None and plan.point <= Point.MID_HEAD:
            if self.breaks:
                self.breaks.pop(0)
            await reader.read(10 if plan.point is Point.MID_HEAD else 0)
            await end_exchange(plan.end, reader, writer)
            return False
        head = await reader.readuntil(HEAD_END)
        plan = self.breaks.pop(0) if self.breaks else self.otherwise
        if plan is not None and plan.point is Point.HEAD:
            await end_exchange(plan.end, reader, writer)
            return False
        request = await read_request(head, reader)
        self.requests.append(request)
        if plan is None:
            await asyncio.sleep(self.seconds)
            self._execute(request)
            writer.write(CREATED.encoded())
            return True
        if plan.executes and plan.answer.status < 300:
            self._execute(request)
        writer.write(bytes_until(plan.point, plan.answer.encoded()))
        await end_exchange(plan.end, reader, writer)
        return False

    def _execute(self, request: RecordedRequest) -> None:
        """Act, unless this key has acted before. Without a key nothing protects."""
        if request.key is None:
            self.effects[f"no key {len(self.requests)}"] += 1
        elif self.effects[request.key] == 0:
            self.effects[request.key] += 1


@contextlib.asynccontextmanager
async def raw_klarna() -> AsyncIterator[RawKlarna]:
    """Serve on a free port of this machine."""
    server = RawKlarna()
    async with listen(server.serve) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server
