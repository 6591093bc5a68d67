"""Who is called for whom, under a name that may leave the process: a digest, with nothing of a password in it."""

import base64
import binascii
from hashlib import blake2b

from attrs import frozen

from klarna_om.settings.credentials import Credentials
from klarna_om.settings.environment import Environment

_KEY = b"klarna_om merchant"
_BASIC = "Basic "


@frozen
class Merchant:
    """A merchant at a host. Two usernames, or two API keys, of one merchant cannot be recognized as one."""

    name: str
    """The same in every process and on every machine, for the same username or API key and base URL."""
    limit: float
    """Requests a second that are published for this host."""


def merchant_of(environment: Environment, credentials: Credentials) -> Merchant:
    """The merchant of these credentials."""
    digest = blake2b(key=_KEY, digest_size=16)
    digest.update(environment.base_url.encode("utf-8", "surrogatepass") + b"\n")
    digest.update(_login(credentials))
    return Merchant(digest.hexdigest(), environment.limit)


def _login(credentials: Credentials) -> bytes:
    """The username, which stays when its password is changed; of an API key the key itself."""
    sent = str.__str__(credentials.authorization).removeprefix(_BASIC).encode("utf-8", "surrogatepass")
    try:
        username, colon, _ = base64.b64decode(sent, validate=True).partition(b":")
    except binascii.Error:
        return sent
    return username if colon else sent
