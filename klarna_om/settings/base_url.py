"""A base URL that is safe to send credentials to: a scheme, a host and maybe the path of a reverse proxy."""

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from klarna_om.errors import ConfigurationError
from klarna_om.settings.input_text import flaw_of

_DEFAULT_PORTS = {"https": 443, "http": 80}

_LOCAL_NAMES = (".internal", ".local", ".localhost", ".test")
"""What names of a local network end in; nobody can register one of them."""

_own_path = re.compile(
    r"(?P<prefix>.*?)/+(ordermanagement|(ordermanagement|payments|checkout)/+v\d.*)", re.IGNORECASE | re.DOTALL
)
"""A path that ends in one of Klarna's own: requests add theirs to it."""


def host_and_port(url: str) -> tuple[str | None, int | None]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def normalize_base_url(text: str, *, is_sandbox: bool = False) -> str:
    """Scheme and host in lower case, no default port, no slash at the end; `ConfigurationError` where it is unsafe.

    A sandbox may also be reached over http at a host of a local network. No message repeats the text: it may contain a
    misplaced password.
    """
    if "@" in text:
        raise ConfigurationError("the base URL must not contain credentials: pass username= and password=")
    if flaw := flaw_of(text):
        raise ConfigurationError(f"the base URL {flaw}")
    if " " in text or "\\" in text:
        raise ConfigurationError(f"the base URL contains a {'blank' if ' ' in text else 'backslash'}: remove it")
    url = _split(text)
    if url.query or url.fragment or not url.hostname:
        raise ConfigurationError("not a base URL: it is a scheme, a host and maybe a path, without ? and #")
    if not _is_host(url.hostname) or (url.path.startswith("//") and url.path.strip("/")):
        raise ConfigurationError("the base URL has no host that can be one: it is https://, a host name, maybe a path")
    _check_scheme(url.scheme, url.hostname, is_sandbox=is_sandbox)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    port = "" if url.port in (None, _DEFAULT_PORTS[url.scheme]) else f":{url.port}"
    _check_path(f"{url.scheme}://{host}{port}", url.path)
    return urlunsplit((url.scheme, host + port, url.path.rstrip("/"), "", ""))


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
        (url.hostname or "").encode("idna")
    except ValueError:
        # The reason is not repeated: it may quote a misplaced password.
        raise ConfigurationError("the base URL cannot be read: it is a scheme, a host and maybe a path") from None
    return url


def _check_scheme(scheme: str, host: str, *, is_sandbox: bool) -> None:
    if scheme == "https" or (scheme == "http" and is_loopback(host)):
        return
    if not is_sandbox:
        raise ConfigurationError(f"{scheme}://{host}: only https is accepted, or http to this machine itself")
    if scheme != "http" or not is_local(host):
        raise ConfigurationError(
            f"{scheme}://{host}: a sandbox is reached over http only at a host of a local network: the name of a"
            " container without a dot, a name that ends in .internal, .local, .localhost or .test, or a private address"
        )


def _check_path(origin: str, path: str) -> None:
    path = unquote(path).rstrip("/")
    if found := _own_path.fullmatch(path):
        raise ConfigurationError(
            f"the base URL must end before /ordermanagement, which is added to it: use {origin}{found['prefix']}"
        )


_is_host = re.compile(r"(?!https?$)[0-9a-z_-]+(\.[0-9a-z_-]+)*\.?|[0-9a-f:.]+", re.IGNORECASE).fullmatch


def is_local(host: str) -> bool:
    """Is it a host that the internet cannot have: a name without a dot, a reserved name or a private address?"""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A word that begins with a digit may be an address of the internet: 0x08080808 is one.
        return host.endswith(_LOCAL_NAMES) or ("." not in host and host[0].isalpha())
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_private


def is_loopback(host: str) -> bool:
    """Is it this machine itself?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
