"""The fast lane: msgspec decodes JSON straight into the types, past their constructors.

It must never read what the strict lane refuses, nor read anything differently. Where it cannot know, it
refuses.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, get_args, get_origin

import msgspec

from klarna_om.types.document import Kept, Sent, required


@cache
def lane(cls: Any) -> Callable[[bytes], Any] | None:
    """The decoder of one of Klarna's types, or of a list or tuple of one; None for types of somebody else's."""
    item = _item(cls)
    if not (isinstance(item, type) and issubclass(item, Kept)):
        return None
    decode = msgspec.json.Decoder(cls).decode

    def decode_utf8(data: bytes) -> Any:
        if not data.isascii():
            data.decode()  # msgspec looks at the texts that it keeps, but not at those that it skips
        return decode(data)

    return _complete(item, decode_utf8, is_list=item is not cls) if issubclass(item, Sent) else decode_utf8


def _item(cls: Any) -> Any:
    """What a list or tuple holds, however many; else the type itself."""
    arguments = get_args(cls)
    return arguments[0] if get_origin(cls) in (list, tuple) and arguments[1:] in ((), (...,)) else cls


def _complete(cls: type[Sent], decode: Callable[[bytes], Any], *, is_list: bool) -> Callable[[bytes], Any]:
    """Refuse a request without what the constructor asks for, which msgspec takes for absent."""
    names = required(cls)

    def decode_complete(data: bytes) -> Any:
        found = decode(data)
        if any(getattr(one, name) is None for one in (found if is_list else (found,)) for name in names):
            raise ValueError
        return found

    return decode_complete
