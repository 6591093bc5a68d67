"""A raw server that does what a Klarna would: it executes a write once per key, when the whole request has arrived.

An exchange may break at any point on the way in or out, in three ways; what was executed until then stays executed.
"""

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from enum import IntEnum

from attrs import define, field, frozen

from tests.support.wire import Answer, Seen

CREATED = Answer(201, {"Capture-Id": "the-id", "Refund-Id": "the-id", "Klarna-Correlation-Id": "corr"}, b"some body")
"""What every write gets: 201 with an id and, as Klarna may one day, a body; so that each can be cut in each part."""


class Point(IntEnum):
    """How far an exchange comes, in order."""

    ARRIVAL = 0  # nothing is read
    MID_HEAD = 1  # part of the request's headers
    HEAD = 2  # the request's headers, none of its body
    REQUEST = 3  # the whole request, nothing of the answer
    MID_STATUS_LINE = 4
    STATUS_LINE = 5
    MID_ANSWER_HEAD = 6
    ANSWER_HEAD = 7
    MID_BODY = 8
    ANSWER = 9  # the whole answer


class End(IntEnum):
    """And what happens there."""

    CLOSE = 0
    RESET = 1
    HANG = 2


@frozen
class Break:
    """An exchange that ends at a point. `executes` is whether the server has acted before that."""

    point: Point
    end: End
    executes: bool = True
    answer: Answer = CREATED


@define
class RawKlarna:
    """`breaks` are met first, one an exchange, then `otherwise`; `effects` counts by key what was executed."""

    url: str = ""
    breaks: list[Break] = field(factory=list[Break])
    otherwise: Break | None = None
    requests: list[Seen] = field(factory=list[Seen])
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
            await _end(plan.end, reader, writer)
            return False
        head = await reader.readuntil(b"\r\n\r\n")
        plan = self.breaks.pop(0) if self.breaks else self.otherwise
        if plan is not None and plan.point is Point.HEAD:
            await _end(plan.end, reader, writer)
            return False
        seen = await self._whole(head, reader)
        if plan is None:
            await asyncio.sleep(self.seconds)
            self._execute(seen)
            writer.write(CREATED.encoded())
            return True
        if plan.executes and plan.answer.status < 300:
            self._execute(seen)
        writer.write(_until(plan.point, plan.answer))
        await _end(plan.end, reader, writer)
        return False

    async def _whole(self, head: bytes, reader: asyncio.StreamReader) -> Seen:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ")
        seen = Seen(method, path, headers, body, head + body)
        self.requests.append(seen)
        return seen

    def _execute(self, seen: Seen) -> None:
        """Act, unless this key has acted before. Without a key nothing protects."""
        if seen.key is None:
            self.effects[f"no key {len(self.requests)}"] += 1
        elif self.effects[seen.key] == 0:
            self.effects[seen.key] += 1


def _until(point: Point, answer: Answer) -> bytes:
    """The bytes of an answer up to a point."""
    whole = answer.encoded()
    head, _, body = whole.partition(b"\r\n\r\n")
    line = head.partition(b"\r\n")[0]
    return {
        Point.REQUEST: b"",
        Point.MID_STATUS_LINE: line[:9],
        Point.STATUS_LINE: line + b"\r\n",
        Point.MID_ANSWER_HEAD: head[:-3],
        Point.ANSWER_HEAD: head + b"\r\n\r\n",
        Point.MID_BODY: head + b"\r\n\r\n" + body[: len(body) // 2],
        Point.ANSWER: whole,
    }[point]


async def _end(end: End, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if end is End.HANG:
        while await reader.read(65536):
            pass
    elif end is End.RESET:
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()


@contextlib.asynccontextmanager
async def raw_klarna() -> AsyncIterator[RawKlarna]:
    """Serve on a free port of this machine."""
    server = RawKlarna()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=512)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
