"""A raw server that records every byte it gets and answers, or breaks, as its script says."""

import asyncio
import contextlib
import json as json_format
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from enum import Enum

from attrs import define, field, frozen

from tests.support.listening import listen
from tests.support.raw_http import HEAD_END, End, Point, RecordedRequest, bytes_until, end_exchange, read_request

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
    """Where an exchange breaks, and how."""

    BEFORE_READING = (Point.ARRIVAL, End.CLOSE)
    AFTER_HEADERS = (Point.HEAD, End.CLOSE)
    AFTER_REQUEST = (Point.REQUEST, End.CLOSE)
    AFTER_STATUS_LINE = (Point.STATUS_LINE, End.CLOSE)
    AFTER_ANSWER_HEADERS = (Point.ANSWER_HEAD, End.CLOSE)
    MID_BODY = (Point.MID_BODY, End.CLOSE)
    RESET = (Point.REQUEST, End.RESET)
    HANG = (Point.REQUEST, End.HANG)
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


@define
class Wire:
    """The server: `url` to call, `requests` that came, `script` of what to do next; then `otherwise`."""

    url: str = ""
    requests: list[RecordedRequest] = field(factory=list[RecordedRequest])
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
        head = await reader.readuntil(HEAD_END)
        step = self._next()
        has_body = not (isinstance(step, Broken) and step.cut is Cut.AFTER_HEADERS)
        self.requests.append(await read_request(head, reader, with_body=has_body))
        if isinstance(step, Slow):
            await asyncio.sleep(step.seconds)
            step = step.answer
        if isinstance(step, Answer):
            writer.write(step.encoded())
            await writer.drain()
            return True
        await _break(step, reader, writer)
        return False


async def _break(step: Broken, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if step.cut is Cut.NOT_HTTP:
        writer.write(b"\x00\x01 what is this\r\n\r\n")
        return
    point, end = step.cut.value
    writer.write(bytes_until(point, step.answer.encoded()))
    await end_exchange(end, reader, writer)


@contextlib.asynccontextmanager
async def wire(steps: Iterable[Step] = (), tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """Serve a script, in the clear or over TLS as `localhost`."""
    server = Wire(script=list(steps))
    async with listen(server.serve, tls=tls) as port:
        server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        yield server
