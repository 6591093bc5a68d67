"""HTTP in bytes, for servers that break an exchange at any point."""

import asyncio
import socket
import struct
from enum import IntEnum

from attrs import frozen

HEAD_END = b"\r\n\r\n"


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
class RecordedRequest:
    """A request as it stood on the wire."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    raw: bytes

    @property
    def key(self) -> str | None:
        return self.headers.get("klarna-idempotency-key")


async def read_request(head: bytes, reader: asyncio.StreamReader, *, with_body: bool = True) -> RecordedRequest:
    """Parse the head that was read, and read the body that it announces."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0))) if with_body else b""
    method, path, _ = first.split(" ")
    return RecordedRequest(method, path, headers, body, head + body)


def bytes_until(point: Point, answer: bytes) -> bytes:
    """The bytes of an answer up to a point."""
    head, _, body = answer.partition(HEAD_END)
    line = head.partition(b"\r\n")[0]
    parts = {
        Point.MID_STATUS_LINE: line[:9],
        Point.STATUS_LINE: line + b"\r\n",
        Point.MID_ANSWER_HEAD: head[:-3],
        Point.ANSWER_HEAD: head + HEAD_END,
        Point.MID_BODY: head + HEAD_END + body[: len(body) // 2],
        Point.ANSWER: answer,
    }
    return parts.get(point, b"")


async def end_exchange(end: End, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection, or wait until the client gives up; whoever serves it closes it afterwards."""
    if end is End.HANG:
        while await reader.read(65536):
            pass
    elif end is End.RESET:
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
