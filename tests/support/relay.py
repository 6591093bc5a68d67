"""A connection that can be interrupted: TCP passed on to a server, cut, or silent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from attrs import define, field

from tests.support.listening import listen


@define
class Relay:
    """`port` leads to the server while it is on. `cut` ends all connections; a silent one passes nothing on."""

    target: int | str
    """A port of this machine, or the path of a socket."""
    port: int = 0
    is_on: bool = True
    is_silent: bool = False
    _half_open: int = 0
    _writers: list[asyncio.StreamWriter] = field(factory=list[asyncio.StreamWriter])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_on:
            far_reader, far_writer = await self._connect()
            self._writers += [writer, far_writer]
            age = self._half_open
            try:
                await asyncio.gather(self._copy(reader, far_writer, age), self._copy(far_reader, writer, age))
            finally:
                far_writer.transport.abort()
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, age: int) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not self.is_silent and age == self._half_open:
                    writer.write(data)
        writer.close()

    def leave_half_open(self) -> None:
        """Pass nothing on for the connections so far, for ever; new ones work."""
        self._half_open += 1

    def cut(self) -> None:
        self.is_on = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@contextlib.asynccontextmanager
async def relay_to(target: int | str) -> AsyncIterator[Relay]:
    """Listen for connections that are passed on."""
    relay = Relay(target)
    async with listen(relay.serve) as relay.port:
        yield relay
