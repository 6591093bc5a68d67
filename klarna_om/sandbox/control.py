"""The sandbox's control endpoints, for tests that run it in another process; they need no credentials.

    GET  /_sandbox/effects    what was executed, by operation, with the orders for which it was executed twice
    GET  /_sandbox/requests   how many requests arrived, by status and by fault, and how many were replays
    POST /_sandbox/clock      a number of seconds by which to advance the clock
    POST /_sandbox/faults     a fault plan, as `--faults` takes it, from now on
    POST /_sandbox/limit      requests a second from now on, or `none`

They answer only this machine, and no web page that a browser on it shows: a page's requests carry an `Origin`
header, or, where its own host name was made to resolve to this machine, that name as `Host`. Both get 403.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.faults import FaultPlan
from klarna_om.sandbox.request_handler import RequestHandler

MAX_LISTED = 1_000
"""Up to this number of orders are listed under `more_than_once`; all are counted in `repeated`."""

Endpoint = Callable[[web.Request], Awaitable[web.Response]]


@frozen
class Control:
    """The control endpoints of a request handler."""

    handler: RequestHandler
    change_faults: Callable[[FaultPlan], None]

    def routes(self) -> list[web.RouteDef]:
        """The routes that the server adds to those of the API."""
        return [
            web.get("/_sandbox/effects", self._protect(self.get_effects)),
            web.get("/_sandbox/requests", self._protect(self.get_requests)),
            web.post("/_sandbox/clock", self._protect(self.advance_clock)),
            web.post("/_sandbox/faults", self._protect(self.set_faults)),
            web.post("/_sandbox/limit", self._protect(self.set_limit)),
        ]

    async def get_effects(self, _: web.Request) -> web.Response:
        """The counts of everything that was executed."""
        effects = self.handler.ledger.effects
        report: dict[str, object] = {}
        with self.handler.lock:
            for operation in effects:
                repeated = effects.repeated_orders(operation)
                report[operation] = {
                    "total": effects.count(operation=operation),
                    "orders": effects.count_orders(operation),
                    "repeated": len(repeated),
                    "more_than_once": repeated[:MAX_LISTED],
                }
        return _json(report)

    async def get_requests(self, _: web.Request) -> web.Response:
        """The counts of all requests with valid credentials."""
        log = self.handler.log
        with self.handler.lock:
            report = {
                "total": log.total,
                "replayed": self.handler.keys.replays,
                "by_status": {str(status or "none"): count for status, count in log.statuses.items()},
                "by_fault": dict(log.faults),
            }
        return _json(report)

    async def advance_clock(self, request: web.Request) -> web.Response:
        """Advance the sandbox's clock."""
        self.handler.clock.advance(seconds=float(await request.text()))
        return _json({"now": self.handler.clock.now.isoformat()})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Change the fault plan."""
        text = await request.text()
        self.change_faults(FaultPlan.parse(text))
        return _json({"faults": text})

    async def set_limit(self, request: web.Request) -> web.Response:
        """Change the quota."""
        text = (await request.text()).strip()
        self.handler.quota.limit = None if text == "none" else int(text)
        return _json({"limit": self.handler.quota.limit})

    def _protect(self, endpoint: Endpoint) -> Endpoint:
        """Refuse other machines and web pages; an invalid value is a 400 with the reason."""

        async def protected(request: web.Request) -> web.Response:
            if not _is_loopback(request.remote or ""):
                return web.Response(status=404)
            if reason := self._reason_to_refuse(request):
                return web.Response(status=403, text=f"{reason}\n")
            try:
                return await endpoint(request)
            except (ValueError, OverflowError) as error:
                return web.Response(status=400, text=f"{error}\n")

        return protected

    def _reason_to_refuse(self, request: web.Request) -> str:
        """Why the request may come from a web page; empty where it does not."""
        if "Origin" in request.headers:
            return "Web pages may not use the sandbox's control endpoints: the request has an Origin header."
        host = _host_name(request.headers.get("Host", ""))
        if host in ("localhost", _host_name(self.handler.origin.removeprefix("http://"))) or _is_loopback(host):
            return ""
        return "The request's Host header names neither loopback nor the sandbox's own address."


def _host_name(authority: str) -> str:
    """The host without its port, in lower case; empty where it cannot be parsed."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
