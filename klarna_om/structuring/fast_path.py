"""The fast path: msgspec decodes JSON straight into the types, past their constructors.

It must never read what the strict path refuses, nor read anything differently. Where it cannot know, it
refuses.
"""

from collections.abc import Callable
from typing import Any, NoReturn, get_args, get_origin

import msgspec

from klarna_om.types.model import Model, RequestModel, required

Decode = Callable[[bytes], Any]

REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError)
"""What is raised where the fast path does not read a document."""


class _Decoders(dict[Any, Decode]):
    """The decoder of every type that was asked for; a function's cache would take 4 % of the time to read 2 KB."""

    def __missing__(self, cls: Any) -> Decode:
        self[cls] = _decoder(cls)
        return self[cls]


decoder_of = _Decoders().__getitem__
"""The decoder of one of Klarna's types, or of a list or tuple of one. That of any other type refuses all.

It expects UTF-8, which `klarna_om.structuring.read` has made sure of.
"""


def _decoder(cls: Any) -> Decode:
    item = _item(cls)
    if not (isinstance(item, type) and issubclass(item, Model)):
        return _refuse
    decode = msgspec.json.Decoder(cls).decode
    return _complete(item, decode, is_list=item is not cls) if issubclass(item, RequestModel) else decode


def _refuse(_: bytes) -> NoReturn:
    raise ValueError


def _item(cls: Any) -> Any:
    """What a list or tuple holds, however many; else the type itself."""
    arguments = get_args(cls)
    return arguments[0] if get_origin(cls) in (list, tuple) and arguments[1:] in ((), (...,)) else cls


def _complete(cls: type[RequestModel], decode: Decode, *, is_list: bool) -> Decode:
    """Refuse a request without what the constructor asks for, which msgspec takes for absent."""
    names = required(cls)

    def decode_complete(data: bytes) -> Any:
        value = decode(data)
        if any(getattr(item, name) is None for item in (value if is_list else (value,)) for name in names):
            raise ValueError
        return value

    return decode_complete
