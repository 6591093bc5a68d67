"""An HTTP proxy that opens tunnels and records its requests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from attrs import define, field

from tests.support.listening import listen


@define
class TunnelProxy:
    """`url` to go through; `requests` has the head of each CONNECT."""

    url: str = ""
    requests: list[str] = field(factory=list[str])
    writers: list[asyncio.StreamWriter] = field(factory=list[asyncio.StreamWriter])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            host, _, port = head.split(" ")[1].partition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            self.writers += [writer, far_writer]
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def tunnel_proxy() -> AsyncIterator[TunnelProxy]:
    """Serve on a free port of this machine."""
    proxy = TunnelProxy()
    async with listen(proxy.serve) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        try:
            yield proxy
        finally:
            for writer in proxy.writers:
                writer.transport.abort()
