"""Who we are to Klarna. A secret is never shown: not in a repr, a log line, a traceback or a pickle."""

import base64
import os
import re
from typing import cast

from attrs import field, frozen

from klarna_om.errors import ConfigurationError
from klarna_om.settings.input_text import flaw_of, trim


class Secret(str):
    """A string that goes on the wire and nowhere else: it shows itself as `***` and refuses to be pickled."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce_ex__(self, _: object) -> str:
        raise TypeError("a secret is not pickled; pickle what it opens, or read it from the environment again")


class _NotText(Secret):
    """Stands for what was given as a secret and is no string: the name of its type."""

    __slots__ = ()


def hide(value: str) -> Secret:
    """Make a secret of it, before anything can fail: no traceback with local variables shows it then."""
    given = cast("object", value)
    if isinstance(given, Secret):
        return given
    return Secret(given) if isinstance(given, str) else _NotText(type(given).__name__)


@frozen
class Credentials:
    """Credentials in one of Klarna's two forms.

    `Credentials.password(username, password)` is standard HTTP Basic. `Credentials.api_key(key)` sends the key
    itself after the word Basic, which is what Klarna documents. A UUID username with an API key as its password is
    the first form. White space, line ends and byte order marks around a value are cut; quotes, control characters
    and invisible ones are refused. https://docs.klarna.com/api/authentication/
    """

    authorization: Secret = field(repr=False)
    """The value of the `Authorization` header."""
    key_kind: str | None = None
    """The kind of an API key, by its prefix: `klarna_live`, `klarna_test`, or with `kustom`; None without one."""

    @classmethod
    def password(cls, username: str, password: str) -> "Credentials":
        """Username (or UUID) and password, base64-encoded as UTF-8."""
        username, password = hide(username), hide(password)
        return cls._pair(clean_secret("the username", username), clean_secret("the password", password))

    @classmethod
    def api_key(cls, key: str) -> "Credentials":
        """An API key such as `klarna_live_api_...`."""
        key = hide(key)
        return cls._key(clean_secret("the API key", key))

    @classmethod
    def from_environment(cls) -> "Credentials":
        """Read `KLARNA_OM_API_KEY`, or `KLARNA_OM_USERNAME` and `KLARNA_OM_PASSWORD`; not both."""
        # No local variable holds the environment itself: a traceback would show it.
        key = hide(os.environ.get("KLARNA_OM_API_KEY", ""))
        username = hide(os.environ.get("KLARNA_OM_USERNAME", ""))
        password = hide(os.environ.get("KLARNA_OM_PASSWORD", ""))
        if key and (username or password):
            raise ConfigurationError(
                "set KLARNA_OM_API_KEY, or KLARNA_OM_USERNAME and KLARNA_OM_PASSWORD, but not both"
            )
        if key:
            return cls._key(clean_secret("KLARNA_OM_API_KEY", key))
        if not username and not password:
            raise ConfigurationError(
                "no credentials: pass username= and password= or api_key=, or set KLARNA_OM_USERNAME and"
                " KLARNA_OM_PASSWORD, or KLARNA_OM_API_KEY"
            )
        if not password:
            raise ConfigurationError("no password: KLARNA_OM_USERNAME is set, and KLARNA_OM_PASSWORD is not")
        if not username:
            raise ConfigurationError("no username: KLARNA_OM_PASSWORD is set, and KLARNA_OM_USERNAME is not")
        return cls._pair(clean_secret("KLARNA_OM_USERNAME", username), clean_secret("KLARNA_OM_PASSWORD", password))

    @classmethod
    def _pair(cls, username: Secret, password: Secret) -> "Credentials":
        if ":" in username:
            raise ConfigurationError("the username must not contain a colon: HTTP Basic could not tell where it ends")
        return cls(basic(username, password), _kind_of(password))

    @classmethod
    def _key(cls, key: Secret) -> "Credentials":
        if not key.isascii() or " " in key:
            raise ConfigurationError("the API key must be one word of printable ASCII characters")
        return cls(Secret("Basic " + str.__str__(key)), _kind_of(key))


def find_credentials(username: str | None, password: str | None, api_key: str | None) -> Credentials:
    """The given ones; without any, those of the environment variables."""
    if api_key is not None:
        if username is not None or password is not None:
            raise ConfigurationError("pass api_key=, or username= and password=, but not both")
        return Credentials.api_key(api_key)
    if username is None and password is None:
        return Credentials.from_environment()
    if password is None:
        raise ConfigurationError("no password: username= is given, and password= is not")
    if username is None:
        raise ConfigurationError("no username: password= is given, and username= is not")
    return Credentials.password(username, password)


def basic(username: str, password: str) -> Secret:
    """The value of a header that carries both (RFC 7617)."""
    pair = Secret(str.__str__(username) + ":" + str.__str__(password))
    return Secret("Basic " + base64.b64encode(pair.encode()).decode("ascii"))


def clean_secret(name: str, value: Secret) -> Secret:
    """Cut what surrounds it; `ConfigurationError`, by name and without the value, for what cannot be meant."""
    if isinstance(value, _NotText):
        raise ConfigurationError(f"{name} must be a string, not {str.__str__(value)}")
    value = Secret(trim(value))
    if flaw := flaw_of(value):
        raise ConfigurationError(f"{name} {flaw}")
    return value


def _kind_of(key: Secret) -> str | None:
    # A UUID may precede the key, with a colon between them.
    found = re.search(r"(?:^|:)((?:klarna|kustom)_(?:live|test))_", key, re.IGNORECASE)
    return found[1].lower() if found else None
