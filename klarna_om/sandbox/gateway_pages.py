"""Answers of somebody else than Klarna: a firewall, a proxy, a CDN, a captive portal, another service.

None of them has a `Klarna-Correlation-Id`, a quota header or an `error_code`, and the request has never reached Klarna.
"""

from collections.abc import Mapping

from aiohttp import web
from attrs import frozen

HTML, PLAIN_JSON = "text/html", "application/json"


@frozen
class GatewayPage:
    """One answer, and what a fault plan says about it."""

    description: str
    status: int
    content_type: str = HTML
    text: str = ""
    reason: str | None = None
    """Of the status line, where the status has no usual one."""

    def response(self) -> web.Response:
        """The answer. An empty one has no content type."""
        if not self.text:
            return web.Response(status=self.status, reason=self.reason)
        return web.Response(status=self.status, reason=self.reason, text=self.text, content_type=self.content_type)


def _page(title: str, text: str) -> str:
    return (
        f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )


_PORTAL = _page("Sign in to the guest network", 'Accept the terms to continue. <form method="post"><button>OK</button>')
_MAINTENANCE = _page("Under maintenance", "This site is being worked on. Please come back later.")
_BAD_GATEWAY = _page("Service unavailable", "The upstream server cannot be reached at the moment.")

GATEWAY_PAGES: Mapping[str, GatewayPage] = {
    "empty-403": GatewayPage("a firewall's 403 without a body", 403),
    "json-403": GatewayPage("an API gateway's 403 with JSON of its own", 403, PLAIN_JSON, '{"message": "Denied"}'),
    "html-404": GatewayPage("a proxy's 404 with an HTML page", 404, text=_page("404 Not Found", "nginx")),
    "html-503": GatewayPage("a load balancer's 503 with an HTML page", 503, text=_BAD_GATEWAY),
    "empty-522": GatewayPage("a CDN's 522 without a body", 522, reason="Connection timed out"),
    "portal-200": GatewayPage("200 with the sign-in page of a network", 200, text=_PORTAL),
    "maintenance-200": GatewayPage("200 with a maintenance page", 200, text=_MAINTENANCE),
    "json-200": GatewayPage(
        "200 with the JSON of another service", 200, PLAIN_JSON, '{"service": "stock", "ok": true}'
    ),
}
"""By the name of the fault. None of them is executed."""
