"""Read an answer's body within limits: of size, also when it is compressed.

aiohttp would decompress whatever comes: one megabyte can become a gigabyte. So it is told not to, the client asks for
gzip alone, and the bytes are decompressed here, up to the limit.
"""

import zlib

import aiohttp

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer, decompressed. An order of 1,000 lines with its captures has about two million."""

ACCEPT_ENCODING = "gzip"

_GZIP = 16 + zlib.MAX_WBITS


class BodyError(Exception):
    """The body is too large, or cannot be decompressed."""


async def read_body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises `BodyError`; the connection is closed then, since the rest is still on it."""
    try:
        return _decompress(await _read(answer), answer.headers.get("Content-Encoding", "").strip().lower())
    except BaseException:
        answer.close()
        raise


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := await answer.content.readany():
        size += len(chunk)
        if size > MAX_BODY:
            raise BodyError(f"it is larger than {MAX_BODY} bytes")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _decompress(body: bytes, encoding: str) -> bytes:
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise BodyError(f"it is compressed as {encoding[:40]!r}, and only gzip was asked for")
    decompressor = zlib.decompressobj(_GZIP)
    try:
        plain = decompressor.decompress(body, MAX_BODY)
    except zlib.error as reason:
        raise BodyError(f"it is no gzip: {reason}") from reason
    if decompressor.unconsumed_tail:
        raise BodyError(f"it is larger than {MAX_BODY} bytes when it is decompressed")
    if not decompressor.eof:
        raise BodyError("it is gzip that was cut off")
    return plain
