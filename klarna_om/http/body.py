"""Read an answer's body within limits: of size, also when it is compressed.

aiohttp would decompress whatever comes: one megabyte can become a gigabyte. So that is switched off, the client asks
for gzip alone, and the bytes are decompressed here, up to the limit.
"""

import zlib

import aiohttp
from multidict import istr

MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer, decompressed. An order of 1,000 lines with its captures has about two million."""

MAX_ERROR_BODY = 1024 * 1024
"""The same for an answer that is no 2xx."""

ACCEPT_ENCODING = "gzip"

_CONTENT_ENCODING = istr("Content-Encoding")

_GZIP = 16 + zlib.MAX_WBITS


class BodyError(Exception):
    """The body is too large, or cannot be decompressed."""


async def read_body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises `BodyError`; the connection is closed then, since the rest is still on it."""
    content = answer.content
    limit = MAX_BODY if answer.status < 300 else MAX_ERROR_BODY
    try:
        # Most answers have come in whole together with their headers.
        body = content.read_nowait() if content.is_eof() else await _read(content, limit)
        encoding = answer.headers.get(_CONTENT_ENCODING)
        return _decompress(body, encoding.strip().lower() if body and encoding else "identity", limit)
    except BaseException:
        answer.close()
        raise


async def _read(content: aiohttp.StreamReader, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= limit and (chunk := await content.readany()):
        size += len(chunk)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> BodyError:
    return BodyError(f"it is larger than {limit} bytes")


def _decompress(body: bytes, encoding: str, limit: int) -> bytes:
    if len(body) > limit:
        raise _too_large(limit)
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise BodyError(f"it is compressed as {encoding[:40]!r}, and only gzip was asked for")
    try:
        return _decompress_members(body, limit)
    except zlib.error as reason:
        raise BodyError(f"it is no gzip: {reason}") from reason


def _decompress_members(body: bytes, limit: int) -> bytes:
    """A gzip file may have several members, one after the other (RFC 1952)."""
    plain = b""
    while body:
        decompressor = zlib.decompressobj(_GZIP)
        plain += decompressor.decompress(body, max(1, limit - len(plain)))
        if decompressor.unconsumed_tail or len(plain) > limit:
            raise _too_large(limit)
        if not decompressor.eof:
            raise BodyError("it is gzip that was cut off")
        body = decompressor.unused_data
    return plain
