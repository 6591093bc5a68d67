"""The control endpoints about what happened: effects, requests and pushes."""

from collections.abc import Iterator

from aiohttp import web
from attrs import asdict, frozen

from klarna_om.sandbox.control_endpoint import Endpoint, json_response
from klarna_om.sandbox.operation_names import check_operation
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.request_log import LoggedRequest
from klarna_om.sandbox.sandbox_pushes import SandboxPushes

MAX_LISTED = 1_000
"""Up to this number of orders are listed under `more_than_once`; all are counted in `repeated`. The same number of
requests is listed by default."""
_FILTERS = frozenset(["order_id", "operation", "key", "limit"])


@frozen
class ControlRecords:
    """Counts and logs over HTTP."""

    handler: RequestHandler
    pushes: SandboxPushes

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Their rows."""
        log = "the latest requests with headers, key, status and fault; `?order_id=`, `?operation=`, `?key=`, `?limit=`"
        return (
            Endpoint("GET", "/effects", "what was executed, and for which orders more than once", self.get_effects),
            Endpoint("GET", "/requests", "requests by status and by fault", self.get_requests),
            Endpoint("GET", "/log", log, self.get_log),
            Endpoint("GET", "/pushes", "what was sent to the shop", self.get_pushes),
            Endpoint("POST", "/pushes", "sends what is due", self.send_pushes),
        )

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
        return json_response(report)

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
        return json_response(report)

    async def get_log(self, request: web.Request) -> web.Response:
        """The latest requests, the last one at the end."""
        if unknown := sorted(request.query.keys() - _FILTERS):
            raise ValueError(f"the log has no filter {unknown[0]}; there are {', '.join(sorted(_FILTERS))}")
        limit = int(request.query.get("limit", MAX_LISTED))
        if limit < 1:
            raise ValueError(f"limit={limit}: it is a number of requests, 1 or more")
        with self.handler.lock:
            found = list(self._find(request))
        return json_response([asdict(entry) for entry in found[-limit:]])

    def _find(self, request: web.Request) -> Iterator[LoggedRequest]:
        wanted = {name: request.query[name] for name in _FILTERS - {"limit"} if name in request.query}
        check_operation(wanted.get("operation"))
        for entry in self.handler.log.latest:
            if all(getattr(entry, name) == value for name, value in wanted.items()):
                yield entry

    async def get_pushes(self, _: web.Request) -> web.Response:
        """The latest pushes and notifications that were sent."""
        return json_response([asdict(push) for push in self.pushes.pushes])

    async def send_pushes(self, request: web.Request) -> web.Response:
        """Send what is due now."""
        await self.pushes.send_due_pushes()
        return await self.get_pushes(request)
