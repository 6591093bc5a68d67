"""Read an answer's body within limits: of size, also when it is compressed.

aiohttp would decompress whatever comes: one megabyte can become a gigabyte. So that is switched off, the client asks
for gzip alone, and the bytes are decompressed here, up to the limit.
"""

import zlib

import aiohttp
from multidict import istr

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer, decompressed. An order of 1,000 lines with its captures has about two million."""

ACCEPT_ENCODING = "gzip"

_CONTENT_ENCODING = istr("Content-Encoding")

_GZIP = 16 + zlib.MAX_WBITS


class BodyError(Exception):
    """The body is too large, or cannot be decompressed."""


async def read_body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises `BodyError`; the connection is closed then, since the rest is still on it."""
    content = answer.content
    try:
        # Most answers have come in whole together with their headers.
        body = _check_size(content.read_nowait() if content.is_eof() else await _read(content))
        encoding = answer.headers.get(_CONTENT_ENCODING)
        return _decompress(body, encoding.strip().lower()) if body and encoding else body
    except BaseException:
        answer.close()
        raise


async def _read(content: aiohttp.StreamReader) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_BODY and (chunk := await content.readany()):
        size += len(chunk)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_size(body: bytes) -> bytes:
    if len(body) > MAX_BODY:
        raise BodyError(f"it is larger than {MAX_BODY} bytes")
    return body


def _decompress(body: bytes, encoding: str) -> bytes:
    if encoding == "identity":
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
