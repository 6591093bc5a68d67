"""The secret in the URL that Klarna calls: pushes are not signed."""

from collections.abc import Sequence
from hmac import compare_digest
from typing import cast

from klarna_om.errors import ConfigurationError

Expected = str | Sequence[str] | None
"""The token that a push must bring; several while it is being changed; None where none is asked for."""

WRONG = (
    "expected= is the secret in the URL that Klarna calls, a string without white space, or a list of such strings;"
    " pass None only where no token is asked for"
)


def expected_tokens(expected: Expected) -> tuple[bytes, ...]:
    """The tokens of which one must be brought; none where none is asked for.

    Raises `ConfigurationError` for what cannot be meant, such as an empty string from a variable that is not set. The
    message does not repeat it.
    """
    if expected is None:
        return ()
    tokens = (expected,) if isinstance(expected, str) else tuple(cast("Sequence[object]", expected))
    if not tokens or not all(isinstance(token, str) and token and not set(token) & set(" \t\r\n") for token in tokens):
        raise ConfigurationError(WRONG)
    return tuple(map(_encode, cast("tuple[str, ...]", tokens)))


def is_right(token: object, expected: tuple[bytes, ...]) -> bool:
    """Is it one of those that are expected? How long that takes does not show how much of it is right."""
    if not expected:
        return True
    given = _encode(token) if isinstance(token, str) else b""
    return any([compare_digest(given, one) for one in expected])  # noqa: C419  all of them are compared


def _encode(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
