"""The sandbox's own addresses, for whoever runs it in another process; they need no credentials.

    GET  /_sandbox/effects    what was executed, by operation, with the orders that had it more than once
    GET  /_sandbox/requests   how many requests came, by status and by fault, and how many were replayed under a key
    POST /_sandbox/clock      a number of seconds: let them pass at once
    POST /_sandbox/faults     a fault plan, as `--faults` takes it, from now on
    POST /_sandbox/limit      requests a second from now on, or `none`

They answer only this machine.
"""

import ipaddress
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.desk import Desk
from klarna_om.sandbox.faults import FaultPlan

LISTED = 1_000
"""So many orders are named under `more_than_once`; all are counted in `repeated`."""


@frozen
class Control:
    """The addresses, over the desk that serves the API."""

    desk: Desk
    change_faults: Callable[[FaultPlan], None]

    def routes(self) -> list[web.RouteDef]:
        """What the server adds to the API's routes."""
        return [
            web.get("/_sandbox/effects", _local(self.effects)),
            web.get("/_sandbox/requests", _local(self.requests)),
            web.post("/_sandbox/clock", _local(self.clock)),
            web.post("/_sandbox/faults", _local(self.faults)),
            web.post("/_sandbox/limit", _local(self.limit)),
        ]

    async def effects(self, _: web.Request) -> web.Response:
        """The counts of everything that was executed."""
        effects = self.desk.ledger.effects
        told: dict[str, object] = {}
        with self.desk.lock:
            for operation in effects:
                repeated = effects.repeated(operation)
                told[operation] = {
                    "total": effects.of(operation=operation),
                    "orders": effects.orders(operation),
                    "repeated": len(repeated),
                    "more_than_once": repeated[:LISTED],
                }
        return _json(told)

    async def requests(self, _: web.Request) -> web.Response:
        """The counts of everything that arrived with the right credentials."""
        record = self.desk.record
        with self.desk.lock:
            by_status = {str(status or "none"): count for status, count in record.statuses.items()}
            replays = self.desk.keys.replays
            return _json(
                {"total": record.total, "replayed": replays, "by_status": by_status, "by_fault": dict(record.faults)}
            )

    async def clock(self, request: web.Request) -> web.Response:
        """Let time pass."""
        self.desk.clock.advance(seconds=float(await request.text()))
        return _json({"now": self.desk.clock.now.isoformat()})

    async def faults(self, request: web.Request) -> web.Response:
        """Change the fault plan."""
        text = await request.text()
        self.change_faults(FaultPlan.parse(text))
        return _json({"faults": text})

    async def limit(self, request: web.Request) -> web.Response:
        """Change the quota."""
        text = (await request.text()).strip()
        self.desk.quota.limit = None if text == "none" else int(text)
        return _json({"limit": self.desk.quota.limit})


def _local(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def checked(request: web.Request) -> web.StreamResponse:
        if request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
            return web.Response(status=404)
        try:
            return await handler(request)
        except (ValueError, OverflowError) as reason:
            return web.Response(status=400, text=f"{reason}\n")

    return checked


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
