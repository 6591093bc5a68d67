"""The sandbox's control endpoints, for tests in any language that run it in another process.

`GET /_sandbox` lists all of them. They are in `control_orders.py`, `control_records.py`, `control_faults.py` and
`control_scenarios.py`; who may use them is in `control_access.py`: this machine needs no credentials.
"""

from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.control_access import ControlAccess
from klarna_om.sandbox.control_endpoint import ROOT, Endpoint, Handle, UnknownNameError, json_response
from klarna_om.sandbox.rules.table import RULES


@frozen
class Control:
    """The control endpoints of a sandbox, and the index of them."""

    access: ControlAccess
    endpoints: tuple[Endpoint, ...]

    def routes(self) -> list[web.RouteDef]:
        """The routes that the server adds to those of the API."""
        return [
            *(web.route(each.method, each.route, self._protect(each.handle)) for each in self.table()),
            web.route("*", ROOT + "/{rest:.*}", self._protect(self._unknown)),
        ]

    def table(self) -> tuple[Endpoint, ...]:
        """Every endpoint, the index and the rules first."""
        return (
            Endpoint("GET", "", "lists these endpoints", self._index),
            Endpoint("GET", "/rules", "the rules that the sandbox keeps, each with its source", self._rules),
            *self.endpoints,
        )

    async def _index(self, _: web.Request) -> web.Response:
        return json_response(
            [
                {"method": each.method, "path": each.route, "what": each.what, "body": each.body or None}
                for each in self.table()
            ]
        )

    async def _rules(self, _: web.Request) -> web.Response:
        return json_response([rule.to_dict() for rule in RULES])

    async def _unknown(self, request: web.Request) -> web.Response:
        methods = [each.method for each in self.table() if each.route == request.path]
        hint = f"it takes {' and '.join(methods)}" if methods else f"GET {ROOT} lists what there is"
        raise UnknownNameError(f"there is no control endpoint {request.method} {request.path}; {hint}")

    def _protect(self, handle: Handle) -> Handle:
        """Refuse who may not use it; an invalid value is a 400, an unknown name a 404, with the reason."""

        async def protected(request: web.Request) -> web.Response:
            if (refusal := self.access.refuse(request)) is not None:
                return refusal
            try:
                return await handle(request)
            except UnknownNameError as error:
                return web.Response(status=404, text=f"{error}\n")
            except (ValueError, TypeError, OverflowError) as error:
                return web.Response(status=400, text=f"{error}\n")

        return protected
