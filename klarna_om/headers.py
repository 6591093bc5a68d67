"""Which headers the client alone sets, and what can be written as one."""

import re
from collections.abc import Mapping
from typing import cast

from klarna_om.exchange import KEY_HEADER

SET_BY_CLIENT = frozenset(
    {
        "authorization",
        KEY_HEADER.lower(),
        # Where the request goes, where it ends, and how its body and its answer are encoded.
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""In lower case."""

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def is_writable(name: object, value: object) -> bool:
    """Can they be written as a header? A name has no blanks (RFC 9110), a value no line ends."""
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return _is_token(name) is not None and not set(str.__str__(value)) & set("\r\n\0")


def unwritable(name: object) -> str:
    """The message for a header that cannot be written; its value may be a secret."""
    return f"{name!r} cannot be written: names are letters, digits and hyphens, values strings without line ends"


def set_by_client(headers: Mapping[str, str]) -> Mapping[str, list[str]]:
    """The headers of these that the client alone sets, in lower case; one may be there twice, in another case."""
    found: dict[str, list[str]] = {}
    for name, value in headers.items():
        if isinstance(cast("object", name), str) and name.lower() in SET_BY_CLIENT:
            found.setdefault(name.lower(), []).append(value)
    return found
