"""Who may look, and what a browser may do with the page.

There is no password. A page of the internet must not be able to read this one: under its own name that it makes resolve
to this machine (DNS rebinding) it gets 403, as it sends that name as `Host`; and what it embeds it cannot read.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from klarna_om.settings.base_url import is_loopback

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def check_host_header(*, is_local: bool) -> Middleware:
    """The middleware: where the server listens for this machine alone, it is called by a name of this machine."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_local and not is_loopback(_host_name(request.headers.get("Host", ""))):
            return web.Response(
                status=403, text="The Host header names another machine: use localhost or 127.0.0.1.\n", headers=HEADERS
            )
        return await handler(request)

    return check


def _host_name(authority: str) -> str:
    """The host without its port; empty where it cannot be parsed."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""
