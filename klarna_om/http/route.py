"""How requests reach the host: through which proxy, and whose certificates are trusted on the way."""

import os
from collections.abc import Mapping
from functools import cached_property
from ssl import SSLContext
from typing import TypedDict
from urllib.parse import urlsplit

from attrs import field, frozen

from klarna_om.errors import CertificateRejected, ConfigurationError, ConnectionFailed, KlarnaError
from klarna_om.http.proxy import Proxy, proxy_variable, read_proxy

PROXY_AUTHORIZATION = "Proxy-Authorization"


class RouteArguments(TypedDict, total=False):
    """Arguments of `aiohttp.ClientSession.request`."""

    proxy: str
    proxy_headers: Mapping[str, str]
    ssl: SSLContext


@frozen
class Route:
    """The way to the host. aiohttp's own `trust_env` is not used: it reads passwords for the host from a netrc too."""

    proxy: Proxy | None = None
    tls: SSLContext | None = field(default=None, repr=False)
    unused_variable: str | None = None
    """An environment variable that names a proxy which is not used."""

    @cached_property
    def arguments(self) -> RouteArguments:
        """What each request is given."""
        arguments = RouteArguments()
        if self.proxy is not None:
            arguments["proxy"] = self.proxy.url
            if self.proxy.authorization is not None:
                arguments["proxy_headers"] = {PROXY_AUTHORIZATION: self.proxy.authorization}
        if self.tls is not None:
            arguments["ssl"] = self.tls
        return arguments

    def request_headers(self, base_url: str) -> Mapping[str, str]:
        """What the proxy is to read in the request itself: over TLS it sees none."""
        return self.arguments.get("proxy_headers", {}) if base_url.startswith("http:") else {}

    def with_hint(self, failure: KlarnaError) -> KlarnaError:
        """A failure to connect mentions the proxy that was not used."""
        is_rejected = isinstance(failure, CertificateRejected)
        if self.unused_variable is None or is_rejected or not isinstance(failure, ConnectionFailed):
            return failure
        return ConnectionFailed(
            f"{failure.message}; {self.unused_variable} is set, and this client does not use it:"
            " pass trust_env=True (--proxy env on the command line)"
        )


def find_route(
    base_url: str, *, proxy: str | None, trust_env: bool, tls: SSLContext | None, is_borrowed: bool
) -> Route:
    """The route by the settings and the environment variables. A borrowed session may have another."""
    is_plain = urlsplit(base_url).scheme == "http"
    variable = proxy_variable(base_url)
    if proxy is not None:
        if trust_env:
            raise ConfigurationError("pass proxy= or trust_env=, not both")
        chosen = read_proxy(proxy, "proxy")
        if is_plain and not chosen.is_loopback:
            raise ConfigurationError("proxy: over http the credentials would be readable on the way to another machine")
        return Route(chosen, tls)
    if trust_env and variable is not None:
        found = read_proxy(os.environ[variable], variable)
        # Plain http is for this machine itself, which needs no proxy elsewhere.
        return Route(None if is_plain and not found.is_loopback else found, tls)
    return Route(None, tls, None if is_plain or is_borrowed else variable)
