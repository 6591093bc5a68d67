"""Faults below HTTP: connections that are reset, and responses that are truncated."""

import socket
import struct

from aiohttp import web

_NO_LINGER = struct.pack("ii", 1, 0)


def reset_connection(request: web.Request) -> web.Response:
    """Close the connection so that the client gets a TCP reset, not an orderly end."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response()  # aiohttp needs a response, and cannot send it any more


def send_truncated(request: web.Request, response: web.Response) -> web.Response:
    """Send the first half of a response and close: half of its body, or of its headers where it has no body."""
    transport = request.transport
    if transport is not None:
        body = response.body if isinstance(response.body, bytes) else b""
        head = _encode_head(response, len(body))
        transport.write(head + body[: len(body) // 2] if body else head[: len(head) // 2])
        transport.close()
    return web.Response()


def _encode_head(response: web.Response, length: int) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items() if name != "Content-Length"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()
