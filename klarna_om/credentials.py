"""Who we are to Klarna. A secret is never shown: not in a repr, a log line, a traceback or a pickle."""

import base64
import os

from attrs import field, frozen

from klarna_om.errors import ConfigurationError


class Secret(str):
    """A text that goes on the wire and nowhere else: it shows itself as `***` and refuses to be pickled."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce_ex__(self, _: object) -> str:
        raise TypeError("a secret is not pickled; pickle what it opens, or read it from the environment again")


@frozen
class Credentials:
    """What proves who calls, in one of Klarna's two forms.

    `Credentials.password(username, password)` is standard HTTP Basic. `Credentials.api_key(key)` sends the key
    itself after the word Basic, which is what Klarna documents. A UUID username with an API key as its password is
    the first form. https://docs.klarna.com/api/authentication/
    """

    authorization: Secret = field(repr=False)
    """The value of the `Authorization` header."""

    @classmethod
    def password(cls, username: str, password: str) -> "Credentials":
        """Username (or UUID) and password, base64-encoded as UTF-8."""
        password = Secret(password)
        if not username or not password:
            raise ConfigurationError("username and password must both be given and not empty")
        if ":" in username:
            raise ConfigurationError("the username must not contain a colon: HTTP Basic could not tell where it ends")
        if not _is_utf8(username) or not _is_utf8(password):
            raise ConfigurationError("username and password must be valid UTF-8")
        return cls(Secret("Basic " + base64.b64encode(f"{username}:{password!s}".encode()).decode("ascii")))

    @classmethod
    def api_key(cls, key: str) -> "Credentials":
        """An API key such as `klarna_live_api_...`. White space around it, as files and shells leave it, is cut."""
        key = Secret(key.strip())
        if not key.isascii() or not key.isprintable() or not key or " " in key:
            raise ConfigurationError("the API key must be one word of printable ASCII characters")
        return cls(Secret("Basic " + str(key)))

    @classmethod
    def from_environment(cls) -> "Credentials":
        """Read `KLARNA_OM_API_KEY`, or `KLARNA_OM_USERNAME` and `KLARNA_OM_PASSWORD`; not both."""
        # No local variable holds the environment itself: a traceback would show it.
        key = Secret(os.environ.get("KLARNA_OM_API_KEY", ""))
        username = os.environ.get("KLARNA_OM_USERNAME", "")
        password = Secret(os.environ.get("KLARNA_OM_PASSWORD", ""))
        if key and (username or password):
            raise ConfigurationError(
                "set KLARNA_OM_API_KEY, or KLARNA_OM_USERNAME and KLARNA_OM_PASSWORD, but not both"
            )
        if key:
            return cls.api_key(key)
        if not username or not password:
            raise ConfigurationError(
                "no credentials: pass username= and password= or api_key=, or set KLARNA_OM_USERNAME and"
                " KLARNA_OM_PASSWORD, or KLARNA_OM_API_KEY"
            )
        return cls.password(username, password)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
