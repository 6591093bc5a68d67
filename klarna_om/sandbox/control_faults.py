"""The control endpoints that change what the sandbox does: failures, fault plan, quota, clock, and a new start."""

from typing import Any, TypedDict

import msgspec
from aiohttp import web
from attrs import frozen

from klarna_om.sandbox.control_endpoint import Endpoint, json_response, read_object
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.sandbox_faults import SandboxFaults
from klarna_om.sandbox.sandbox_reset import SandboxReset


class _Failures(TypedDict, total=False):
    """What `fail_next` takes, checked where it comes as JSON."""

    times: int
    status: int | None
    fault: str | None
    seconds: float | None
    headers: dict[str, str]
    operation: str | None
    order_id: str | None


@frozen
class ControlFaults:
    """Faults and time over HTTP."""

    handler: RequestHandler
    faults: SandboxFaults
    start: SandboxReset

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Their rows."""
        failures = "lets the next requests fail: a JSON object with what `fail_next()` takes"
        example = '{"times": 2, "fault": "reset-after", "operation": "captures.create"}'
        return (
            Endpoint("POST", "/failures", failures, self.add_failures, example),
            Endpoint("DELETE", "/failures", "drops the failures that have not happened yet", self.clear_failures),
            Endpoint("POST", "/faults", "sets the fault plan", self.set_faults, "error-after=0.05,slow=0.1:2"),
            Endpoint("POST", "/limit", "sets the quota in requests a second, or `none`", self.set_limit, "50"),
            Endpoint("POST", "/clock", "advances the clock by a number of seconds", self.advance_clock, "3600"),
            Endpoint("POST", "/reset", "begins anew: orders, keys, logs, faults, quota and clock", self.reset),
        )

    async def add_failures(self, request: web.Request) -> web.Response:
        """Let the next requests fail."""
        given = _parse_failures(await read_object(request, "a failure"))
        self.faults.fail_next(**given)
        return json_response(given)

    async def clear_failures(self, _: web.Request) -> web.Response:
        """Drop the failures that are left."""
        self.faults.clear_failures()
        return json_response({})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Change the fault plan."""
        text = await request.text()
        self.faults.faults = text
        return json_response({"faults": text})

    async def set_limit(self, request: web.Request) -> web.Response:
        """Change the quota."""
        text = (await request.text()).strip()
        self.faults.limit = None if text == "none" else int(text)
        return json_response({"limit": self.faults.limit})

    async def advance_clock(self, request: web.Request) -> web.Response:
        """Advance the sandbox's clock."""
        self.handler.clock.advance(seconds=float(await request.text()))
        return json_response({"now": self.handler.clock.now.isoformat()})

    async def reset(self, _: web.Request) -> web.Response:
        """Begin anew."""
        self.start.reset()
        return json_response({})


def _parse_failures(document: dict[str, Any]) -> _Failures:
    if unknown := sorted(document.keys() - _Failures.__annotations__.keys()):
        raise ValueError(f"a failure has no field {unknown[0]}; there are {', '.join(_Failures.__annotations__)}")
    try:
        return msgspec.convert(document, _Failures)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
