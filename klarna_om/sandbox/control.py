"""The sandbox's control endpoints, for tests that run it in another process.

    GET  /_sandbox/effects    what was executed, by operation, with the orders for which it was executed twice
    GET  /_sandbox/requests   how many requests arrived, by status and by fault, and how many were replays
    GET  /_sandbox/pushes     what was sent to the shop
    POST /_sandbox/pushes     send what is due now, and answer when the shop has
    POST /_sandbox/clock      a number of seconds by which to advance the clock
    POST /_sandbox/faults     a fault plan, as `--faults` takes it, from now on
    POST /_sandbox/limit      requests a second from now on, or `none`
    POST /_sandbox/orders     a JSON object with what `Sandbox.order` takes; the answer is the new order
    POST /_sandbox/orders/{order_id}/fraud_status   ACCEPTED, PENDING, REJECTED or STOPPED

Who may use them is in `control_access.py`; this machine needs no credentials.
"""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from attrs import asdict, frozen

from klarna_om import structuring
from klarna_om.sandbox.control_access import ControlAccess
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.sandbox_faults import SandboxFaults
from klarna_om.sandbox.sandbox_orders import SandboxOrders
from klarna_om.sandbox.sandbox_pushes import SandboxPushes

MAX_LISTED = 1_000
"""Up to this number of orders are listed under `more_than_once`; all are counted in `repeated`."""

Endpoint = Callable[[web.Request], Awaitable[web.Response]]


@frozen(kw_only=True)
class Control:
    """The control endpoints of a sandbox, whose parts they use."""

    access: ControlAccess
    handler: RequestHandler
    orders: SandboxOrders
    faults: SandboxFaults
    pushes: SandboxPushes

    def routes(self) -> list[web.RouteDef]:
        """The routes that the server adds to those of the API."""
        gets = {"effects": self.get_effects, "requests": self.get_requests, "pushes": self.get_pushes}
        posts = {
            "pushes": self.send_pushes,
            "clock": self.advance_clock,
            "faults": self.set_faults,
            "limit": self.set_limit,
            "orders": self.add_order,
            "orders/{order_id}/fraud_status": self.set_fraud_status,
        }
        return [
            *(web.get(f"/_sandbox/{path}", self._protect(endpoint)) for path, endpoint in gets.items()),
            *(web.post(f"/_sandbox/{path}", self._protect(endpoint)) for path, endpoint in posts.items()),
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

    async def get_pushes(self, _: web.Request) -> web.Response:
        """The latest pushes and notifications that were sent."""
        return _json([asdict(push) for push in self.pushes.pushes])

    async def send_pushes(self, request: web.Request) -> web.Response:
        """Send what is due now."""
        await self.pushes.send_due_pushes()
        return await self.get_pushes(request)

    async def advance_clock(self, request: web.Request) -> web.Response:
        """Advance the sandbox's clock."""
        self.handler.clock.advance(seconds=float(await request.text()))
        return _json({"now": self.handler.clock.now.isoformat()})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Change the fault plan."""
        text = await request.text()
        self.faults.faults = text
        return _json({"faults": text})

    async def set_limit(self, request: web.Request) -> web.Response:
        """Change the quota."""
        text = (await request.text()).strip()
        self.faults.limit = None if text == "none" else int(text)
        return _json({"limit": self.faults.limit})

    async def add_order(self, request: web.Request) -> web.Response:
        """Add an order."""
        try:
            document = msgspec.json.decode(await request.read())
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ValueError(f"an order is a JSON object: {error}") from None
        order = self.orders.add_order(document)
        return web.Response(status=201, body=structuring.write(order), content_type="application/json")

    async def set_fraud_status(self, request: web.Request) -> web.Response:
        """Begin or end a fraud review."""
        status = (await request.text()).strip()
        try:
            self.orders.set_fraud_status(request.match_info["order_id"], status)
        except KeyError:
            return web.Response(status=404, text="There is no such order.\n")
        return _json({"fraud_status": status})

    def _protect(self, endpoint: Endpoint) -> Endpoint:
        """Refuse who may not use it; an invalid value is a 400 with the reason."""

        async def protected(request: web.Request) -> web.Response:
            if (refusal := self.access.refuse(request)) is not None:
                return refusal
            try:
                return await endpoint(request)
            except (ValueError, TypeError, OverflowError) as error:
                return web.Response(status=400, text=f"{error}\n")

        return protected


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
