"""Where to call: Klarna's and Kustom's hosts, or a base URL of your own.

https://docs.klarna.com/api/api-urls
"""

import os
import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from attrs import evolve, frozen

from klarna_om.errors import ConfigurationError
from klarna_om.settings.base_url import normalize_base_url
from klarna_om.settings.credentials import hide
from klarna_om.settings.input_text import flaw_of, trim

_SANDBOX = "sandbox+"
"""Before the URL of a sandbox, where an environment is a string."""
_DOMAINS = (".klarna.com", ".klarna.net", ".kustom.co")
"""Where no sandbox is."""

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
    is_sandbox: bool = False
    """It is `klarna_om.sandbox`, with credentials that open nothing else."""

    @classmethod
    def sandbox(cls, base_url: str) -> "Environment":
        """A sandbox (`klarna_om.sandbox`) in another container: `Environment.sandbox("http://klarna:8420")`.

        Never for real credentials: over http everybody on the network can read them. So a host of Klarna's or Kustom's
        is refused, a live API key too, and http to a host that may be one of the internet. As a string it is
        `sandbox+http://klarna:8420`, in `KLARNA_OM_ENVIRONMENT` for example.
        """
        return _check(cls(base_url, base_url, is_sandbox=True))


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

    There is no default: whether money is real must be stated. The URL of a known host is that host's environment.
    """
    if isinstance(wanted, Environment):
        return _check(wanted)
    if wanted is not None and not isinstance(cast("object", wanted), str):
        raise ConfigurationError(f"environment is a name, a base URL or an Environment, not a {type(wanted).__name__}")
    wanted = hide(wanted or trim(os.environ.get("KLARNA_OM_ENVIRONMENT", "")))
    if "@" in wanted:
        raise ConfigurationError("the environment must not contain credentials: pass username= and password=")
    if not wanted:
        raise ConfigurationError(
            f"no environment: pass environment= or set KLARNA_OM_ENVIRONMENT to one of {_names()}, or to a base URL"
        )
    if wanted.lower().startswith(_SANDBOX):
        return Environment.sandbox(wanted[len(_SANDBOX) :])
    if "://" in wanted:
        return _from_url(normalize_base_url(wanted))
    name = trim(wanted)
    if name not in ENVIRONMENTS:
        raise ConfigurationError(f"{_what_is_wrong(name)}: use one of {_names()}, or a base URL such as https://host")
    return ENVIRONMENTS[name]


def known_host(base_url: str) -> Environment | None:
    """Klarna's or Kustom's environment at that host; None where it is neither."""
    host = _host_of(base_url)
    return next((known for known in ENVIRONMENTS.values() if _host_of(known.base_url) == host), None)


def _from_url(base_url: str) -> Environment:
    known = known_host(base_url)
    if known is None:
        return Environment(base_url, base_url)
    if urlsplit(base_url).path:
        raise ConfigurationError(f"the base URL of {known.name} has no path: use {known.base_url}, or its name")
    return known


def _check(environment: Environment) -> Environment:
    base_url, limit = cast("object", environment.base_url), cast("object", environment.limit)
    if not isinstance(base_url, str):
        raise ConfigurationError("the base_url of an Environment is a string")
    if not isinstance(limit, int | float) or isinstance(limit, bool) or not 0 < limit < float("inf"):
        raise ConfigurationError("the limit of an Environment is a positive number of requests a second")
    normalized = normalize_base_url(base_url, is_sandbox=environment.is_sandbox)
    if environment.is_sandbox and _is_of_klarna(normalized):
        raise ConfigurationError(f"{normalized} is no sandbox: use one of {_names()}, or the URL of the sandbox")
    if normalized == base_url:
        return environment
    name = normalized if environment.name == base_url else environment.name
    return evolve(environment, name=name, base_url=normalized)


def _is_of_klarna(base_url: str) -> bool:
    """Whether the host is Klarna's or Kustom's, known here or not."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    return f".{host}".endswith(_DOMAINS)


def _host_of(base_url: str) -> str:
    url = urlsplit(base_url)
    # Hosts are compared as the name system does: a dot at the end changes nothing.
    return f"{(url.hostname or '').rstrip('.')}:{url.port or ''}"


def _what_is_wrong(name: str) -> str:
    """Repeats only what looks like a name: anything else may hold a password."""
    if re.match(r"https?[:/]", name, re.IGNORECASE):
        return "not a base URL, which begins with https:// and contains no credentials"
    if flaw := flaw_of(name):
        return f"the environment {flaw}"
    return f"unknown environment {name!r}" if re.fullmatch(r"[A-Za-z.-]{1,60}", name) else "unknown environment"


def _names() -> str:
    return ", ".join(ENVIRONMENTS)
