"""Where to call: Klarna's and Kustom's hosts, or a base URL of one's own.

https://docs.klarna.com/api/api-urls
"""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import frozen

from klarna_om.errors import ConfigurationError

LIVE_LIMIT = 200
PLAYGROUND_LIMIT = 50


@frozen
class Environment:
    """A host with what is published about it."""

    name: str
    base_url: str
    limit: int = LIVE_LIMIT
    """Requests a second that Klarna allows a merchant here. https://docs.klarna.com/api/rate-limit"""
    is_kustom: bool = False
    """Kustom (the former Klarna Checkout) differs in a few rules of requests."""


def _pair(name: str, live: str, playground: str, *, is_kustom: bool = False) -> tuple[Environment, Environment]:
    return (
        Environment(name, live, LIVE_LIMIT, is_kustom),
        Environment(f"{name}-playground", playground, PLAYGROUND_LIMIT, is_kustom),
    )


ENVIRONMENTS: Mapping[str, Environment] = {
    environment.name: environment
    for environment in (
        *_pair("eu", "https://api.klarna.com", "https://api.playground.klarna.com"),
        *_pair("na", "https://api-na.klarna.com", "https://api-na.playground.klarna.com"),
        *_pair("oc", "https://api-oc.klarna.com", "https://api-oc.playground.klarna.com"),
        *_pair("kustom", "https://api.kustom.co", "https://api.playground.kustom.co", is_kustom=True),
    )
}


def find_environment(wanted: "str | Environment | None" = None) -> Environment:
    """The environment of that name or base URL; without one, what `KLARNA_OM_ENVIRONMENT` says.

    There is no default: whether money is real must be said.
    """
    if isinstance(wanted, Environment):
        return _checked(wanted)
    wanted = wanted or os.environ.get("KLARNA_OM_ENVIRONMENT", "").strip()
    if not wanted:
        raise ConfigurationError(
            f"no environment: pass environment= or set KLARNA_OM_ENVIRONMENT to one of {_names()}, or to a base URL"
        )
    if "://" in wanted:
        return _checked(Environment(wanted, wanted.rstrip("/")))
    if wanted not in ENVIRONMENTS:
        raise ConfigurationError(f"unknown environment {wanted!r}: use one of {_names()}, or a base URL")
    return ENVIRONMENTS[wanted]


def _checked(environment: Environment) -> Environment:
    """Refuse a base URL over which credentials or a path could go astray."""
    try:
        url = urlsplit(environment.base_url)
        host, _ = url.hostname, url.port
        (host or "").encode("idna")
    except ValueError:
        # The reason is not repeated: it may quote a password that stands where none belongs.
        raise ConfigurationError("the base URL cannot be read: it is a scheme, a host and maybe a path") from None
    if url.username is not None or url.password is not None:
        raise ConfigurationError("the base URL must not contain credentials: pass username= and password=")
    if url.query or url.fragment or not host:
        raise ConfigurationError("not a base URL: it is a scheme, a host and maybe a path, without ? and #")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(host)):
        raise ConfigurationError(f"{url.scheme}://{host}: only https is accepted, or http to this machine itself")
    return environment


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names() -> str:
    return ", ".join(ENVIRONMENTS)
