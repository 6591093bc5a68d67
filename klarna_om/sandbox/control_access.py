"""Who may use the control endpoints: this machine without credentials, others with them where that is allowed.

Never a web page: a page's requests carry an `Origin` header, or, where its own host name was made to resolve to the
sandbox (DNS rebinding), that name as `Host`. Both get 403. With `allow_remote` the sandbox is also known by an IP
address and by a name without a dot, as containers have; no page of the internet is served under either. Others
then need the sandbox's credentials.
"""

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.responses import unauthorized_response
from klarna_om.settings.base_url import is_loopback


@frozen
class ControlAccess:
    """The rules for one sandbox."""

    host: str
    """The address that it listens on."""
    is_remote_allowed: bool
    has_credentials: Callable[[web.Request], bool]

    def refuse(self, request: web.Request) -> web.Response | None:
        """The response for a caller who may not use the endpoints; None for one who may."""
        is_remote = not is_loopback(request.remote or "")
        if is_remote and not self.is_remote_allowed:
            return web.Response(status=404)
        if reason := self._reason_to_refuse(request, is_remote=is_remote):
            return web.Response(status=403, text=f"{reason}\n")
        if is_remote and not self.has_credentials(request):
            return unauthorized_response()
        return None

    def _reason_to_refuse(self, request: web.Request, *, is_remote: bool) -> str:
        """Why the request may come from a web page; empty where it does not."""
        if "Origin" in request.headers:
            return "Web pages may not use the sandbox's control endpoints: the request has an Origin header."
        host = _host_name(request.headers.get("Host", ""))
        if host == self.host or is_loopback(host) or (is_remote and _is_local_name(host)):
            return ""
        return "The request's Host header names neither loopback nor the sandbox's own address."


def _host_name(authority: str) -> str:
    """The host without its port, in lower case; empty where it cannot be parsed."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _is_local_name(host: str) -> bool:
    """Whether it is an IP address or a name without a dot."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and "." not in host
    return True
