"""The fast lane: msgspec decodes JSON straight into the types, past their constructors.

It must never read what the strict lane refuses, nor read anything differently. Where it cannot know, it
refuses.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from klarna_om.types.document import Sent, required


@cache
def lane(cls: Any) -> Callable[[bytes], Any]:
    """The decoder of a type, or of a list or tuple of one."""
    decode = msgspec.json.Decoder(cls).decode

    def decode_utf8(data: bytes) -> Any:
        if not data.isascii():
            data.decode()  # msgspec looks at the texts that it keeps, but not at those that it skips
        return decode(data)

    return _complete(cls, decode_utf8) if isinstance(cls, type) and issubclass(cls, Sent) else decode_utf8


def _complete(cls: type[Sent], decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Refuse a request without what the constructor asks for, which msgspec takes for absent."""
    names = required(cls)

    def decode_complete(data: bytes) -> Any:
        content = decode(data)
        if any(getattr(content, name) is None for name in names):
            raise ValueError
        return content

    return decode_complete
