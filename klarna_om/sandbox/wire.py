"""Faults below HTTP: connections that are reset, and answers that break off."""

import socket
import struct

from aiohttp import web

_LINGER = struct.pack("ii", 1, 0)


def reset(request: web.Request) -> web.Response:
    """Break the connection so that the other side reads a reset, not an orderly end."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        transport.abort()
    return web.Response()  # aiohttp wants one, and cannot send it any more


def cut(request: web.Request, response: web.Response) -> web.Response:
    """Send the first half of an answer and close: half of its body, or of its head where it has no body."""
    transport = request.transport
    if transport is not None:
        body = response.body if isinstance(response.body, bytes) else b""
        head = _head(response, len(body))
        transport.write(head + body[: len(body) // 2] if body else head[: len(head) // 2])
        transport.close()
    return web.Response()


def _head(response: web.Response, length: int) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items() if name != "Content-Length"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()
