"""An HTTP proxy: from the caller's URL, or from the usual environment variables."""

import os
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass

from attrs import field, frozen

from klarna_om.errors import ConfigurationError
from klarna_om.settings.base_url import is_loopback
from klarna_om.settings.credentials import Secret, basic, clean_secret, hide


@frozen
class Proxy:
    """Where requests go first."""

    url: str
    """Without credentials, so that it can be shown."""
    is_loopback: bool = False
    """Is it on this machine?"""
    authorization: Secret | None = field(default=None, repr=False)
    """The value of the `Proxy-Authorization` header."""


def read_proxy(text: str, name: str) -> Proxy:
    """The proxy at `http://user:password@host:port`; of these only the host is needed. `name` is for messages."""
    text = clean_secret(name, hide(text))
    if " " in text:
        raise ConfigurationError(f"{name} contains a blank: remove it")
    if "://" not in text:  # as curl and others take it
        text = Secret("http://" + str.__str__(text))
    parts = _split(text)
    if parts is None:
        raise ConfigurationError(f"{name} cannot be read: it is http://host:port, maybe with user:password@")
    scheme, host, port, authorization = parts
    if scheme not in ("http", "https"):
        raise ConfigurationError(f"{name} must be an http or https proxy; others, such as SOCKS, are not supported")
    address = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    return Proxy(f"{scheme}://{address}", is_loopback(host), authorization)


def _split(text: str) -> tuple[str, str, int | None, Secret | None] | None:
    """Scheme, host, port and authorization; None where it cannot be read. It raises nothing: a local shows a secret."""
    try:
        url = urlsplit(text)
        username, password = unquote(url.username or ""), unquote(url.password or "")
        authorization = basic(username, password) if username or password else None
        host, port = url.hostname, url.port
    except ValueError:
        return None
    return (url.scheme, host, port, authorization) if host else None


def proxy_variable(base_url: str) -> str | None:
    """The environment variable that names a proxy for this URL: `https_proxy` or `all_proxy`, but for `no_proxy`."""
    url = urlsplit(base_url)
    names = (f"{url.scheme}_proxy", f"{url.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    name = next((name for name in names if name in os.environ), None)
    if name is None or not os.environ[name].strip() or proxy_bypass(url.netloc):
        return None
    return name
