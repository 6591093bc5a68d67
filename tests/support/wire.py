"""A raw server that records every byte it gets and answers, or breaks, as its script says."""

import asyncio
import contextlib
import json as json_format
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from enum import Enum

from attrs import define, field, frozen

REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 403: "Forbidden", 503: "Unavailable"}


@frozen
class Answer:
    """An answer in full."""

    status: int = 204
    headers: dict[str, str] = field(factory=dict[str, str])
    body: bytes = b""
    is_signed: bool = True
    """With a correlation id, as Klarna's own servers send it, where the headers say none."""

    def encoded(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Reason')}"]
        headers = dict(self.headers)
        if self.status != 204:
            headers.setdefault("Content-Length", str(len(self.body)))
        if self.is_signed and not any(name.lower() == "klarna-correlation-id" for name in headers):
            headers["Klarna-Correlation-Id"] = "signed"
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def json_answer(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None, *, is_signed: bool = True
) -> Answer:
    body = json_format.dumps(document).encode()
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, body, is_signed)


class Cut(Enum):
    """Where an exchange breaks."""

    BEFORE_READING = "closed on arrival, before a byte is read"
    AFTER_HEADERS = "closed after the request's headers"
    AFTER_REQUEST = "closed after the whole request, before an answer"
    AFTER_STATUS_LINE = "closed after the answer's first line"
    AFTER_ANSWER_HEADERS = "closed after the answer's headers, before its body"
    MID_BODY = "closed in the middle of the answer's body"
    RESET = "reset after the whole request"
    HANG = "no answer at all"
    NOT_HTTP = "an answer that is not HTTP"


@frozen
class Broken:
    """An exchange that breaks at a point, on the way to some answer."""

    cut: Cut
    answer: Answer = field(factory=Answer)


@frozen
class Slow:
    """An answer that takes its time."""

    answer: Answer
    seconds: float


Step = Answer | Broken | Slow


@frozen
class Seen:
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


@define
class Wire:
    """The server: `url` to call, `requests` that came, `script` of what to do next; then `otherwise`."""

    url: str = ""
    requests: list[Seen] = field(factory=list[Seen])
    connections: int = 0
    script: list[Step] = field(factory=list[Step])
    otherwise: Step = field(factory=Answer)

    def will(self, *steps: Step) -> None:
        self.script.extend(steps)

    def _next(self) -> Step:
        return self.script.pop(0) if self.script else self.otherwise

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection ends."""
        if self.script and isinstance(step := self.script[0], Broken) and step.cut is Cut.BEFORE_READING:
            self.script.pop(0)
            return False
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        step = self._next()
        cut = step.cut if isinstance(step, Broken) else None
        body = b"" if cut is Cut.AFTER_HEADERS else await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ")
        self.requests.append(Seen(method, path, headers, body, head + body))
        if isinstance(step, Slow):
            await asyncio.sleep(step.seconds)
            step = step.answer
        if isinstance(step, Answer):
            writer.write(step.encoded())
            await writer.drain()
            return True
        await _break(step, writer, reader)
        return False


async def _break(step: Broken, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
    head, _, body = step.answer.encoded().partition(b"\r\n\r\n")
    if step.cut is Cut.HANG:
        await reader.read()
    elif step.cut is Cut.AFTER_STATUS_LINE:
        writer.write(head.partition(b"\r\n")[0] + b"\r\n")
    elif step.cut is Cut.AFTER_ANSWER_HEADERS:
        writer.write(head + b"\r\n\r\n")
    elif step.cut is Cut.MID_BODY:
        writer.write(head + b"\r\n\r\n" + body[: len(body) // 2])
    elif step.cut is Cut.NOT_HTTP:
        writer.write(b"\x00\x01 what is this\r\n\r\n")
    elif step.cut is Cut.RESET:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return
    await writer.drain()


@contextlib.asynccontextmanager
async def wire(steps: Iterable[Step] = (), tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """Serve a script on a free port of this machine, in the clear or over TLS as `localhost`."""
    server = Wire(script=list(steps))
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await listening.wait_closed()
        await asyncio.sleep(0)  # the transports end
